// Varints of records (Kafka protocol guide, "Varint"; the zig-zag varints of Protocol Buffers): 7 bits a byte, low ones first,
// the sign in the lowest bit, so that small numbers of either sign are short.
//
//   0 → 00   -1 → 01   1 → 02   -64 → 7F   64 → 80 01   2³¹-1 → FE FF FF FF 0F

const LARGEST_INT_BYTES = 5;
const LARGEST_LONG_BYTES = 10;
/** Doubled, a number of this size still fits the 32 bits of fast arithmetic. */
const FAST_LIMIT = 0x40000000;

/** Bytes that a whole number takes. */
export function varintBytes(value: number): number {
  if (value < FAST_LIMIT && value >= -FAST_LIMIT) {
    const raw = value << 1 ^ value >> 31;
    if (raw < 0x80) return 1;
    return raw < 0x4000 ? 2 : raw < 0x200000 ? 3 : raw < 0x10000000 ? 4 : 5;
  }
  let bytes = 1;
  for (let raw = zigzag(value) >> 7n; raw > 0n; raw >>= 7n) bytes++;
  return bytes;
}

/** Writes a whole number into bytes that have room for it; answers the offset behind it. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let end = at;
  if (value < FAST_LIMIT && value >= -FAST_LIMIT) {
    let raw = value << 1 ^ value >> 31;
    for (; raw > 0x7F; raw >>>= 7) target[end++] = raw & 0x7F | 0x80;
    target[end++] = raw;
    return end;
  }
  let raw = zigzag(value);
  for (; raw > 0x7Fn; raw >>= 7n) target[end++] = Number(raw & 0x7Fn) | 0x80;
  target[end++] = Number(raw);
  return end;
}

function zigzag(value: number): bigint {
  return BigInt.asUintN(64, BigInt(value) << 1n ^ BigInt(value) >> 63n);
}

/** Walks through varints and the bytes between them. What goes beyond the end is a RangeError. */
export class VarintReader {
  readonly bytes: Uint8Array;
  /** Offset of what comes next … */
  at: number;
  /** … and the one where reading has to end. */
  end: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = Math.min(end, bytes.length);
  }

  /** Reads an `int`. */
  int(): number {
    const { bytes } = this;
    let at = this.at;
    let byte = bytes[at++]!;
    let raw = byte & 0x7F;
    for (let shift = 7; byte > 0x7F; shift += 7) {
      if (shift === 7 * LARGEST_INT_BYTES) throw tooLarge(this.at);
      byte = bytes[at++]!;
      raw |= (byte & 0x7F) << shift;
    }
    if (at > this.end) throw tooShort(this.at);
    this.at = at;
    return raw >>> 1 ^ -(raw & 1);
  }

  /** Reads a `long`, which is exact up to 2^52: times in ms, for 140,000 years. */
  long(): number {
    const { bytes, at: start } = this;
    let at = start;
    let byte = bytes[at++]!;
    let raw = byte & 0x7F;
    for (let factor = 0x80; byte > 0x7F; factor *= 0x80) {
      if (at - start === LARGEST_LONG_BYTES) throw tooLarge(start);
      byte = bytes[at++]!;
      raw += (byte & 0x7F) * factor;
    }
    if (at > this.end) throw tooShort(start);
    this.at = at;
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }

  /** Passes over so many bytes, all of which are there; answers where they begin. */
  skip(bytes: number): number {
    const start = this.at;
    if (bytes < 0 || bytes > this.end - start) {
      throw new RangeError(`Byte ${start}: ${bytes} bytes announced where ${this.end - start} are left`);
    }
    this.at = start + bytes;
    return start;
  }
}

function tooLarge(at: number): RangeError {
  return new RangeError(`Byte ${at}: a number has more bytes than it may have`);
}

function tooShort(at: number): RangeError {
  return new RangeError(`Byte ${at}: a number goes beyond the end`);
}
