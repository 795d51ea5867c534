import { lz4Compress, snappyCompress } from "@platformatic/wasm-utils";
import type { ByteSink, CompressedStream } from "./byte_sink.ts";
import { joinBytes } from "./join_bytes.ts";
import { writeInt } from "./numbers.ts";

// Hadoop's framing for codecs that compress a piece at a time (its class BlockCompressorStream), without head or end:
//   4 bytes of a block before compression · pieces until that many bytes have come
//   piece  4 bytes of it · the piece, compressed: raw Snappy, or a block of LZ4
// Numbers have the big end first.

/** The buffer of Hadoop's readers: neither a piece nor what becomes of it may be longer. */
const READER_BYTES = 256 * 1024;
/** Bytes that are compressed at a time; what Snappy and LZ4 make of them at worst fits the buffer, too. */
const BLOCK_BYTES = READER_BYTES - Math.ceil(READER_BYTES / 6) - 32;
const LENGTH_BYTES = 4;

/** Compresses one block of at most `BLOCK_BYTES` into one or more pieces. */
export type CompressPieces = (block: Uint8Array) => readonly Uint8Array[];

/** A block as Snappy (format_description.txt of Snappy). */
export function snappyPieces(block: Uint8Array): readonly Uint8Array[] {
  return [snappyCompress(block as Parameters<typeof snappyCompress>[0])];
}

/**
 * A block as LZ4. The library makes a frame, of which only the blocks are wanted (LZ4 Frame Format 1.6):
 *   4 magic · flags · block size · header checksum · blocks · 4 zeros
 *   block  4 length, the small end first, its highest bit set when it is not compressed · bytes
 */
export function lz4Pieces(block: Uint8Array): readonly Uint8Array[] {
  const frame = lz4Compress(block as Parameters<typeof lz4Compress>[0]);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const pieces: Uint8Array[] = [];
  for (let at = 7;;) {
    const length = view.getUint32(at, true);
    if (length === 0) return pieces;
    const bytes = length & 0x7FFFFFFF;
    const piece = frame.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + bytes);
    pieces.push(length === bytes ? piece : lz4Literals(piece));
    at += LENGTH_BYTES + bytes;
  }
}

/** LZ4 Block Format: a last sequence, which is literals only. Token 15 << 4, then bytes of 255 and the rest above 15. */
function lz4Literals(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 15) return Uint8Array.of(bytes.length << 4, ...bytes);
  const more = bytes.length - 15;
  const full = Math.floor(more / 255);
  const block = new Uint8Array(2 + full + bytes.length).fill(255, 1, 1 + full);
  block[0] = 15 << 4;
  block[1 + full] = more % 255;
  block.set(bytes, 2 + full);
  return block;
}

/** Compresses all at once, as one section of a SequenceFile. */
export function compressBlocks(bytes: Uint8Array, compress: CompressPieces): Uint8Array {
  const framed: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    framed.push(frameBlock(bytes.subarray(at, at + BLOCK_BYTES), compress));
  }
  return joinBytes(framed);
}

function frameBlock(block: Uint8Array, compress: CompressPieces): Uint8Array {
  return joinBytes([
    lengthOf(block),
    ...compress(block).flatMap((piece) => [lengthOf(piece), piece]),
  ]);
}

function lengthOf({ length }: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES);
  writeInt(bytes, 0, length);
  return bytes;
}

/** Compresses a file block by block; what makes no full block waits for more, or for `finish`. */
export class BlockStream implements CompressedStream {
  readonly #sink: ByteSink;
  readonly #compress: CompressPieces;
  #block: Uint8Array | undefined;
  #length = 0;

  constructor(sink: ByteSink, compress: CompressPieces) {
    this.#sink = sink;
    this.#compress = compress;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const taken = Math.min(BLOCK_BYTES - this.#length, bytes.length - at);
      const part = bytes.subarray(at, at + taken);
      at += taken;
      if (taken === BLOCK_BYTES) await this.#sink.write(frameBlock(part, this.#compress));
      else await this.#keep(part);
    }
  }

  async finish(): Promise<void> {
    if (this.#length === 0) return;
    const block = this.#block!.subarray(0, this.#length);
    this.#length = 0;
    await this.#sink.write(frameBlock(block, this.#compress));
  }

  abort(): void {
    this.#block = undefined;
    this.#length = 0;
  }

  async #keep(part: Uint8Array): Promise<void> {
    const block = this.#block ??= new Uint8Array(BLOCK_BYTES);
    block.set(part, this.#length);
    this.#length += part.length;
    if (this.#length === BLOCK_BYTES) await this.finish();
  }
}
