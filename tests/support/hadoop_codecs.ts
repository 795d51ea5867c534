import { Buffer } from "node:buffer";
import { gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import bzip2 from "seek-bzip";
import snappy from "snappyjs";
import type { ByteSink } from "../../protocols/hadoop/byte_sink.ts";

/** Hadoop's readers have no room for more. */
const READER_BYTES = 256 * 1024;

/** What expands files of Hadoop's codecs, by their extensions: whole ones, of any number of streams. */
export const EXPAND: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  ".gz": (bytes) => bytes.length === 0 ? bytes : gunzipSync(bytes),
  ".deflate": (bytes) => expandStreams(bytes, inflateSync),
  ".zst": (bytes) => expandStreams(bytes, zstdDecompressSync),
  ".bz2": (bytes) => bytes.length === 0 ? bytes : bzip2.decode(Buffer.from(bytes), undefined, true),
  ".snappy": (bytes) => expandBlocks(bytes, (piece) => snappy.uncompress(piece)),
  ".lz4": (bytes) => expandBlocks(bytes, expandLz4),
};

/** A sink that keeps what it gets. */
export class KeptBytes implements ByteSink {
  readonly pieces: Uint8Array[] = [];

  write(bytes: Uint8Array): Promise<void> {
    this.pieces.push(bytes);
    return Promise.resolve();
  }

  get bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.pieces));
  }
}

/** Streams one behind the other, each with its end. */
function expandStreams(
  bytes: Uint8Array,
  expand: (bytes: Uint8Array, options: { info: boolean }) => unknown,
): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const { buffer, engine } = expand(bytes.subarray(at), { info: true }) as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    parts.push(buffer);
    at += engine.bytesWritten;
  }
  return new Uint8Array(Buffer.concat(parts));
}

function expandBlocks(bytes: Uint8Array, expand: (piece: Uint8Array) => Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    let left = view.getUint32(at);
    at += 4;
    while (left > 0) {
      const length = view.getUint32(at);
      const part = expand(bytes.subarray(at + 4, at + 4 + length));
      if (Math.max(length, part.length) > READER_BYTES) throw new RangeError(`A piece of ${length} bytes`);
      parts.push(part);
      left -= part.length;
      at += 4 + length;
    }
    if (left < 0) throw new RangeError(`A block that is ${-left} bytes longer than it says`);
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** LZ4 Block Format: sequences of literals and of what stood so far back. */
function expandLz4(piece: Uint8Array): Uint8Array {
  const target = new Uint8Array(READER_BYTES);
  let [at, length] = [0, 0];
  const extend = (short: number) => {
    let sum = short;
    for (let byte = 255; short === 15 && byte === 255; sum += byte) byte = piece[at++]!;
    return sum;
  };
  while (at < piece.length) {
    const token = piece[at++]!;
    const literals = extend(token >>> 4);
    target.set(piece.subarray(at, at + literals), length);
    [at, length] = [at + literals, length + literals];
    if (at === piece.length) break;
    const back = piece[at]! | piece[at + 1]! << 8;
    at += 2;
    for (let left = extend(token & 15) + 4; left > 0; left--, length++) {
      target[length] = target[length - back]!;
    }
  }
  return target.subarray(0, length);
}
