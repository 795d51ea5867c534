import { KafkaError } from "../kafka_error.ts";
import { crc32c } from "./crc32c.ts";

// The head of a record batch, drawn above `RecordBatchWriter`.

const HEAD_BYTES = 61;
/** Offset of the first batch, and the length: what must be there to know how long a batch is. */
const LENGTH_END = 12;
const LENGTH_AT = 8;
const MAGIC_AT = 16;
const CRC_AT = 17;
const CRC_END = 21;
const MAGIC = 2;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const LOG_APPEND_TIME = 0x08;
const COMPRESSION = 0x07;
/** Length, attributes, time, place, key, value and headers: a byte each. */
export const LEAST_RECORD_BYTES = 7;

/** What the head of a batch tells. */
export interface BatchHead {
  /** Offset of its first record; that of the first one left, if the log was compacted, may be greater. */
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** Of the compression; 0: none. */
  readonly compression: number;
  readonly isControl: boolean;
  /** Of the producer, when the batch belongs to a transaction. */
  readonly transactionOf: bigint | undefined;
  readonly baseMs: number;
  /** When the broker took it, if that is what the topic wants to know. */
  readonly appendedMs: number | undefined;
  /** Records in it. */
  readonly count: number;
  /** Where the records lie in the bytes that were fetched. */
  readonly start: number;
  readonly end: number;
}

/**
 * How many bytes the batch at the beginning of a fetch answer takes; 0 when the answer is too short to tell. Where that is more
 * than there are, nothing can be read, and more must be fetched.
 */
export function firstBatchBytes(bytes: Uint8Array): number {
  return bytes.length < LENGTH_END ? 0 : LENGTH_END + viewOf(bytes).getInt32(LENGTH_AT);
}

/**
 * Reads the head of the batch that begins at an offset; undefined when the bytes end before the batch does.
 * @throws {KafkaError} when it is damaged or of an older version.
 */
export function readBatchHead(
  bytes: Uint8Array,
  at: number,
  { checksCrc, where = "Fetch" }: { readonly checksCrc: boolean; readonly where?: string | undefined },
): BatchHead | undefined {
  const view = viewOf(bytes);
  if (at + CRC_AT > bytes.length) return undefined;
  const baseOffset = Number(view.getBigInt64(at));
  const fault = (what: string) => corrupt(`${where}: batch at offset ${baseOffset}, byte ${at}: ${what}`);
  const length = view.getInt32(at + LENGTH_AT);
  const magic = view.getInt8(at + MAGIC_AT);
  if (length < (magic === MAGIC ? HEAD_BYTES - LENGTH_END : 0)) throw fault(`a length of ${length} bytes`);
  const end = at + LENGTH_END + length;
  if (end > bytes.length) return undefined;
  if (magic !== MAGIC) throw olderVersion(`${where}: batch at offset ${baseOffset}`, magic);
  const sum = view.getUint32(at + CRC_AT);
  if (checksCrc && crc32c(bytes, at + CRC_END, end) !== sum) throw fault("its CRC-32C is wrong");
  const head = headOf(view, at, { baseOffset, end });
  if (!isSound(head)) throw fault(`${head.count} records up to offset ${head.lastOffset} in ${length} bytes`);
  return head;
}

/** Makes the error for bytes that are no records. */
export function corrupt(text: string, cause?: unknown): KafkaError {
  return new KafkaError(text, { code: "CORRUPT_RECORD", cause });
}

function headOf(
  view: DataView,
  at: number,
  { baseOffset, end }: { readonly baseOffset: number; readonly end: number },
): BatchHead {
  const attributes = view.getInt16(at + 21);
  return {
    baseOffset,
    lastOffset: baseOffset + view.getInt32(at + 23),
    compression: attributes & COMPRESSION,
    isControl: (attributes & CONTROL) !== 0,
    transactionOf: attributes & TRANSACTIONAL ? view.getBigInt64(at + 43) : undefined,
    baseMs: Number(view.getBigInt64(at + 27)),
    appendedMs: attributes & LOG_APPEND_TIME ? Number(view.getBigInt64(at + 35)) : undefined,
    count: view.getInt32(at + 57),
    start: at + HEAD_BYTES,
    end,
  };
}

/** Whether the numbers fit each other and the bytes that are there; compaction may leave fewer records than offsets. */
function isSound({ baseOffset, lastOffset, count, compression, start, end }: BatchHead): boolean {
  if (baseOffset < 0 || lastOffset > Number.MAX_SAFE_INTEGER || lastOffset < baseOffset) return false;
  if (count < 0 || count > lastOffset - baseOffset + 1) return false;
  return compression !== 0 || count * LEAST_RECORD_BYTES <= end - start;
}

function olderVersion(where: string, magic: number): KafkaError {
  const text =
    `${where}: format ${magic} of Kafka before 0.11 is not read (let "client: kafkajs" read this topic, ` +
    "or copy it with a newer producer)";
  return new KafkaError(text, { code: "UNSUPPORTED_FOR_MESSAGE_FORMAT", canRetry: false });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
