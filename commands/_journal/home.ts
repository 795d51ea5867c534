import { denoDisk, type Disk, type Listing, listSegments } from "../../journal/mod.ts";
import { tryLock } from "../../journal/disk.ts";
import { makeSeal, parseKeyFile, type Seal } from "../../journal/seal.ts";
import { CommandError, usageError } from "../exit.ts";

/** Where a journal lies, and what opens it. */
export interface JournalHome {
  readonly folders: readonly string[];
  /** undefined: there is none, or nobody knows where. */
  readonly checkpointFolder?: string | undefined;
  readonly backupCheckpointFolder?: string | undefined;
  readonly seal?: Seal | undefined;
}

/** What the command line says about a journal. */
export interface HomeChoice {
  readonly channel?: string;
  readonly "checkpoint-dir"?: string;
  readonly "key-file"?: string;
  readonly name?: string;
  readonly agent?: string;
  readonly "state-dir"?: string;
}

/**
 * Finds the journal of a folder, of several data folders, or of the file channels of a pipeline file.
 * @throws {CommandError} when there is none.
 */
export async function homeOf(targets: readonly string[], choice: HomeChoice): Promise<JournalHome> {
  const kinds = targets.map(kindOfPath);
  const missing = kinds.indexOf(undefined);
  if (missing >= 0) {
    throw new CommandError(`There is no "${targets[missing]}"`, {
      fix: "name the folder of a journal, or a pipeline file whose channels are on disk",
    });
  }
  if (kinds.every((kind) => kind === "folder")) return await folderHome(targets, choice);
  if (targets.length === 1) {
    return await (await import("./pipeline_home.ts")).pipelineHome(targets[0]!, choice);
  }
  throw usageError(
    "A pipeline file stands alone",
    "name one pipeline file, or the data folders of one journal",
  );
}

/**
 * Lists the segments of a journal.
 * @throws {CommandError} when there are none.
 */
export async function segmentsOf({ folders }: JournalHome, disk: Disk = denoDisk): Promise<Listing> {
  const listing = await listSegments(disk, folders.filter(isFolder));
  if (listing.segments.length > 0) return listing;
  throw new CommandError(
    `There is no journal in ${quoted(folders)}: no file is named like a segment (*.seg)`,
    {
      fix: "name the folder that holds its *.seg files, or all of them when there are several",
    },
  );
}

/** The process that has the journal open; undefined when none has. Touches nothing. */
export async function holderOf({ folders }: JournalHome): Promise<string | undefined> {
  for (const folder of folders) {
    const path = `${folder}/lock`;
    const file = openIfThere(path);
    if (file === undefined) continue;
    try {
      if (await tryLock(file, false)) file.unlockSync();
      else return (await Deno.readTextFile(path)).trim() || "another process";
    } finally {
      file.close();
    }
  }
  return undefined;
}

/** Paths for a sentence. */
export function quoted(paths: readonly string[]): string {
  return paths.map((path) => `"${path}"`).join(", ");
}

async function folderHome(targets: readonly string[], choice: HomeChoice): Promise<JournalHome> {
  const folders = targets.map((target) => target.replace(/(?<=.)\/+$/, ""));
  const inner = folders.length === 1 && !hasSegments(folders[0]!) && hasSegments(`${folders[0]}/data`);
  const dataFolders = inner ? [`${folders[0]}/data`] : folders;
  const checkpointFolder = choice["checkpoint-dir"] ?? findCheckpoint(dataFolders[0]!);
  return { folders: dataFolders, checkpointFolder, seal: await sealOf(choice["key-file"]) };
}

/** Makes what opens payloads with the keys of a file. */
export async function sealOf(keyFile: string | undefined, activeKey?: string): Promise<Seal | undefined> {
  if (keyFile === undefined) return undefined;
  const keys = parseKeyFile(await readKeyFile(keyFile), keyFile);
  return makeSeal({ compression: "none", keys, ...activeKey !== undefined && { activeKey } });
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new CommandError(`Cannot read the key file "${path}"`, {
      cause,
      fix: "name a readable file: --key-file FILE",
    });
  }
}

/** In the folder itself, or in a folder of that name beside it. */
function findCheckpoint(folder: string): string | undefined {
  const beside = `${folder.slice(0, folder.lastIndexOf("/") + 1)}checkpoint`;
  return [folder, beside].find((candidate) =>
    ["checkpoint", "checkpoint.old"].some((name) => kindOfPath(`${candidate}/${name}`) === "file")
  );
}

function hasSegments(folder: string): boolean {
  return isFolder(folder) &&
    Array.from(Deno.readDirSync(folder)).some(({ name }) => name.endsWith(".seg"));
}

/** Whether there is a folder of that name. */
export function isFolder(path: string): boolean {
  return kindOfPath(path) === "folder";
}

function kindOfPath(path: string): "folder" | "file" | undefined {
  try {
    return Deno.statSync(path).isDirectory ? "folder" : "file";
  } catch {
    return undefined;
  }
}

function openIfThere(path: string): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path);
  } catch {
    return undefined;
  }
}
