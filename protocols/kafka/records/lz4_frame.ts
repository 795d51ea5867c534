import { InflateLimitError } from "./inflate_limit.ts";

// A frame of LZ4 (lz4_Frame_format.md of the LZ4 project, version 1.6.4), numbers little end first:
//
//   uint32 magic 184D2204 · uint8 flags · uint8 size of blocks · [uint64 content bytes] · [uint32 dictionary] · uint8 checksum
//   any number of blocks: uint32 bytes, highest bit: not compressed · content · [uint32 checksum]
//   uint32 0 · [uint32 checksum]
//
//   flags: bits 7–6 version 1, 4 blocks have checksums, 3 content bytes are there, 0 a dictionary is there
//
// A block (lz4_Block_format.md) is a run of: uint8 (literals << 4 | match bytes - 4) · [more literals] · literals
// · uint16 distance · [more match bytes]; 15 is followed by bytes that are added, the last of them below 255. The last run ends
// with its literals. The checksums are not looked at: the batch around the frame has its own.

const MAGIC = 0x184D2204;
const HEAD_BYTES = 7;
const HAS_BLOCK_SUMS = 0x10;
const HAS_CONTENT_BYTES = 0x08;
const HAS_DICTIONARY = 0x01;
const PLAIN_BLOCK = 0x80000000;
const LEAST_MATCH = 4;
/** Shorter runs are copied byte by byte. */
const SHORT = 48;

/** A block of a frame: where its content lies. */
interface Lz4Block {
  readonly start: number;
  readonly end: number;
  readonly isPlain: boolean;
}

/**
 * Inflates a frame, whether its blocks are linked or not.
 * @throws {InflateLimitError} when it exceeds the limit, before anything is inflated.
 */
export function inflateLz4(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const blocks = blocksOf(bytes);
  let total = 0;
  for (const block of blocks) {
    total += block.isPlain ? block.end - block.start : inflatedBytes(bytes, block);
    if (total > maxBytes) throw new InflateLimitError(maxBytes);
  }
  const target = new Uint8Array(total);
  let at = 0;
  for (const block of blocks) {
    if (!block.isPlain) at = inflateBlock(bytes, block, { target, at });
    else {
      target.set(bytes.subarray(block.start, block.end), at);
      at += block.end - block.start;
    }
  }
  return target;
}

function blocksOf(bytes: Uint8Array): Lz4Block[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const flags = bytes.length < HEAD_BYTES || view.getUint32(0, true) !== MAGIC ? 0 : view.getUint8(4);
  if (flags >> 6 !== 1) throw new RangeError("No LZ4 frame of version 1");
  if (flags & HAS_DICTIONARY) throw new RangeError("An LZ4 frame wants a dictionary");
  const blocks: Lz4Block[] = [];
  const sumBytes = flags & HAS_BLOCK_SUMS ? 4 : 0;
  for (let at = HEAD_BYTES + (flags & HAS_CONTENT_BYTES ? 8 : 0);;) {
    if (at + 4 > bytes.length) throw new RangeError(`Byte ${at}: an LZ4 frame has no end`);
    const length = view.getUint32(at, true);
    if (length === 0) return blocks;
    const start = at + 4;
    const end = start + length % PLAIN_BLOCK;
    if (end + sumBytes > bytes.length) {
      throw new RangeError(`Byte ${at}: an LZ4 block goes beyond the end`);
    }
    blocks.push({ start, end, isPlain: length >= PLAIN_BLOCK });
    at = end + sumBytes;
  }
}

/** How long a block will be; none that was measured reads or writes beyond an end. */
function inflatedBytes(bytes: Uint8Array, { start, end }: Lz4Block): number {
  let total = 0;
  for (let at = start; at < end;) {
    const token = bytes[at++]!;
    let literals = token >> 4;
    if (literals === 15) { for (let more = 255; more === 255; literals += more) more = bytes[at++]!; }
    at += literals;
    total += literals;
    if (at === end) return total;
    at += 2;
    let match = (token & 15) + LEAST_MATCH;
    if ((token & 15) === 15) { for (let more = 255; more === 255; match += more) more = bytes[at++]!; }
    total += match;
  }
  throw new RangeError(`Byte ${start}: an LZ4 block is damaged`);
}

function inflateBlock(
  bytes: Uint8Array,
  block: Lz4Block,
  { target, at: targetStart }: { readonly target: Uint8Array; readonly at: number },
): number {
  let to = targetStart;
  for (let at = block.start;;) {
    const token = bytes[at++]!;
    let literals = token >> 4;
    if (literals === 15) { for (let more = 255; more === 255; literals += more) more = bytes[at++]!; }
    if (literals > SHORT) target.set(bytes.subarray(at, at + literals), to);
    else for (let from = 0; from < literals; from++) target[to + from] = bytes[at + from]!;
    at += literals;
    to += literals;
    if (at >= block.end) return to;
    const distance = bytes[at]! | bytes[at + 1]! << 8;
    at += 2;
    if (distance === 0 || distance > to) {
      throw new RangeError(`Byte ${at}: an LZ4 block repeats what is not there`);
    }
    let match = (token & 15) + LEAST_MATCH;
    if ((token & 15) === 15) { for (let more = 255; more === 255; match += more) more = bytes[at++]!; }
    if (match > SHORT && distance >= match) target.copyWithin(to, to - distance, to - distance + match);
    else for (let from = 0; from < match; from++) target[to + from] = target[to - distance + from]!;
    to += match;
  }
}
