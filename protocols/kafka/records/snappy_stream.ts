import { Buffer } from "node:buffer";
import { compressionsAlgorithms } from "@platformatic/kafka";
import snappy from "snappyjs";
import { InflateLimitError } from "./inflate_limit.ts";

// The framing of snappy-java (org.xerial.snappy, SnappyOutputStream), which all clients write in Kafka:
//
//   82 53 4E 41 50 50 59 00   its magic bytes
//   int32 version, 1 · int32 oldest version that can read it, 1
//   any number of blocks: int32 bytes of the block · a raw Snappy block
//
// A raw Snappy block begins with the varint (little end first) of its length once inflated.

const MAGIC = Buffer.of(0x82, 0x53, 0x4E, 0x41, 0x50, 0x50, 0x59, 0);
const HEAD = Buffer.concat([MAGIC, Buffer.of(0, 0, 0, 1, 0, 0, 0, 1)]);
const LENGTH_BYTES = 4;
/** Bytes of a block before compression, as snappy-java has them. */
const BLOCK_BYTES = 32 * 1024;
/** Three bytes say at most that 64 are repeated. */
const MOST_BYTES_FOR_ONE = 22;

/** Compresses in snappy-java's framing. */
export function compressSnappy(bytes: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [HEAD];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = compressionsAlgorithms.snappy.compressSync(bytes.subarray(at, at + BLOCK_BYTES) as Buffer);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeInt32BE(block.length);
    pieces.push(length, block);
  }
  return Buffer.concat(pieces);
}

/**
 * Inflates what is in snappy-java's framing, or one raw block.
 * @throws {InflateLimitError} when the announced lengths exceed the limit.
 */
export function inflateSnappy(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const blocks = isFramed(bytes) ? blocksOf(bytes) : [bytes];
  let total = 0;
  for (const block of blocks) total += inflatedBytes(block);
  if (total > maxBytes) throw new InflateLimitError(maxBytes);
  // The library's own function traps in WebAssembly on damaged blocks, and never frees what it held.
  const inflated = blocks.map((block) => snappy.uncompress(block, total));
  return inflated.length === 1 ? inflated[0]! : Buffer.concat(inflated, total);
}

function isFramed(bytes: Uint8Array): boolean {
  return bytes.length >= HEAD.length && MAGIC.compare(bytes, 0, MAGIC.length) === 0;
}

function blocksOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const blocks: Uint8Array[] = [];
  for (let at = HEAD.length; at < bytes.length;) {
    const left = bytes.length - at - LENGTH_BYTES;
    const length = left < 0 ? 0 : view.getInt32(at);
    if (length <= 0 || length > left) {
      throw new RangeError(`Byte ${at}: a Snappy block of ${length} bytes where ${left} are left`);
    }
    at += LENGTH_BYTES;
    blocks.push(bytes.subarray(at, at += length));
  }
  return blocks;
}

function inflatedBytes(block: Uint8Array): number {
  let [length, factor] = [0, 1];
  for (let at = 0; at < 5; at++, factor *= 0x80) {
    const byte = block[at] ?? 0xFF;
    length += (byte & 0x7F) * factor;
    if (byte > 0x7F) continue;
    if (length > block.length * MOST_BYTES_FOR_ONE) break;
    return length;
  }
  throw new RangeError(`A Snappy block of ${block.length} bytes announces a length that it cannot have`);
}
