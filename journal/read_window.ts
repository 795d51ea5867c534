import type { DiskFile } from "./disk.ts";

const WINDOW_BYTES = 256 * 1024;

/** A piece of a file that is still written to, as it was when so much was committed. */
export class ReadWindow {
  #buffer: Uint8Array | undefined;
  #offset = 0;
  #bytes = 0;
  #committedSequence = 0;

  /** Reads a piece from `offset` on; what is committed at that moment stays true. */
  async fill(file: DiskFile, offset: number, { bytes = WINDOW_BYTES, committed }: {
    readonly bytes?: number;
    readonly committed: number;
  }): Promise<void> {
    this.#bytes = 0;
    this.#buffer ??= new Uint8Array(WINDOW_BYTES);
    this.#bytes = await file.read(this.#buffer.subarray(0, bytes), offset);
    this.#offset = offset;
    this.#committedSequence = committed;
  }

  /** The bytes at `offset`, when they are here and belong to something committed that holds `sequence`. */
  slice(offset: number, bytes: number, sequence: number): Uint8Array | undefined {
    const start = offset - this.#offset;
    if (start < 0 || start + bytes > this.#bytes || sequence >= this.#committedSequence) return undefined;
    return this.#buffer!.subarray(start, start + bytes);
  }

  clear(): void {
    this.#bytes = 0;
  }
}
