import { Buffer } from "node:buffer";
import type { ProducePart, ProducerOptions } from "../client.ts";
import { compress, COMPRESSION_CODES } from "./compression.ts";
import { crc32c } from "./crc32c.ts";
import { textsOf } from "./part_texts.ts";
import { varintBytes, writeVarint } from "./varint.ts";

/** Bytes of a batch in front of its first record. */
export const BATCH_HEAD_BYTES = 61;
/** From the field behind the length on, so much of the head counts as content. */
const LENGTH_END = 12;
const CRC_END = 21;
const MAGIC = 2;
const TRANSACTIONAL = 0x10;
/** A writer of a few events stays small. */
const LEAST_BYTES = 1024;
/** Longer bodies are copied by a call. */
const LONG_BODY = 1024;

/** Who sends a batch, and how. */
export interface BatchSeal {
  readonly compression: ProducerOptions["compression"];
  readonly compressionLevel?: number | undefined;
  /** -1: a producer without numbers. */
  readonly producerId: bigint | number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly isTransactional: boolean;
}

/**
 * Writes records straight from the columns of events into one run of bytes: RecordBatch version 2 (KIP-98; "Record Batch" in
 * Kafka's documentation of its implementation).
 *
 * ```text
 *  0 int64  base offset, 0: the broker sets it     27 int64  time of the first record
 *  8 int32  bytes that follow                      35 int64  greatest time
 * 12 int32  partition leader epoch, -1             43 int64  producer id
 * 16 int8   magic, 2                               51 int16  producer epoch
 * 17 uint32 CRC-32C of all that follows            53 int32  number of the first record
 * 21 int16  attributes: 0–2 compression,           57 int32  count of records
 *           4 transactional, 5 control             61        records; all of them compressed as one
 * 23 int32  count of records - 1
 *
 * record   varint bytes that follow · int8 0 · varint time - first time · varint place in the batch
 *          · bytes key · bytes value · varint count of headers · headers
 * header   bytes name · bytes value
 * bytes    varint length, -1 for null · bytes
 * ```
 * Fixed numbers are big-endian, varints zig-zag.
 */
export class RecordBatchWriter {
  readonly #maxBytes: number;
  #target = Buffer.alloc(0);
  #view = new DataView(this.#target.buffer);
  #at = BATCH_HEAD_BYTES;
  #size = 0;
  #baseMs = 0;
  #maxMs = 0;
  /** Where the compressed records end, once they are. */
  #packedEnd: number | undefined;

  /** A batch grows up to `maxBytes`, before compression. */
  constructor(options: { readonly maxBytes: number }) {
    this.#maxBytes = options.maxBytes;
  }

  /** Records in the batch so far. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of the batch so far, uncompressed, with its head. */
  get bytes(): number {
    return this.#at;
  }

  /**
   * Copies records of a part, from a place on, as long as the batch does not grow beyond `maxBytes`; a first record is always
   * taken. Answers how many were taken.
   */
  append(part: ProducePart, from: number): number {
    const { size, block, starts, ends } = part.bodies;
    const source = new DataView(block.buffer, block.byteOffset, block.length);
    const texts = textsOf(part);
    const { timestamps } = part;
    if (this.#size === 0) this.#startAt(typeof timestamps === "number" ? timestamps : timestamps[from] ?? 0);
    for (let index = from; index < size; index++) {
      const bodyBytes = ends[index]! - starts[index]!;
      const timeMs = typeof timestamps === "number" ? timestamps : timestamps[index]!;
      const innerBytes = 1 + varintBytes(timeMs - this.#baseMs) + varintBytes(this.#size) +
        (texts.evenBytes ?? texts.bytes(index)) + varintBytes(bodyBytes) + bodyBytes;
      const end = this.#at + varintBytes(innerBytes) + innerBytes;
      if (end > this.#maxBytes && this.#size > 0) return index - from;
      if (end > this.#target.length) this.#grow(end);
      if (timeMs > this.#maxMs) this.#maxMs = timeMs;
      const target = this.#target;
      let at = writeVarint(target, this.#at, innerBytes);
      target[at++] = 0;
      at = writeVarint(target, writeVarint(target, at, timeMs - this.#baseMs), this.#size++);
      at = writeVarint(target, texts.writeKey(target, at, index), bodyBytes);
      copyBody(source, starts[index]!, { target: this.#view, at, bytes: bodyBytes });
      this.#at = texts.writeHeaders(target, at + bodyBytes, index);
    }
    return size - from;
  }

  /**
   * Seals the batch: compresses the records and writes the head. May be called again, with other numbers. The bytes are the
   * writer's own and stay until `reset`.
   */
  finish(seal: BatchSeal): Uint8Array {
    if (seal.compression !== "none") this.#packedEnd ??= this.#pack(seal);
    const end = this.#packedEnd ?? this.#at;
    const view = this.#view;
    view.setBigInt64(0, 0n);
    view.setInt32(8, end - LENGTH_END);
    view.setInt32(12, -1);
    view.setInt8(16, MAGIC);
    view.setInt16(21, COMPRESSION_CODES[seal.compression] | (seal.isTransactional ? TRANSACTIONAL : 0));
    view.setInt32(23, this.#size - 1);
    view.setBigInt64(27, BigInt(this.#baseMs));
    view.setBigInt64(35, BigInt(this.#maxMs));
    view.setBigInt64(43, BigInt(seal.producerId));
    view.setInt16(51, seal.producerEpoch);
    view.setInt32(53, seal.baseSequence);
    view.setInt32(57, this.#size);
    view.setUint32(17, crc32c(this.#target, CRC_END, end));
    // Not a Buffer: its slice() would not copy.
    return new Uint8Array(this.#target.buffer, this.#target.byteOffset, end);
  }

  /** Starts anew in the same memory; what `finish` gave may be overwritten from now on. */
  reset(): void {
    if (this.#target.length > this.#maxBytes) this.#resize(0);
    this.#at = BATCH_HEAD_BYTES;
    this.#size = 0;
    this.#packedEnd = undefined;
  }

  #startAt(timeMs: number): void {
    this.#baseMs = timeMs;
    this.#maxMs = timeMs;
  }

  /** The records are not needed any more once they are compressed, so that their place is taken. */
  #pack({ compression, compressionLevel }: BatchSeal): number {
    const packed = compress(this.#target.subarray(BATCH_HEAD_BYTES, this.#at), compression, compressionLevel);
    const end = BATCH_HEAD_BYTES + packed.length;
    if (end > this.#target.length) this.#grow(end);
    this.#target.set(packed, BATCH_HEAD_BYTES);
    return end;
  }

  #grow(bytes: number): void {
    const doubled = Math.min(this.#target.length * 2, this.#maxBytes);
    this.#resize(Math.max(bytes, LEAST_BYTES, doubled));
  }

  #resize(bytes: number): void {
    const grown = Buffer.allocUnsafeSlow(bytes);
    if (bytes > 0) grown.set(this.#target.subarray(0, this.#at));
    this.#target = grown;
    this.#view = new DataView(grown.buffer, grown.byteOffset, grown.length);
  }
}

/** The bytes that one record of a part takes, were it the first of its batch. */
export function recordBytes(part: ProducePart, index: number): number {
  const bodyBytes = part.bodies.ends[index]! - part.bodies.starts[index]!;
  const innerBytes = 3 + textsOf(part).bytes(index) + varintBytes(bodyBytes) + bodyBytes;
  return varintBytes(innerBytes) + innerBytes;
}

function copyBody(
  source: DataView,
  from: number,
  { target, at, bytes }: { target: DataView; at: number; bytes: number },
): void {
  if (bytes > LONG_BODY) {
    return new Uint8Array(target.buffer).set(
      new Uint8Array(source.buffer, source.byteOffset + from, bytes),
      at,
    );
  }
  const long = bytes & ~7;
  // Eight bytes a step: faster than a view for the call, and than single bytes.
  for (let done = 0; done < long; done += 8) target.setBigInt64(at + done, source.getBigInt64(from + done));
  for (let done = long; done < bytes; done++) target.setUint8(at + done, source.getUint8(from + done));
}
