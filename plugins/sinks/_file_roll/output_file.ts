import { DeliveryError } from "sluice/plugin";

/**
 * One file that only grows. Three offsets: what was written, what a failed write is cut back to, and what is known to be
 * on disk. The last never lies behind a torn event.
 */
export class OutputFile {
  readonly path: string;
  readonly #file: Deno.FsFile;
  #writtenBytes = 0;
  #syncedBytes = 0;
  /** Lowest offset that was cut back to since the last sync began. */
  #cutBytes = Infinity;
  #isClosed = false;
  #isBroken = false;
  #isLost = false;

  /** Creates a file; a file that is there already is never touched. */
  constructor(path: string) {
    this.path = path;
    this.#file = Deno.openSync(path, { write: true, createNew: true });
  }

  /** Bytes written. */
  get bytes(): number {
    return this.#writtenBytes;
  }

  /** True when the end of the file is not known any more: nothing may be added. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Writes slices one behind another; throws with nothing of them left in the file. */
  write(slices: readonly Uint8Array[]): void {
    const start = this.#writtenBytes;
    try {
      for (const slice of slices) this.#writeAll(slice);
    } catch (cause) {
      this.cutBack(start);
      throw new DeliveryError(`Cannot write to "${this.path}"`, { cause });
    }
  }

  /** Removes what was written behind an offset, unless that is on disk already; the file is broken when the disk refuses. */
  cutBack(offset: number): void {
    if (this.#isClosed || offset < this.#syncedBytes) return;
    try {
      this.#file.truncateSync(offset);
      this.#file.seekSync(offset, Deno.SeekMode.Start);
      this.#writtenBytes = offset;
      this.#cutBytes = Math.min(this.#cutBytes, offset);
    } catch {
      this.#isBroken = true;
    }
  }

  /** Removes what is not known to be on disk, and closes. */
  giveUp(): void {
    this.#isLost = this.#writtenBytes > this.#syncedBytes;
    this.cutBack(this.#syncedBytes);
    this.close();
  }

  /** True when bytes that were written are given up. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Forces to disk what is written now; resolves with that offset, to be told to `markSynced`. A closed file is there already. */
  async sync(): Promise<number> {
    const bytes = this.#writtenBytes;
    this.#cutBytes = Infinity;
    if (!this.#isClosed) await this.#file.syncData();
    return bytes;
  }

  /** Everything up to an offset is on disk, and its events are delivered. */
  markSynced(bytes: number): void {
    this.#syncedBytes = Math.min(bytes, this.#cutBytes);
  }

  close(): void {
    if (!this.#isClosed) this.#file.close();
    this.#isClosed = true;
  }

  #writeAll(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const count = this.#file.writeSync(from === 0 ? bytes : bytes.subarray(from));
      from += count;
      this.#writtenBytes += count;
    }
  }
}

/** Forces the names in a folder to disk, where the system can do that. */
export async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path);
  await folder.sync();
}
