import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { bool, bytes, choice, type Config, duration, int, list, path, text, z } from "sluice/plugin";
import type { Start } from "../../../journal/mod.ts";
import type { JournalSettings } from "./journal_settings.ts";

const MIB = 1024 * 1024;
const MIN_FREE_BYTES = MIB;
const MAX_SEGMENT_BYTES = 1024 * MIB;

/** The fields of everything that writes to a journal; Flume's file channel has most of them. */
export const JOURNAL_FIELDS = {
  dataDirs: list({ access: "read-write", separator: /\s*,\s*/ }).optional().describe(
    "Folders of the journal, used in turn, ideally on disks of their own; `journal` in the state folder by default. Channels that name the same folders share one journal.",
  ),
  checkpointDir: path({ access: "read-write" }).optional()
    .describe("Folder of the checkpoint; by default the first of dataDirs."),
  useDualCheckpoints: bool().default(false).describe("Keep a second copy of the checkpoint."),
  backupCheckpointDir: path({ access: "read-write" }).optional()
    .describe("Folder of that copy; must differ from all others."),
  compressBackupCheckpoint: bool({ ignored: "A checkpoint takes a few kilobytes." }).default(false)
    .describe("Compress that copy."),
  transactionCapacity: int({ min: 1 }, { unit: "events" }).default(10_000)
    .describe("Events in one put or take at most; larger batches are cut."),
  checkpointInterval: duration("ms").default(30_000)
    .describe("Time between checkpoints: what is younger is scanned at a start after a crash."),
  maxFileSize: bytes().default(128 * MIB).describe(
    "Length at which a file of the journal is followed by the next; at most 1 GiB. A file is removed as a whole.",
  ),
  minimumRequiredSpace: bytes().default(524_288_000)
    .describe("Puts are refused while the disk has less free space; at least 1 MiB."),
  checkpointOnClose: bool({ ignored: "An orderly stop always writes a checkpoint; it is small." })
    .default(true).describe("Write a checkpoint at an orderly stop."),
  "use-log-replay-v1": bool({ ignored: "The journal has one way to open." }).default(false)
    .describe("Flume's old replay."),
  "use-fast-replay": bool({ ignored: "The journal has one way to open." }).default(false)
    .describe("Flume's replay without a queue."),
  sync: choice(["always", "interval", "never"]).optional().describe(
    "When a put counts as committed: on disk (`always`, by default; puts that wait share one sync), or as soon as the operating system has it, with a sync now and then (`interval`) or none (`never`).",
  ),
  syncInterval: duration("s", { alias: ["fsyncInterval"] }).default(5)
    .describe("Time between syncs for `interval`."),
  fsyncPerTransaction: bool().optional().describe("Flume's word for it: true is `always`, false `interval`."),
  retention: duration("s").optional()
    .describe("How long delivered events stay in the journal, so that they can be read again, such as `7d`."),
  retentionSize: bytes().optional().describe(
    "How long the journal may become for the sake of delivered events. Without both, they go at once.",
  ),
  compression: choice(["none", "zstd"]).default("none").describe("How events are stored."),
  "encryption.keyFile": path({ access: "read" }).optional().describe(
    "Text file with a line `NAME KEY` for each key, KEY being 32 bytes in base64 or hexadecimal; events are then sealed with AES-256-GCM. Keys stay in the file as long as events are sealed with them.",
  ),
  "encryption.activeKey": text().optional().describe(
    "Name of the key for new events; by default the first of the file.",
  ),
  "encryption.cipherProvider": text({ ignored: "Events are sealed with AES-256-GCM." }).optional()
    .describe("Flume's cipher."),
  "encryption.keyProvider": z.unknown().meta({
    type: "text",
    // Flume's guide misspells two of the keys below it.
    alias: ["encrpytion.keyProvider", "encyption.keyProvider"],
    ignored: "Keys are read from encryption.keyFile; a Java key store cannot be read.",
  }).optional().describe("Flume's key store, with its settings below it."),
  windowBytes: bytes().default(16 * MIB).describe(
    "Events that wait in memory for a sink that keeps up; when there are more, the sink's are read from the disk.",
  ),
};

type Fields = Config<typeof JOURNAL_FIELDS>;
type Complaint = { readonly key: string; readonly text: string; readonly fix: string };

/** What is wrong with fields that are valid alone. */
export function checkJournalFields(fields: Fields): readonly Complaint[] {
  return [...checkFolders(fields), ...checkSync(fields), ...checkEncryption(fields)];
}

/** The journal that the fields describe, its folders in the state folder when they name none. */
export function journalSettings(fields: Fields, stateDir: string): JournalSettings {
  const { useDualCheckpoints, backupCheckpointDir, retention } = fields;
  const { dataDirs, checkpointDir } = foldersOf(fields, stateDir);
  const keyFile = fields["encryption.keyFile"];
  return {
    dataDirs,
    checkpointDir,
    backupCheckpointDir: useDualCheckpoints ? absolute(backupCheckpointDir!) : undefined,
    maxFileSize: Math.min(Math.max(fields.maxFileSize, MIB), MAX_SEGMENT_BYTES),
    sync: fields.sync ?? (fields.fsyncPerTransaction === false ? "interval" : "always"),
    syncInterval: fields.syncInterval * 1000,
    checkpointInterval: fields.checkpointInterval,
    minimumRequiredSpace: Math.max(fields.minimumRequiredSpace, MIN_FREE_BYTES),
    retention: retention === undefined ? undefined : retention * 1000,
    retentionSize: fields.retentionSize,
    compression: fields.compression,
    keyFile: keyFile === undefined ? undefined : absolute(keyFile),
    activeKey: fields["encryption.activeKey"],
  };
}

/** Where a new channel begins in a journal that is there already. */
export function startOf(from: string): Start | undefined {
  if (from === "end" || from === "earliest") return from;
  const timeMs = /^\d{4}-\d\d-\d\d/.test(from) ? Date.parse(from) : NaN;
  return Number.isNaN(timeMs) ? undefined : { timeMs };
}

function foldersOf({ dataDirs, checkpointDir }: Fields, stateDir: string) {
  const folders = dataDirs === undefined || dataDirs.length === 0 ? [join(stateDir, "journal")] : dataDirs;
  const absolutes = [...new Set(folders.map(absolute))];
  return {
    dataDirs: absolutes,
    checkpointDir: checkpointDir === undefined ? absolutes[0]! : absolute(checkpointDir),
  };
}

function absolute(folder: string): string {
  return resolve(folder.startsWith("~/") ? join(homedir(), folder.slice(2)) : folder);
}

function checkFolders(fields: Fields): readonly Complaint[] {
  const { useDualCheckpoints, backupCheckpointDir } = fields;
  const key = "backupCheckpointDir";
  if (backupCheckpointDir === undefined) {
    const text = "useDualCheckpoints needs a folder for the second checkpoint";
    return useDualCheckpoints ? [{ key: "useDualCheckpoints", text, fix: `add "${key}"` }] : [];
  }
  const { dataDirs, checkpointDir } = foldersOf(fields, "");
  if (![...dataDirs, checkpointDir].includes(absolute(backupCheckpointDir))) return [];
  const text = `${key} "${backupCheckpointDir}" is also a folder of the journal or of its checkpoint`;
  return [{ key, text, fix: "name a folder of its own, on another disk" }];
}

function checkSync({ sync, fsyncPerTransaction }: Fields): readonly Complaint[] {
  if (sync === undefined || fsyncPerTransaction === undefined) return [];
  if ((sync === "always") === fsyncPerTransaction) return [];
  return [{
    key: "fsyncPerTransaction",
    text: `fsyncPerTransaction ${fsyncPerTransaction} contradicts sync ${sync}`,
    fix: "keep one of them",
  }];
}

function checkEncryption(fields: Fields): readonly Complaint[] {
  if (fields["encryption.keyFile"] !== undefined) return [];
  const keys = ["encryption.keyProvider", "encryption.cipherProvider", "encryption.activeKey"] as const;
  const key = keys.find((key) => fields[key] !== undefined);
  if (key === undefined) return [];
  return [{
    key,
    text: key === "encryption.keyProvider"
      ? "A Java key store (JCEKSFILE) or a key provider class cannot be read, and events would be stored in the clear"
      : "There is no key file, and events would be stored in the clear",
    fix: 'write a line "NAME KEY" for each key to a text file, KEY being 32 bytes in base64 ' +
      '(openssl rand -base64 32), and name it in "encryption.keyFile"',
  }];
}
