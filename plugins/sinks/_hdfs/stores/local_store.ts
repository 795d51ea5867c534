import { basename, dirname } from "node:path";
import { ConfigError } from "sluice/plugin";
import { LocalAppends } from "./local_appends.ts";
import { LocalFolders, statOf, toDiskError } from "./local_folders.ts";
import { Stoppable } from "./stoppable.ts";
import type { FileStore, Published, Upload } from "./store.ts";

/**
 * Puts files into a folder. A file is written under a hidden name beside its in-use name, which it gets when it is whole and
 * on the disk; another file is never replaced by its final one.
 */
export class LocalStore implements FileStore {
  readonly appends: LocalAppends;
  readonly #folders: LocalFolders;

  /** Paths are relative to `root`; what is above `home`, and itself, is never made. Only files of an earlier life lie elsewhere. */
  constructor(root: string, home = root) {
    this.#folders = new LocalFolders(root, home);
    this.appends = new LocalAppends(this.#folders);
  }

  /** Makes the folder at home, whose path is absolute. @throws {ConfigError} */
  static open(root: string, home = root): LocalStore {
    try {
      Deno.mkdirSync(home, { recursive: true });
      return new LocalStore(root, home);
    } catch (cause) {
      throw new ConfigError(`Cannot use folder "${home}": create it, or make it writable`, { cause });
    }
  }

  async put(path: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Upload> {
    const file = this.#folders.at(path);
    const hidden = hiddenPath(file);
    try {
      this.#folders.makeFor(file);
      const { bytes: written, ino } = await writeWhole(hidden, bytes, signal);
      const disk = this.#folders.diskOf(hidden);
      Deno.renameSync(hidden, file);
      await this.#folders.syncFor(file);
      return { path, bytes: written, ...ino !== null && { id: [ino, disk].join(" ") } };
    } catch (cause) {
      tryToRemove(hidden);
      signal.throwIfAborted();
      throw this.#folders.faultOf(file, toDiskError(`Cannot write "${file}"`, cause));
    }
  }

  async publish(upload: Upload, finalPath: string): Promise<Published> {
    const source = this.#folders.at(upload.path);
    const target = this.#folders.at(finalPath);
    try {
      const isThere = isOf(upload, statOf(source));
      const found = statOf(target);
      if (isOf(upload, found)) {
        // A link of a publish that was interrupted, unless both names are one.
        if (isThere && target !== source) Deno.removeSync(source);
      } else {
        if (!isThere) return this.#lost(source, upload);
        if (found) return "taken";
        this.#folders.makeFor(target);
        if (!moveTo(source, target)) return "taken";
      }
      await this.#folders.syncFor(target);
      if (dirname(source) !== dirname(target)) await this.#folders.syncFor(source);
      return "done";
    } catch (cause) {
      throw this.#folders.faultOf(source, toDiskError(`Cannot rename "${source}" to "${target}"`, cause));
    }
  }

  async discard(upload: Upload): Promise<void> {
    const file = this.#folders.at(upload.path);
    try {
      removeIfThere(hiddenPath(file));
      const found = statOf(file);
      if (found && !isOf(upload, found)) return;
      removeIfThere(file);
      // Also for one that is gone: that may not be on the disk yet.
      if (statOf(dirname(file))) await this.#folders.syncFor(file);
    } catch (cause) {
      throw toDiskError(`Cannot remove "${file}"`, cause);
    }
  }

  close(): void {}

  /** A disk that is away has taken nothing. */
  #lost(source: string, { id }: Upload): "replaced" | "gone" {
    if (statOf(source)) return "replaced";
    this.#folders.checkDisk(source, id?.split(" ")[1]);
    return "gone";
  }
}

/** Deterministic, so that what a killed process left is replaced when the file is put again. */
function hiddenPath(file: string): string {
  return `${dirname(file)}/.${basename(file)}.part`;
}

async function writeWhole(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<{ bytes: number; ino: number | null }> {
  const stoppable = new Stoppable(signal);
  try {
    using file = Deno.openSync(path, { write: true, create: true, truncate: true });
    let written = 0;
    for await (const slice of stoppable.read(bytes)) {
      for (let from = 0; from < slice.length;) from += file.writeSync(slice.subarray(from));
      written += slice.length;
    }
    await file.sync();
    const { ino } = file.statSync();
    return { bytes: written, ino };
  } finally {
    stoppable.end();
  }
}

/**
 * A name may be that of another file by now; the number of the file tells, where the system has such. It is the first word
 * of an id; the second says on which disk the file was, and ids of earlier versions have none.
 */
function isOf({ bytes, id }: Upload, found: Deno.FileInfo | undefined): boolean {
  if (!found?.isFile || found.size !== bytes) return false;
  return id === undefined || found.ino === null || String(found.ino) === id.split(" ")[0];
}

/** A link does not replace what somebody else has put there in the meantime. False: somebody has. */
function moveTo(source: string, target: string): boolean {
  try {
    Deno.linkSync(source, target);
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) return false;
    if (cause instanceof Deno.errors.NotFound) throw cause;
    // Not every file system has links.
    Deno.renameSync(source, target);
    return true;
  }
  Deno.removeSync(source);
  return true;
}

/** What stays is replaced when the file is put again. */
function tryToRemove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Why the file could not be written is what counts.
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound) && !(cause instanceof Deno.errors.NotADirectory)) {
      throw cause;
    }
  }
}
