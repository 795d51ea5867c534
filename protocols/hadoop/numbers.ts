// A whole number of Hadoop's (WritableUtils.writeVInt), here from 0 up to 2^31 - 1:
//   up to 127  that byte
//   more       a byte that counts the bytes which follow, downwards from -113 for one · the bytes, big end first

/** Writes a number, and gives the offset behind it; five bytes are enough for any. */
export function writeVint(target: Uint8Array, at: number, value: number): number {
  if (value <= 127) {
    target[at] = value;
    return at + 1;
  }
  const bytes = vintBytes(value) - 1;
  target[at] = -112 - bytes;
  for (let index = 1, shift = (bytes - 1) * 8; index <= bytes; index++, shift -= 8) {
    target[at + index] = value >>> shift;
  }
  return at + 1 + bytes;
}

/** How many bytes `writeVint` writes. */
export function vintBytes(value: number): number {
  if (value <= 127) return 1;
  if (value <= 0xFF) return 2;
  if (value <= 0xFFFF) return 3;
  return value <= 0xFFFFFF ? 4 : 5;
}

/** Writes 32 bits, the big end first, and gives the offset behind. */
export function writeInt(target: Uint8Array, at: number, value: number): number {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
  return at + 4;
}

/** Writes 64 bits, the big end first: a LongWritable. */
export function writeLong(target: Uint8Array, at: number, value: number): number {
  return writeInt(target, writeInt(target, at, Math.floor(value / 0x100000000)), value);
}
