// Record batches made and read by others, to hold ours against.
import { Buffer } from "node:buffer";
import { createRecordsBatch, Reader, readRecordsBatch, type RecordsBatch } from "@platformatic/kafka";
import type { ProducePart, TextColumn } from "../../../../protocols/kafka/client.ts";
import { type ReadOptions, readRecords } from "../../../../protocols/kafka/records/batch_reader.ts";
import { type BatchSeal, RecordBatchWriter } from "../../../../protocols/kafka/records/batch_writer.ts";
import type { FetchedColumns } from "../../../../protocols/kafka/records/chunk_reader.ts";
import { crc32c } from "../../../../protocols/kafka/records/crc32c.ts";

/** One record as it may lie in a batch. */
export interface WireRecord {
  readonly key?: Uint8Array | null | undefined;
  readonly value: Uint8Array | null;
  readonly headers?: readonly (readonly [string, Uint8Array | null])[] | undefined;
  readonly timeMs?: number | undefined;
}

/** One record as text, and what is known of it when it was read. */
export interface TextRecord {
  readonly key?: string | undefined;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeMs: number;
}

export type Compression = BatchSeal["compression"];
export const COMPRESSIONS: readonly Compression[] = ["none", "gzip", "snappy", "lz4", "zstd"];
export const PLAIN: BatchSeal = {
  compression: "none",
  producerId: -1,
  producerEpoch: -1,
  baseSequence: -1,
  isTransactional: false,
};

/** A batch as the library writes it. */
export function libraryBatch(records: readonly WireRecord[], compression: Compression = "none"): Uint8Array {
  const sent = records.map(({ key, value, headers = [], timeMs = 0 }) => ({
    key,
    value,
    headers: new Map(headers.map(([name, text]) => [Buffer.from(name), text])),
    timestamp: BigInt(timeMs),
    topic: "t",
  }));
  return Uint8Array.from(createRecordsBatch(sent as never, { compression, producerId: -1n }).buffer);
}

/** What of a batch's head is set anew. */
export interface HeadPatch {
  readonly baseOffset?: number;
  readonly lastOffsetDelta?: number;
  readonly attributes?: number;
  readonly maxMs?: number;
  readonly producerId?: number;
  readonly count?: number;
}

/** The same batch with another head, and a checksum that fits. */
export function patched(batch: Uint8Array, patch: HeadPatch): Uint8Array {
  const bytes = Uint8Array.from(batch);
  const view = new DataView(bytes.buffer);
  if (patch.baseOffset !== undefined) view.setBigInt64(0, BigInt(patch.baseOffset));
  if (patch.attributes !== undefined) view.setInt16(21, patch.attributes);
  if (patch.lastOffsetDelta !== undefined) view.setInt32(23, patch.lastOffsetDelta);
  if (patch.maxMs !== undefined) view.setBigInt64(35, BigInt(patch.maxMs));
  if (patch.producerId !== undefined) view.setBigInt64(43, BigInt(patch.producerId));
  if (patch.count !== undefined) view.setInt32(57, patch.count);
  view.setUint32(17, crc32c(bytes, 21, bytes.length));
  return bytes;
}

/** Text values in a batch of ours, which begins at an offset. */
export function batchAt(
  baseOffset: number,
  values: readonly string[],
  seal: Partial<BatchSeal> = {},
): Uint8Array {
  const part = partOf(values.map((body) => ({ body, timeMs: 1000 })));
  return patched(written(part, { ...PLAIN, ...seal }), { baseOffset });
}

/** A part of one batch of ours. */
export function written(part: ProducePart, seal: BatchSeal = PLAIN): Uint8Array {
  const writer = new RecordBatchWriter({ maxBytes: 1024 * 1024 });
  writer.append(part, 0);
  return writer.finish(seal).slice();
}

/** A batch as the library reads it. */
export function libraryRead(batch: Uint8Array): RecordsBatch {
  return readRecordsBatch(Reader.from(Buffer.from(batch)));
}

/** Columns of texts; a column is one string where all are equal, as batches have it. */
export function partOf(records: readonly TextRecord[]): ProducePart {
  const bodies = records.map(({ body }) => Buffer.from(body));
  // Something lies in front of, between and behind the bodies.
  const block = Buffer.concat([Buffer.from("##"), ...bodies.flatMap((body) => [body, Buffer.from("\n")])]);
  const starts = new Uint32Array(records.length);
  const ends = new Uint32Array(records.length);
  for (let at = 2, index = 0; index < records.length; at = ends[index++]! + 1) {
    starts[index] = at;
    ends[index] = at + bodies[index]!.length;
  }
  const names = new Set(records.flatMap(({ headers }) => Object.keys(headers ?? {})));
  return {
    topic: "t",
    partition: 0,
    bodies: { block: new Uint8Array(block), starts, ends, size: records.length },
    keys: column(records.map(({ key }) => key)),
    headers: new Map(
      [...names].map((name) => [name, column(records.map(({ headers }) => headers?.[name]))!]),
    ),
    timestamps: Float64Array.from(records, ({ timeMs }) => timeMs),
  };
}

function column(texts: readonly (string | undefined)[]): TextColumn | undefined {
  const [first] = texts;
  if (texts.every((text) => text === undefined)) return undefined;
  return first !== undefined && texts.every((text) => text === first) ? first : texts;
}

/** All chunks of a fetch answer. */
export function readAll(
  batches: Uint8Array | readonly Uint8Array[],
  options: Partial<ReadOptions> = {},
): FetchedColumns[] {
  const bytes = batches instanceof Uint8Array ? batches : joined(batches);
  const standard = { fromOffset: 0, wantsHeaders: true, maxRecords: 1000, checksCrc: true };
  return [...readRecords(bytes, { ...standard, maxInflatedBytes: 1024 * 1024, ...options })];
}

export function joined(batches: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(batches));
}

/** The records of a chunk, one by one. */
export function recordsOf({ bodies, keys, headers, timestamps }: FetchedColumns): TextRecord[] {
  return Array.from({ length: bodies.size }, (_, index) => {
    const cells = Array.from(headers ?? [], ([name, texts]) => [name, cell(texts, index)] as const);
    return {
      key: cell(keys, index),
      body: Buffer.from(bodies.block.subarray(bodies.starts[index], bodies.ends[index])).toString(),
      headers: Object.fromEntries(cells.filter((pair): pair is [string, string] => pair[1] !== undefined)),
      timeMs: timestamps[index]!,
    };
  });
}

function cell(texts: TextColumn | undefined, index: number): string | undefined {
  return typeof texts === "object" ? texts[index] : texts;
}
