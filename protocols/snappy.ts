// The raw block format of Snappy: the length of the content as a varint, then elements.
//   literal  tag = (length - 1) << 2 | 0, with 60..63 in place of the length: 1..4 more bytes hold it
//   copy 1   tag = (offset >> 8) << 5 | (length - 4) << 2 | 1, then one byte of offset; length 4..11, offset < 2048
//   copy 2   tag = (length - 1) << 2 | 2, then two bytes of offset; length 1..64
//   copy 4   tag = (length - 1) << 2 | 3, then four bytes of offset

/** Offsets are only 16 bits wide inside a fragment, so that each is compressed alone. */
const FRAGMENT_BYTES = 65536;
const HASH_BITS = 14;
/** Nothing is searched so near to the end. */
const MARGIN_BYTES = 15;

/** Compresses a block. */
export function compressSnappy(source: Uint8Array): Uint8Array {
  const compressor = new Compressor(source.length);
  for (let from = 0; from < source.length; from += FRAGMENT_BYTES) {
    compressor.add(source.subarray(from, from + FRAGMENT_BYTES));
  }
  return compressor.written();
}

/**
 * Expands a block.
 * @throws {SyntaxError} when it is damaged, or longer than the limit once expanded.
 */
export function expandSnappy(source: Uint8Array, maxBytes: number): Uint8Array {
  let [length, shift, from] = [0, 0, 0];
  for (let more = true; more; shift += 7) {
    const byte = source[from++];
    if (byte === undefined || shift > 28) throw new SyntaxError("A Snappy block has no valid length");
    length += (byte & 0x7F) * 2 ** shift;
    more = byte > 0x7F;
  }
  if (length > maxBytes) throw new SyntaxError(`A Snappy block of ${length} bytes exceeds ${maxBytes}`);
  const target = new Uint8Array(length);
  let at = 0;
  while (from < source.length) {
    const tag = source[from]!;
    const { bytes, offset, next } = (tag & 3) === 0 ? readLiteral(source, from) : readCopy(source, from);
    if (at + bytes > length || next > source.length || (offset !== 0 && offset > at)) throw damaged(from);
    if (offset === 0) target.set(source.subarray(next - bytes, next), at);
    else for (let n = 0; n < bytes; n++) target[at + n] = target[at + n - offset]!;
    at += bytes;
    from = next;
  }
  if (at !== length) throw damaged(from);
  return target;
}

function damaged(offset: number): SyntaxError {
  return new SyntaxError(`A Snappy block is damaged at byte ${offset}`);
}

function readLiteral(source: Uint8Array, from: number) {
  const short = source[from]! >> 2;
  if (short < 60) return { bytes: short + 1, offset: 0, next: from + short + 2 };
  let bytes = 1;
  for (let n = 0; n < short - 59; n++) bytes += (source[from + 1 + n] ?? NaN) * 256 ** n;
  if (!(bytes <= source.length)) throw damaged(from);
  return { bytes, offset: 0, next: from + 1 + (short - 59) + bytes };
}

function readCopy(source: Uint8Array, from: number) {
  const tag = source[from]!;
  const byte = (n: number) => source[from + n] ?? 0;
  const [bytes, offset, next] = (tag & 3) === 1
    ? [(tag >> 2 & 7) + 4, (tag >> 5) << 8 | byte(1), from + 2]
    : (tag & 3) === 2
    ? [(tag >> 2) + 1, byte(1) | byte(2) << 8, from + 3]
    : [(tag >> 2) + 1, byte(1) + byte(2) * 256 + byte(3) * 65536 + byte(4) * 2 ** 24, from + 5];
  if (offset === 0) throw damaged(from);
  return { bytes, offset, next };
}

/** Writes elements into a block that is large enough for content that does not repeat. */
class Compressor {
  readonly #target: Uint8Array;
  /** Where the last four bytes with a hash stood in this fragment. */
  readonly #places = new Uint16Array(1 << HASH_BITS);
  #at = 0;

  constructor(sourceBytes: number) {
    this.#target = new Uint8Array(32 + sourceBytes + Math.ceil(sourceBytes / 6));
    let rest = sourceBytes;
    for (; rest > 0x7F; rest = Math.floor(rest / 128)) this.#target[this.#at++] = rest & 0x7F | 0x80;
    this.#target[this.#at++] = rest;
  }

  written(): Uint8Array {
    return this.#target.subarray(0, this.#at);
  }

  add(source: Uint8Array): void {
    const limit = source.length - MARGIN_BYTES;
    this.#places.fill(0);
    let [literalStart, from, misses] = [0, 1, 32];
    while (from < limit) {
      const word = read32(source, from);
      const slot = Math.imul(word, 0x1E35A7BD) >>> (32 - HASH_BITS);
      const candidate = this.#places[slot]!;
      this.#places[slot] = from;
      if (read32(source, candidate) !== word) {
        // Where nothing repeats the steps become longer.
        from += misses++ >> 5;
        continue;
      }
      this.#literal(source, literalStart, from);
      let end = from + 4;
      while (end < source.length && source[end] === source[candidate + end - from]) end++;
      this.#copy(from - candidate, end - from);
      literalStart = from = end;
      misses = 32;
    }
    this.#literal(source, literalStart, source.length);
  }

  #literal(source: Uint8Array, start: number, end: number): void {
    const target = this.#target;
    const length = end - start - 1;
    if (length < 0) return;
    if (length < 60) target[this.#at++] = length << 2;
    else if (length < 256) {
      target[this.#at++] = 60 << 2;
      target[this.#at++] = length;
    } else {
      target[this.#at++] = 61 << 2;
      target[this.#at++] = length & 0xFF;
      target[this.#at++] = length >> 8;
    }
    if (length >= 32) target.set(source.subarray(start, end), this.#at);
    else for (let n = 0; n <= length; n++) target[this.#at + n] = source[start + n]!;
    this.#at += length + 1;
  }

  #copy(offset: number, length: number): void {
    let rest = length;
    // Cut so that no piece is shorter than the four bytes that the short form can say.
    for (; rest >= 68; rest -= 64) this.#copy2(offset, 64);
    if (rest > 64) {
      this.#copy2(offset, 60);
      rest -= 60;
    }
    if (rest > 11 || offset >= 2048) return this.#copy2(offset, rest);
    this.#target[this.#at++] = (offset >> 8) << 5 | (rest - 4) << 2 | 1;
    this.#target[this.#at++] = offset & 0xFF;
  }

  #copy2(offset: number, length: number): void {
    this.#target[this.#at++] = (length - 1) << 2 | 2;
    this.#target[this.#at++] = offset & 0xFF;
    this.#target[this.#at++] = offset >> 8;
  }
}

function read32(source: Uint8Array, at: number): number {
  return source[at]! | source[at + 1]! << 8 | source[at + 2]! << 16 | source[at + 3]! << 24;
}
