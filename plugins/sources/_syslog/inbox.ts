const FIRST_BYTES = 8 * 1024;
/** Where reads stop growing. */
const READ_BYTES = 64 * 1024;

/** What a peer has sent and nobody has taken yet; grows with a peer that fills it, up to what one read brings. */
export class Inbox {
  readonly #maxBytes: number;
  #bytes = new Uint8Array(FIRST_BYTES);
  #size = 0;

  /** @param maxFrameBytes No frame takes more, and one always fits. */
  constructor(maxFrameBytes: number) {
    this.#maxBytes = Math.max(READ_BYTES, maxFrameBytes * 2);
  }

  /** What is there. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  /** Room for the next read; never empty. */
  room(): Uint8Array<ArrayBuffer> {
    if (this.#size * 2 > this.#bytes.length && this.#bytes.length < this.#maxBytes) {
      this.#grow(Math.min(this.#bytes.length * 4, this.#maxBytes));
    }
    return this.#bytes.subarray(this.#size);
  }

  /** Counts what was read into the room. */
  filled(bytes: number): void {
    this.#size += bytes;
    if (this.#size === this.#bytes.length && this.#size < READ_BYTES) this.#grow(READ_BYTES);
  }

  /** Takes bytes off the front. */
  drop(bytes: number): void {
    this.#bytes.copyWithin(0, bytes, this.#size);
    this.#size -= bytes;
  }

  #grow(length: number): void {
    const grown = new Uint8Array(length);
    grown.set(this.bytes);
    this.#bytes = grown;
  }
}
