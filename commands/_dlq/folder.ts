import { CommandError } from "../exit.ts";

/** What the names of files tell while they are written. */
export interface InUseNames {
  readonly prefix: string;
  readonly suffix: string;
}

/** The files in a folder of dead letters, oldest first. */
export interface LetterFolder {
  readonly path: string;
  /** Files that are finished, and not replayed. */
  readonly files: readonly string[];
  /** How many are still being written. */
  readonly inUse: number;
  readonly replayed: number;
}

/** Ends the name of a file whose events have been sent again. */
export const REPLAYED = ".replayed";

/**
 * Lists a folder and those below it.
 * @throws {CommandError} when it cannot be read.
 */
export async function listFolder(path: string, names: InUseNames): Promise<LetterFolder> {
  const found: { path: string; timeMs: number }[] = [];
  const counts = { inUse: 0, replayed: 0 };
  try {
    for await (const file of filesIn(path)) {
      const name = file.slice(file.lastIndexOf("/") + 1);
      if (isInUse(name, names)) counts.inUse++;
      else if (/\.replayed(?:\.\d+)?$/.test(name)) counts.replayed++;
      else if (!name.startsWith(".")) {
        found.push({ path: file, timeMs: (await Deno.stat(file)).mtime?.getTime() ?? 0 });
      }
    }
  } catch (cause) {
    // The folder is made with the first dead letter.
    if (!(cause instanceof Deno.errors.NotFound)) {
      throw new CommandError(`Cannot read the folder of dead letters "${path}"`, {
        cause,
        fix: "make it and what is in it readable for this user",
      });
    }
  }
  found.sort((one, other) => one.timeMs - other.timeMs || (one.path < other.path ? -1 : 1));
  return { path, files: found.map(({ path }) => path), ...counts };
}

/** Sets a file aside whose events have been delivered: one step, so that a kill leaves it as it is or is done with it. */
export async function setAside(path: string, isDeleted: boolean): Promise<void> {
  if (isDeleted) return await Deno.remove(path);
  let target = path + REPLAYED;
  for (let count = 1; await exists(target); count++) target = `${path}${REPLAYED}.${count}`;
  await Deno.rename(path, target);
}

function isInUse(name: string, { prefix, suffix }: InUseNames): boolean {
  return prefix + suffix !== "" && name.startsWith(prefix) && name.endsWith(suffix);
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = `${folder.replace(/\/+$/, "")}/${name}`;
    if (isDirectory) yield* filesIn(path);
    else if (isFile) yield path;
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
