import type { Buffer } from "node:buffer";
import { compressionsAlgorithms } from "@platformatic/kafka";
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { ProducerOptions } from "../client.ts";
import { InflateLimitError } from "./inflate_limit.ts";
import { inflateLz4 } from "./lz4_frame.ts";
import { compressSnappy, inflateSnappy } from "./snappy_stream.ts";

/** Bits 0–2 of a batch's attributes. */
export const COMPRESSION_CODES: Readonly<Record<ProducerOptions["compression"], number>> = {
  none: 0,
  gzip: 1,
  snappy: 2,
  lz4: 3,
  zstd: 4,
};

/** Of what is inflated in one go: large, so that there are few pieces to be joined, but not for small batches. */
const LEAST_CHUNK_BYTES = 4 * 1024;
const MOST_CHUNK_BYTES = 256 * 1024;
/** How often the inflated bytes are about as many. */
const EXPECTED_RATIO = 4;

type Inflate = (bytes: Uint8Array, maxBytes: number) => Uint8Array;

const INFLATES: readonly (Inflate | undefined)[] = [
  undefined,
  (bytes, maxBytes) => gunzipSync(bytes, zlibOptions(bytes, maxBytes)),
  inflateSnappy,
  inflateLz4,
  (bytes, maxBytes) => zstdDecompressSync(bytes, zlibOptions(bytes, maxBytes)),
];

/**
 * Compresses the records of a batch as the Java client does: snappy in its stream framing, lz4 in independent blocks. Those two
 * have no levels here.
 */
export function compress(
  bytes: Uint8Array,
  compression: ProducerOptions["compression"],
  level: number | undefined,
): Uint8Array {
  switch (compression) {
    case "none":
      return bytes;
    case "gzip":
      return gzipSync(bytes, level === undefined ? {} : { level });
    case "snappy":
      return compressSnappy(bytes);
    case "lz4":
      return compressionsAlgorithms.lz4.compressSync(bytes as Buffer);
    case "zstd":
      return zstdCompressSync(
        bytes,
        level === undefined ? {} : { params: { [constants.ZSTD_c_compressionLevel]: level } },
      );
  }
}

/**
 * Inflates the records of a batch.
 * @throws {InflateLimitError} when they are longer than the limit.
 * @throws when they are damaged.
 */
export function inflate(bytes: Uint8Array, code: number, maxBytes: number): Uint8Array {
  const inflateAll = INFLATES[code];
  if (!inflateAll) throw new RangeError(`No compression has the number ${code}`);
  try {
    return inflateAll(bytes, maxBytes);
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== "ERR_BUFFER_TOO_LARGE") throw cause;
    throw new InflateLimitError(maxBytes, { cause });
  }
}

function zlibOptions(bytes: Uint8Array, maxOutputLength: number) {
  const expected = Math.max(LEAST_CHUNK_BYTES, bytes.length * EXPECTED_RATIO);
  return { maxOutputLength, chunkSize: Math.min(MOST_CHUNK_BYTES, expected) };
}
