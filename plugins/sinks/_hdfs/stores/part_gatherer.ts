const MIB = 1024 * 1024;
const FIRST_BYTES = 64 * 1024;
const FIRST_PART_BYTES = 8 * MIB;
/** S3's limit is ten times this number, and five tebibytes. */
const PARTS_OF_A_SIZE = 1000;

/**
 * How long a part is, numbered from 1. It doubles after each thousand, so that 10,000 parts hold the longest object that
 * there may be, and a part has about a thousandth of what has been sent.
 */
export function partBytes(number: number): number {
  return FIRST_PART_BYTES * 2 ** Math.floor((number - 1) / PARTS_OF_A_SIZE);
}

/** Gathers the bytes of a file into parts, in two blocks that take turns. */
export class PartGatherer {
  #block = new Uint8Array(0);
  #spare = new Uint8Array(0);
  #bytes = 0;
  #number = 1;

  /** Of all parts together. */
  totalBytes = 0;

  /** The parts that a slice completes; each may be used until the one after the next is given. */
  *add(slice: Uint8Array): Generator<Uint8Array> {
    for (let from = 0; from < slice.length;) {
      const limit = partBytes(this.#number);
      const count = Math.min(limit - this.#bytes, slice.length - from);
      this.#reserve(this.#bytes + count, limit);
      this.#block.set(slice.subarray(from, from + count), this.#bytes);
      this.#bytes += count;
      from += count;
      if (this.#bytes === limit) yield this.#take();
    }
  }

  /** What is left for a last part. */
  rest(): Uint8Array | undefined {
    return this.#bytes === 0 ? undefined : this.#take();
  }

  #take(): Uint8Array {
    const part = this.#block.subarray(0, this.#bytes);
    [this.#block, this.#spare] = [this.#spare, this.#block];
    this.totalBytes += part.length;
    this.#bytes = 0;
    this.#number++;
    return part;
  }

  /** A small file gets a small block. */
  #reserve(bytes: number, limit: number): void {
    if (this.#block.length >= bytes) return;
    const grown = Math.min(Math.max(this.#block.length * 2, FIRST_BYTES, bytes), limit);
    const block = new Uint8Array(this.#number === 1 ? grown : limit);
    block.set(this.#block.subarray(0, this.#bytes));
    this.#block = block;
  }
}
