/** A whole number beyond this is damage: nothing that counts or measures is so large. */
const LARGEST = Number.MAX_SAFE_INTEGER;

/** Walks through Avro's binary encoding. Everything it gives lies within the bytes; what does not is a RangeError. */
export class AvroCursor {
  readonly bytes: Uint8Array;
  /** Offset of what comes next. */
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get bytesLeft(): number {
    return this.bytes.length - this.at;
  }

  /** Reads an `int`, `long` or the place in an enum or union: a zig-zag varint. */
  long(): number {
    const { bytes } = this;
    const first = bytes[this.at];
    if (first !== undefined && first < 0x80) {
      this.at++;
      return first & 1 ? -(first + 1) / 2 : first / 2;
    }
    return this.#longLong();
  }

  #longLong(): number {
    const start = this.at;
    let [raw, factor] = [0, 1];
    for (let count = 0; count < 10; count++, factor *= 128) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new RangeError(`Byte ${start}: a number goes beyond the end`);
      raw += (byte & 0x7F) * factor;
      if (byte < 0x80) {
        if (raw > LARGEST) break;
        return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
      }
    }
    throw new RangeError(`Byte ${start}: a number is too large`);
  }

  /** Reads the length of a text or of bytes, all of which are there. */
  length(): number {
    const start = this.at;
    const bytes = this.long();
    if (bytes >= 0 && bytes <= this.bytesLeft) return bytes;
    throw new RangeError(`Byte ${start}: ${bytes} bytes announced where ${this.bytesLeft} are left`);
  }

  /** Gives the next so many bytes: a view. */
  take(bytes: number): Uint8Array {
    if (bytes > this.bytesLeft) {
      throw new RangeError(`Byte ${this.at}: ${bytes} bytes wanted where ${this.bytesLeft} are left`);
    }
    this.at += bytes;
    return this.bytes.subarray(this.at - bytes, this.at);
  }

  /** Reads `bytes`: a view. */
  view(): Uint8Array {
    return this.take(this.length());
  }

  /** Passes over a text or bytes. */
  skip(): void {
    const bytes = this.length();
    this.at += bytes;
  }

  /** Reads a `string`; bytes that are no UTF-8 become U+FFFD. */
  text(): string {
    return UTF8.decode(this.view());
  }

  /**
   * Reads how many entries the next block of an array or map has; 0 at its end. Each entry takes some bytes at least,
   * so a count that lies is found before anything is made for it.
   */
  blockCount(leastEntryBytes: number): number {
    const start = this.at;
    const count = this.long();
    // A negative count is followed by the length of its block in bytes, for whoever wants to skip it.
    if (count < 0) this.long();
    const entries = Math.abs(count);
    if (entries * leastEntryBytes <= this.bytesLeft) return entries;
    throw new RangeError(
      `Byte ${start}: ${entries} entries announced where ${this.bytesLeft} bytes are left`,
    );
  }

  /** Reads a map of `bytes`, such as the metadata of a call; of equal keys the last one stays. */
  bytesMap(): ReadonlyMap<string, Uint8Array> {
    let found: Map<string, Uint8Array> | undefined;
    for (let count = this.blockCount(2); count > 0; count = this.blockCount(2)) {
      found ??= new Map();
      for (; count > 0; count--) found.set(this.text(), this.view());
    }
    return found ?? NO_ENTRIES;
  }
}

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });
const NO_ENTRIES: ReadonlyMap<string, Uint8Array> = new Map();
