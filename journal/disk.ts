import { statfsSync } from "node:fs";
import { JournalError } from "./fault.ts";

/** One open file. Reads and writes name their place, so nothing depends on what was read or written before. */
export interface DiskFile {
  readonly path: string;
  /** Writes all of it or throws; what was written before it threw stays there. */
  write(bytes: Uint8Array, offset: number): void;
  /** Bytes read: fewer than asked for only at the end of the file, 0 behind it. One read of a file at a time. */
  read(into: Uint8Array, offset: number): number | Promise<number>;
  /** Resolves when all that was written before the call survives a loss of power. */
  sync(): Promise<void>;
  truncate(bytes: number): void;
  size(): number;
  close(): void;
}

/** What the journal does with a file system, and nothing else: a test can cut power between any two calls. */
export interface Disk {
  /** "create": the file must not exist yet; "write" and "create" can read, too. */
  open(path: string, mode: "read" | "write" | "create"): DiskFile;
  /** Names in a folder, without their path. */
  list(folder: string): string[];
  /** Makes a folder and those above it; no complaint when it is there. */
  makeFolder(folder: string): void;
  /** Gives a file another name, in place of the file that had it. */
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Resolves when names made, changed and removed in the folder survive a loss of power. */
  syncFolder(folder: string): Promise<void>;
  /** Bytes that may still be written; Infinity when that is not known. */
  freeBytes(folder: string): number;
  /**
   * Keeps other processes out of a folder until it is released or this process ends.
   * @throws {JournalError} that names the process that has it.
   */
  lock(folder: string): Promise<{ release(): void }>;
}

const LOCK_NAME = "lock";

/** The disk of this machine. */
export const denoDisk: Disk = {
  open: (path, mode) => new OpenFile(path, mode),
  list: (folder) => Array.from(Deno.readDirSync(folder), ({ name }) => name),
  makeFolder: (folder) => Deno.mkdirSync(folder, { recursive: true }),
  rename: (from, to) => Deno.renameSync(from, to),
  remove: (path) => Deno.removeSync(path),
  syncFolder,
  freeBytes,
  lock,
};

class OpenFile implements DiskFile {
  readonly path: string;
  readonly #file: Deno.FsFile;

  constructor(path: string, mode: "read" | "write" | "create") {
    this.path = path;
    this.#file = Deno.openSync(path, { read: true, write: mode !== "read", createNew: mode === "create" });
  }

  write(bytes: Uint8Array, offset: number): void {
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    for (let written = 0; written < bytes.length;) written += this.#file.writeSync(bytes.subarray(written));
  }

  async read(into: Uint8Array, offset: number): Promise<number> {
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    let bytes = 0;
    while (bytes < into.length) {
      const read = await this.#file.read(into.subarray(bytes));
      if (read === null) break;
      bytes += read;
    }
    return bytes;
  }

  sync(): Promise<void> {
    return this.#file.syncData();
  }

  truncate(bytes: number): void {
    this.#file.truncateSync(bytes);
  }

  size(): number {
    return this.#file.statSync().size;
  }

  close(): void {
    this.#file.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows has no such thing: there a name is as safe as the file.
  if (Deno.build.os === "windows") return;
  const file = await Deno.open(folder);
  try {
    await file.sync();
  } finally {
    file.close();
  }
}

function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return Infinity;
  }
}

async function lock(folder: string): Promise<{ release(): void }> {
  const path = `${folder}/${LOCK_NAME}`;
  const file = Deno.openSync(path, { read: true, write: true, create: true });
  if (!await tryLock(file)) {
    file.close();
    const holder = Deno.readTextFileSync(path).trim() || "another process";
    throw new JournalError(`The journal folder "${folder}" is in use by ${holder}`, {
      path: folder,
      fix: "stop that process, or give this one a folder of its own",
    });
  }
  // The system lets go of the lock when the process ends, however it ends; what the file says is only for people.
  file.truncateSync();
  file.writeSync(new TextEncoder().encode(`process ${Deno.pid}\n`));
  return { release: () => file.close() };
}

/**
 * Locks a file, for this process alone or shared, unless another holds it. Versions of Deno before 2.7 cannot ask without
 * waiting; there a wait of half a second counts as a no.
 */
export async function tryLock(file: Deno.FsFile, isExclusive = true): Promise<boolean> {
  if (typeof file.tryLock === "function") return await file.tryLock(isExclusive);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), 500);
  file.lock(isExclusive).then(() => resolve(true), () => resolve(false));
  return await promise.finally(() => clearTimeout(timer));
}
