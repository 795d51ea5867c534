import { DeliveryError } from "sluice/plugin";
import { type Described, descriptorFix, type Descriptors } from "./descriptors.ts";
import type { Place } from "./place.ts";
import type { OutputFile } from "./shelf.ts";

/** Less is written sooner than another thread has taken it over. */
const ASIDE_BYTES = 128 * 1024;

/** Where a file is to be. */
export interface LocalFileParts {
  readonly place: Place;
  readonly descriptors: Descriptors;
  /** Much at once is written by another thread: for whom has more to do than to write. */
  readonly writesAside: boolean;
}

/** A file on a disk here. */
export class LocalFile implements OutputFile, Described {
  readonly path: string;
  readonly inUsePath: string;
  readonly #descriptors: Descriptors;
  readonly #writesAside: boolean;
  /** Absent while it is parked, and when it is closed. */
  #file: Deno.FsFile | undefined;
  #writtenBytes = 0;
  #joinedBytes = 0;
  #isClosed = false;
  #isBroken = false;

  /** Creates a file; a file that is there already is never touched. */
  constructor(path: string, { place, descriptors, writesAside }: LocalFileParts) {
    this.path = path;
    this.#writesAside = writesAside;
    this.inUsePath = place.inUsePath(path);
    this.#descriptors = descriptors;
    this.#file = Deno.openSync(this.inUsePath, { write: true, createNew: true });
    descriptors.use(this);
  }

  get bytes(): number {
    return this.#writtenBytes;
  }

  get joinedBytes(): number {
    return this.#joinedBytes;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  write(slices: readonly Uint8Array[]): void {
    const start = this.#writtenBytes;
    try {
      const file = this.#opened();
      for (const slice of slices) this.#writeAll(file, slice);
    } catch (cause) {
      throw this.#undo(start, cause);
    }
  }

  writeAside(slices: readonly Uint8Array[]): Promise<void> | undefined {
    if (!this.#writesAside) return undefined;
    const bytes = slices.reduce((sum, { length }) => sum + length, 0);
    return bytes < ASIDE_BYTES ? undefined : this.#writeAllAside(slices);
  }

  join(): void {
    this.#joinedBytes = this.#writtenBytes;
  }

  cutBack(offset: number): void {
    if (this.#isClosed) return;
    try {
      const file = this.#opened();
      file.truncateSync(offset);
      file.seekSync(offset, Deno.SeekMode.Start);
      this.#writtenBytes = offset;
    } catch {
      this.#isBroken = true;
    }
  }

  /** Everything that is written. */
  sync(joinedBytes: number): Promise<number> {
    return this.#descriptors.lend(async () => {
      if (this.#isClosed) return joinedBytes;
      if (this.#writesAside) return await this.#syncAside(joinedBytes);
      const file = this.#opened();
      // It would stay open until the sync is through: so it is no use to park it, and it is among those that are lent.
      this.#descriptors.forget(this);
      try {
        await file.syncData();
      } finally {
        if (this.#file) this.#descriptors.use(this);
      }
      return joinedBytes;
    });
  }

  /** Closes it until it is used again. */
  park(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  close(): boolean {
    const wasOpen = !this.#isClosed;
    this.#isClosed = true;
    this.#descriptors.forget(this);
    this.park();
    return wasOpen;
  }

  #opened(): Deno.FsFile {
    if (this.#isClosed) throw new Error("the file is closed");
    const file = this.#file ??= this.#reopened();
    this.#descriptors.use(this);
    return file;
  }

  #reopened(): Deno.FsFile {
    const file = Deno.openSync(this.inUsePath, { write: true });
    file.seekSync(this.#writtenBytes, Deno.SeekMode.Start);
    return file;
  }

  /** By a descriptor of its own: what is under way by the file's own one would have to end first. */
  async #syncAside(joinedBytes: number): Promise<number> {
    using file = await Deno.open(this.inUsePath);
    await file.syncData();
    return joinedBytes;
  }

  async #writeAllAside(slices: readonly Uint8Array[]): Promise<void> {
    const start = this.#writtenBytes;
    try {
      const file = this.#opened();
      // Not to be parked in the middle.
      this.#descriptors.forget(this);
      for (const bytes of slices) {
        for (let from = 0; from < bytes.length;) {
          const count = await file.write(bytes.subarray(from));
          from += count;
          this.#writtenBytes += count;
        }
      }
    } catch (cause) {
      throw this.#undo(start, cause);
    } finally {
      if (this.#file) this.#descriptors.use(this);
    }
  }

  #undo(start: number, cause: unknown): DeliveryError {
    this.cutBack(start);
    return new DeliveryError(`Cannot write to "${this.inUsePath}"${descriptorFix(cause)}`, { cause });
  }

  #writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const count = file.writeSync(from === 0 ? bytes : bytes.subarray(from));
      from += count;
      this.#writtenBytes += count;
    }
  }
}
