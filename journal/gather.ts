import { changeMoreFlag, FRAME_HEAD_BYTES } from "./format.ts";

const GATHER_BYTES = 256 * 1024;

/**
 * Small appends that wait for one write. They go to disk as one group: when the write fails half way, none of them is
 * found later, so all of them can be refused.
 */
export class Gather {
  readonly #buffer = new Uint8Array(GATHER_BYTES);
  #fill = 0;
  #lastHead = -1;

  /** Bytes that wait. */
  get bytes(): number {
    return this.#fill;
  }

  /** All that waits. */
  get content(): Uint8Array {
    return this.#buffer.subarray(0, this.#fill);
  }

  fits(bytes: number): boolean {
    return this.#fill + bytes <= GATHER_BYTES;
  }

  /** Adds the frames of one append. */
  add(frames: readonly Uint8Array[]): void {
    if (this.#lastHead >= 0) {
      changeMoreFlag(this.#buffer.subarray(this.#lastHead, this.#lastHead + FRAME_HEAD_BYTES), true);
    }
    for (const frame of frames) {
      this.#buffer.set(frame, this.#fill);
      this.#lastHead = this.#fill;
      this.#fill += frame.length;
    }
  }

  clear(): void {
    this.#fill = 0;
    this.#lastHead = -1;
  }
}
