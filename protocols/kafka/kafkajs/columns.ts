import { Buffer } from "node:buffer";
import type { KafkaMessage } from "kafkajs";
import type { ConsumerOptions, FetchedRecords } from "../client.ts";
import { TextColumns } from "../records/text_columns.ts";

/** Records as columns, and their values. */
export type RecordColumns = Pick<
  FetchedRecords,
  "bodies" | "offsets" | "timestamps" | "keys" | "headers" | "nulls"
>;

type Header = NonNullable<KafkaMessage["headers"]>[string];

/** Where the next text goes, and which record it belongs to. */
interface Cursor {
  at: number;
  readonly block: Buffer;
  readonly texts: TextColumns;
}

/** Puts kafkajs's objects into columns; bodies, keys and headers are copied into one block. */
export function toColumns(
  records: readonly KafkaMessage[],
  options: Pick<ConsumerOptions, "wantsHeaders">,
): RecordColumns {
  const size = records.length;
  const block = Buffer.allocUnsafe(records.reduce((sum, one) => sum + bytesOf(one, options.wantsHeaders), 0));
  const cursor = { at: 0, block, texts: new TextColumns(block) };
  const starts = new Uint32Array(size);
  const ends = new Uint32Array(size);
  const nulls: number[] = [];
  for (const [index, { value }] of records.entries()) {
    if (value === null) nulls.push(index);
    starts[index] = cursor.at;
    ends[index] = cursor.at += value?.copy(block, cursor.at) ?? 0;
  }
  for (const [index, one] of records.entries()) putTexts(cursor, one, { index, ...options });
  const keys = cursor.texts.keys(size);
  const headers = cursor.texts.headers(size);
  return {
    bodies: { block, starts, ends, size },
    offsets: Float64Array.from(records, ({ offset }) => Number(offset)),
    timestamps: Float64Array.from(records, ({ timestamp }) => Number(timestamp)),
    ...keys !== undefined && { keys },
    ...headers && { headers },
    ...nulls.length > 0 && { nulls },
  };
}

function putTexts(
  cursor: Cursor,
  { key, headers }: KafkaMessage,
  { index, wantsHeaders }: { index: number; wantsHeaders: boolean },
): void {
  if (key !== null) cursor.texts.key(index, ...put(cursor, key));
  if (!wantsHeaders || !headers) return;
  cursor.texts.startHeaders();
  for (const [name, value] of Object.entries(headers)) {
    cursor.texts.name(...put(cursor, Buffer.from(name)));
    cursor.texts.value(index, ...put(cursor, bytesOfHeader(value)));
  }
}

function put(cursor: Cursor, bytes: Buffer): [start: number, end: number] {
  const start = cursor.at;
  cursor.at += bytes.copy(cursor.block, start);
  return [start, cursor.at];
}

function bytesOf({ key, value, headers }: KafkaMessage, wantsHeaders: boolean): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  if (!wantsHeaders || !headers) return bytes;
  for (const [name, value] of Object.entries(headers)) {
    bytes += Buffer.byteLength(name) + bytesOfHeader(value).length;
  }
  return bytes;
}

const EMPTY = Buffer.alloc(0);

/** Of headers with one name the last one counts; null is an empty text. */
function bytesOfHeader(value: Header): Buffer {
  const last = Array.isArray(value) ? value.at(-1) : value;
  return last === undefined || last === null ? EMPTY : Buffer.from(last as Buffer);
}
