// Compression for kafkajs, which has gzip alone of its own: the same functions that our own batches are written with.
import { Buffer } from "node:buffer";
import { CompressionCodecs } from "kafkajs";
import type { ProducerOptions } from "../client.ts";
import { compress, COMPRESSION_CODES, inflate } from "../records/compression.ts";

type Compression = ProducerOptions["compression"];
type Codecs = Record<number, () => Codec>;

/** What kafkajs asks of a codec; an encoder is a run of records. */
interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

/** A batch that inflates to more is damaged, or meant to do damage. */
const MAX_INFLATED_BYTES = 128 * 1024 * 1024;
/** kafkajs writes the lowest three bits of a codec's number into a batch; those above tell apart the levels. */
const LEVEL_SHIFT = 3;

const codecs = CompressionCodecs as Codecs;
const numbers = new Map<string, number>();

/** Lets kafkajs read and write every compression; the same for all clients, because kafkajs has one table. */
export function registerCodecs(): void {
  for (const compression of Object.keys(COMPRESSION_CODES) as Compression[]) {
    codecNumber(compression, undefined);
  }
}

/** The number under which kafkajs finds the codec for a compression at a level. */
export function codecNumber(compression: Compression, level: number | undefined): number {
  const code = COMPRESSION_CODES[compression];
  if (compression === "none") return code;
  const key = `${compression} ${level}`;
  const known = numbers.get(key);
  if (known !== undefined) return known;
  const number = level === undefined ? code : code | (numbers.size + 1) << LEVEL_SHIFT;
  codecs[number] = () => ({
    compress: ({ buffer }) => Promise.resolve(asBuffer(compress(buffer, compression, level))),
    decompress: (bytes) => Promise.resolve(asBuffer(inflate(bytes, code, MAX_INFLATED_BYTES))),
  });
  numbers.set(key, number);
  return number;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
