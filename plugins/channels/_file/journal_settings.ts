import { ConfigError, type Context } from "sluice/plugin";
import {
  denoDisk,
  type JournalFault,
  type JournalOptions,
  makeSeal,
  parseKeyFile,
  type Seal,
  type SyncMode,
} from "../../../journal/mod.ts";

/** Where a journal lies and how it is kept; the same for all channels that share it. Paths are absolute. */
export interface JournalSettings {
  readonly dataDirs: readonly string[];
  readonly checkpointDir: string;
  readonly backupCheckpointDir: string | undefined;
  readonly maxFileSize: number;
  readonly sync: SyncMode;
  readonly syncInterval: number;
  readonly checkpointInterval: number;
  readonly minimumRequiredSpace: number;
  readonly retention: number | undefined;
  readonly retentionSize: number | undefined;
  readonly compression: "none" | "zstd";
  readonly keyFile: string | undefined;
  readonly activeKey: string | undefined;
}

/** Reads what the journal needs beside its settings, and gives its options. Times in the settings are milliseconds. */
export async function journalOptions(
  settings: JournalSettings,
  { clock }: Context,
  onFault: (fault: JournalFault) => void,
): Promise<JournalOptions> {
  const { retention: ms, retentionSize: bytes, backupCheckpointDir } = settings;
  const seal = await sealOf(settings);
  return {
    folders: settings.dataDirs,
    checkpointFolder: settings.checkpointDir,
    ...backupCheckpointDir !== undefined && { backupCheckpointFolder: backupCheckpointDir },
    disk: denoDisk,
    segmentBytes: settings.maxFileSize,
    sync: settings.sync,
    syncIntervalMs: settings.syncInterval,
    checkpointIntervalMs: settings.checkpointInterval,
    minFreeBytes: settings.minimumRequiredSpace,
    ...(ms ?? bytes) !== undefined &&
      { retention: { ...ms !== undefined && { ms }, ...bytes !== undefined && { bytes } } },
    seal,
    now: () => clock.now(),
    onFault,
  };
}

/** Names the first setting besides folders in which two differ, with both values; undefined when they agree. */
export function differenceOf(one: JournalSettings, other: JournalSettings): string | undefined {
  for (const key of Object.keys(one) as (keyof JournalSettings)[]) {
    if (key === "dataDirs" || key === "checkpointDir") continue;
    const [first, second] = [one[key], other[key]].map((value) => String(value ?? "not set"));
    if (first !== second) return `${key}: ${first} and ${second}`;
  }
  return undefined;
}

async function sealOf({ compression, keyFile, activeKey }: JournalSettings): Promise<Seal | undefined> {
  if (keyFile === undefined) return makeSeal({ compression });
  const keys = parseKeyFile(await readKeyFile(keyFile), keyFile);
  return makeSeal({ compression, keys, ...activeKey !== undefined && { activeKey } });
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new ConfigError(`Cannot read the key file "${path}"`, { cause });
  }
}
