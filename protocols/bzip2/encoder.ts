import { BitWriter } from "./bit_writer.ts";
import { writeBlock } from "./block.ts";

// A stream of bzip2 1.0: "BZh" and the level as a digit · blocks · 48 bits 0x177245385090 · 32 bits checksum of all
// blocks · zeros up to the next byte. Within a block four equal letters are followed by how many more there are (0–251).

/** Letters that a block does not use of its 100,000 for each level. */
const SPARE_BYTES = 19;
const FIRST_BYTES = 4096;
/** The longest run that is written as four letters and a count, which takes five bytes. */
const LONGEST_RUN = 255;
const LONGEST_RUN_BYTES = 5;
const CHECKSUMS = makeChecksums();

/**
 * Compresses a stream as bzip2. Own code, because the libraries that compress (rather than only expand) are native,
 * slower, or may not be used freely.
 */
export class Bzip2Encoder {
  readonly #writer = new BitWriter();
  readonly #blockBytes: number;
  /** Grows with what comes, since many a stream is short. */
  #block = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #blockChecksum = 0xFFFFFFFF;
  #checksum = 0;
  /** The run at the end of what came so far. */
  #letter = -1;
  #run = 0;

  /** Blocks are of 100,000 bytes for each level, from 1 to 9. */
  constructor(level: number) {
    this.#blockBytes = level * 100_000 - SPARE_BYTES;
    this.#writer.write(24, 0x425A68);
    this.#writer.write(8, 0x30 + level);
  }

  /** Takes bytes, and gives the compressed ones that are complete, often none. */
  push(bytes: Uint8Array): Uint8Array {
    for (let at = 0; at < bytes.length; at++) {
      const letter = bytes[at]!;
      if (letter !== this.#letter || this.#run === LONGEST_RUN) {
        this.#endRun();
        if (this.#length + LONGEST_RUN_BYTES > this.#block.length) this.#makeRoom();
        this.#letter = letter;
      }
      this.#run++;
      this.#blockChecksum = (this.#blockChecksum << 8) ^ CHECKSUMS[this.#blockChecksum >>> 24 ^ letter]!;
    }
    return this.#writer.take();
  }

  /** Ends the stream. */
  end(): Uint8Array {
    this.#endRun();
    if (this.#length > 0) this.#endBlock();
    this.#writer.write(24, 0x177245);
    this.#writer.write(24, 0x385090);
    this.#writer.writeWord(this.#checksum);
    this.#writer.align();
    return this.#writer.take();
  }

  #makeRoom(): void {
    if (this.#block.length === this.#blockBytes) return this.#endBlock();
    const grown = new Uint8Array(Math.min(this.#block.length * 2, this.#blockBytes));
    grown.set(this.#block);
    this.#block = grown;
  }

  #endRun(): void {
    const written = Math.min(this.#run, 4);
    for (let count = 0; count < written; count++) this.#block[this.#length++] = this.#letter;
    if (written === 4) this.#block[this.#length++] = this.#run - 4;
    this.#run = 0;
  }

  #endBlock(): void {
    const checksum = ~this.#blockChecksum >>> 0;
    writeBlock(this.#writer, this.#block.subarray(0, this.#length), checksum);
    this.#checksum = (this.#checksum << 1 | this.#checksum >>> 31) ^ checksum;
    this.#length = 0;
    this.#blockChecksum = 0xFFFFFFFF;
  }
}

/** CRC-32 with the highest bit first, unlike that of zlib. */
function makeChecksums(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let checksum = byte << 24;
    for (let bit = 0; bit < 8; bit++) checksum = checksum << 1 ^ (checksum < 0 ? 0x04C11DB7 : 0);
    return checksum;
  });
}
