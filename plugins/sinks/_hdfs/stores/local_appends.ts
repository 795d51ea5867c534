// deno-lint-ignore-file require-await -- The contract is that of targets that are far away.
import { type LocalFolders, statOf, toDiskError } from "./local_folders.ts";
import { type AppendStore, OtherFileError } from "./store.ts";

/** Files on a disk that grow. What was written by one who is gone is closed by the system, so nothing is to be recovered. */
export class LocalAppends implements AppendStore {
  readonly #folders: LocalFolders;

  constructor(folders: LocalFolders) {
    this.#folders = folders;
  }

  async create(path: string, isAgain: boolean): Promise<void> {
    const file = this.#folders.at(path);
    try {
      this.#folders.makeFor(file);
      {
        using created = open(file, isAgain);
        await created.sync();
      }
      await this.#folders.syncFor(file);
    } catch (cause) {
      throw toDiskError(`Cannot create "${file}"`, cause);
    }
  }

  abandon(_path: string): void {
    // Nothing appears here that nobody waits for.
  }

  async append(path: string, parts: readonly Uint8Array[]): Promise<void> {
    const file = this.#folders.at(path);
    try {
      using opened = Deno.openSync(file, { append: true });
      for (const part of parts) {
        for (let from = 0; from < part.length;) from += opened.writeSync(part.subarray(from));
      }
      await opened.syncData();
    } catch (cause) {
      throw toDiskError(`Cannot write to "${file}"`, cause);
    }
  }

  async length(path: string): Promise<number | undefined> {
    const file = this.#folders.at(path);
    try {
      const found = statOf(file);
      if (!found) this.#folders.checkDisk(file);
      return found?.isFile ? found.size : undefined;
    } catch (cause) {
      throw toDiskError(`Cannot look at "${file}"`, cause);
    }
  }

  async truncate(path: string, length: number): Promise<boolean> {
    const file = this.#folders.at(path);
    try {
      using opened = Deno.openSync(file, { write: true });
      const { size } = opened.statSync();
      if (size < length) {
        throw new RangeError(`"${file}" has ${size} bytes, less than the ${length} that are known`);
      }
      opened.truncateSync(length);
      await opened.sync();
      return true;
    } catch (cause) {
      throw toDiskError(`Cannot cut "${file}" to ${length} bytes`, cause);
    }
  }

  async recover(_path: string): Promise<boolean> {
    return true;
  }
}

function open(file: string, isAgain: boolean): Deno.FsFile {
  try {
    return Deno.openSync(file, { write: true, createNew: true });
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
    if (!isAgain || Deno.statSync(file).size > 0) throw new OtherFileError(file);
    return Deno.openSync(file, { write: true });
  }
}
