import { Buffer } from "node:buffer";

/** Below this many characters or bytes a loop is faster than a call. */
const SHORT = 32;
/** A larger buffer is not kept from one use to the next. */
const KEPT_BYTES = 4 * 1024 * 1024;
/** Twice as much is still exact. */
const MAX_HALF = 2 ** 52;

/** A run of bytes that grows while it is written, and is used again after `reset`. */
export class ByteWriter {
  #bytes = Buffer.alloc(0);
  #length = 0;

  /** Bytes written since the last reset. */
  get length(): number {
    return this.#length;
  }

  /** What was written: a view that holds until the next reset. */
  get written(): Uint8Array {
    // Not a Buffer: its slice() would not copy.
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset, this.#length);
  }

  /** Starts anew; what `written` gave may be overwritten from now on. */
  reset(): void {
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.alloc(0);
  }

  /** Makes room, for whoever writes into `room` on its own and then calls `advance`. */
  reserve(bytes: number): Uint8Array {
    const needed = this.#length + bytes;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.max(needed, 256, Math.min(this.#length * 2, needed + KEPT_BYTES)),
      );
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    return this.#bytes;
  }

  /** Says up to which offset `reserve`d bytes were written. */
  advance(offset: number): void {
    this.#length = offset;
  }

  /** Writes one byte. */
  byte(value: number): void {
    this.reserve(1)[this.#length++] = value;
  }

  /** Copies a range of a block. */
  copy(block: Uint8Array, start: number, end: number): void {
    const target = this.reserve(end - start);
    if (end - start > SHORT) {
      target.set(block.subarray(start, end), this.#length);
      this.#length += end - start;
      return;
    }
    let at = this.#length;
    for (let from = start; from < end; from++) target[at++] = block[from]!;
    this.#length = at;
  }

  /** Writes text as UTF-8. */
  text(value: string): void {
    const target = this.reserve(value.length * 3);
    const start = this.#length;
    if (value.length > SHORT) return this.#native(value);
    for (let at = 0; at < value.length; at++) {
      const code = value.charCodeAt(at);
      if (code >= 0x80) return this.#native(value);
      target[start + at] = code;
    }
    this.#length = start + value.length;
  }

  /** Writes a whole number as a zig-zag varint, the `int` and `long` of Avro. */
  zigzag(value: number | bigint): void {
    if (typeof value === "bigint" || value > MAX_HALF || value < -MAX_HALF) {
      return this.#bigZigzag(BigInt(value));
    }
    const target = this.reserve(10);
    let rest = value < 0 ? value * -2 - 1 : value * 2;
    for (; rest > 0x7FFFFFFF; rest = Math.floor(rest / 128)) target[this.#length++] = rest % 128 | 0x80;
    for (; rest > 0x7F; rest >>>= 7) target[this.#length++] = rest & 0x7F | 0x80;
    target[this.#length++] = rest;
  }

  #bigZigzag(value: bigint): void {
    const target = this.reserve(10);
    let rest = BigInt.asUintN(64, value << 1n ^ value >> 63n);
    for (; rest > 0x7Fn; rest >>= 7n) target[this.#length++] = Number(rest & 0x7Fn) | 0x80;
    target[this.#length++] = Number(rest);
  }

  #native(value: string): void {
    this.#length += this.#bytes.write(value, this.#length, "utf8");
  }
}
