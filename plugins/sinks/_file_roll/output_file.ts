import { DeliveryError } from "sluice/plugin";
import type { Place } from "./place.ts";

/**
 * One file that only grows. Three offsets: what was written, what belongs to writes that succeeded, and (in the manifest)
 * what is delivered.
 */
export class OutputFile {
  /** Bucket and name, as it is called when it is finished. */
  readonly path: string;
  /** Where it lies while it is written. */
  readonly inUsePath: string;
  #file: Deno.FsFile | undefined;
  #writtenBytes = 0;
  #joinedBytes = 0;
  #isParked = false;
  #isBroken = false;

  /** Creates a file; a file that is there already is never touched. */
  constructor(place: Place, path: string) {
    this.path = path;
    this.inUsePath = place.inUsePath(path);
    this.#file = Deno.openSync(this.inUsePath, { write: true, createNew: true });
  }

  /** Bytes written. */
  get bytes(): number {
    return this.#writtenBytes;
  }

  /** Bytes of writes that succeeded: always whole batches. */
  get joinedBytes(): number {
    return this.#joinedBytes;
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
      throw new DeliveryError(`Cannot write to "${this.inUsePath}"`, { cause });
    }
  }

  /** The write that added the last bytes has succeeded. */
  join(): void {
    this.#joinedBytes = this.#writtenBytes;
  }

  /** Removes what was written behind an offset; the file is broken when the disk refuses. */
  cutBack(offset: number): void {
    if (!this.#file && !this.#isParked) return;
    try {
      this.#file ??= Deno.openSync(this.inUsePath, { write: true });
      this.#file.truncateSync(offset);
      this.#file.seekSync(offset, Deno.SeekMode.Start);
      this.#writtenBytes = offset;
    } catch {
      this.#isBroken = true;
    }
  }

  /** Forces to disk what is written now; a parked file is opened for that. */
  async sync(): Promise<void> {
    if (this.#file) return await this.#file.syncData();
    if (!this.#isParked) return;
    using file = await Deno.open(this.inUsePath, { write: true });
    await file.syncData();
  }

  /** Closes it before what was written last is certain to stay, so that a write to many files has few of them open. */
  park(): void {
    this.#isParked = true;
    this.#file?.close();
    this.#file = undefined;
  }

  /** Answers whether it was open or parked. */
  close(): boolean {
    const wasOpen = this.#file !== undefined || this.#isParked;
    this.#isParked = false;
    this.#file?.close();
    this.#file = undefined;
    return wasOpen;
  }

  #writeAll(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const count = this.#file!.writeSync(from === 0 ? bytes : bytes.subarray(from));
      from += count;
      this.#writtenBytes += count;
    }
  }
}
