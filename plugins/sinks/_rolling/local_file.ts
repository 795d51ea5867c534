import { DeliveryError } from "sluice/plugin";
import { type Described, descriptorFix, type Descriptors } from "./descriptors.ts";
import type { Place } from "./place.ts";
import type { OutputFile } from "./shelf.ts";

/** Where a file is to be. */
export interface LocalFileParts {
  readonly place: Place;
  readonly descriptors: Descriptors;
}

/** A file on a disk here. */
export class LocalFile implements OutputFile, Described {
  readonly path: string;
  readonly inUsePath: string;
  readonly #descriptors: Descriptors;
  /** Absent while it is parked, and when it is closed. */
  #file: Deno.FsFile | undefined;
  #writtenBytes = 0;
  #joinedBytes = 0;
  #isClosed = false;
  #isBroken = false;

  /** Creates a file; a file that is there already is never touched. */
  constructor(path: string, { place, descriptors }: LocalFileParts) {
    this.path = path;
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
      this.cutBack(start);
      throw new DeliveryError(`Cannot write to "${this.inUsePath}"${descriptorFix(cause)}`, { cause });
    }
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

  #writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const count = file.writeSync(from === 0 ? bytes : bytes.subarray(from));
      from += count;
      this.#writtenBytes += count;
    }
  }
}
