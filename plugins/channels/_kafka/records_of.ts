import { DeliveryError, type EventBatch } from "sluice/plugin";
import type { KafkaProducer, ProducePart, RecordsRefusedError } from "../../../protocols/kafka/client.ts";
import { BATCH_HEAD_BYTES, recordBytes } from "../../../protocols/kafka/records/batch_writer.ts";
import { encodeFlumeEvents } from "../../../protocols/kafka/records/flume_event.ts";
import { StickyPartitioner } from "../../../protocols/kafka/records/partitioner.ts";
import { partOf, splitByPartition } from "../../_kafka/partition_split.ts";

/** How events become records. */
export interface RecordSettings {
  readonly topic: string;
  /** Values are whole events, as Flume's channel writes them; otherwise bodies, and headers are lost. */
  readonly parsesFlumeEvents: boolean;
  readonly partitionIdHeader?: string | undefined;
  readonly defaultPartitionId?: number | undefined;
  readonly batchBytes: number;
  /** Larger records are refused before any of their batch is sent. */
  readonly maxRecordBytes: number;
}

/** How long the brokers are not asked again whether they take what they refused. */
const REFUSAL_MS = 30_000;
/** MESSAGE_TOO_LARGE and RECORD_LIST_TOO_LARGE, as both clients tell of them. */
const TOO_LARGE = /too.?large/i;
/** Flume's name of the header that becomes the key. */
const KEY = "key";

/** Makes the records of what is put, and says where they go. */
export class RecordMaker {
  readonly #settings: RecordSettings;
  readonly #sticky: StickyPartitioner;
  #partitionCount: number | undefined;
  /** What the brokers refused last as too large, and until when they are not asked again. */
  #refused = { bytes: Infinity, untilMs: 0 };

  constructor(settings: RecordSettings) {
    this.#settings = settings;
    this.#sticky = new StickyPartitioner(settings.batchBytes);
  }

  /** How many partitions the topic has; what was known serves while the brokers are away, who get the records later. */
  async partitionCount(producer: KafkaProducer): Promise<number> {
    try {
      return this.#partitionCount = await producer.partitionCount(this.#settings.topic);
    } catch (cause) {
      if (this.#partitionCount === undefined) throw cause;
      return this.#partitionCount;
    }
  }

  /**
   * The records of a batch by partition.
   * @throws {DeliveryError} when an event names no partition of the topic, or is too large.
   */
  partsOf(
    batch: EventBatch,
    { partitionCount: count, nowMs }: { readonly partitionCount: number; readonly nowMs: number },
  ): readonly ProducePart[] {
    const { topic, parsesFlumeEvents, partitionIdHeader, defaultPartitionId } = this.#settings;
    const keys = batch.headers.get(KEY);
    const { shares, odd } = splitByPartition({ topic, count, size: batch.size }, {
      // The header wins over the partition for all.
      numbers: partitionIdHeader === undefined ? undefined : batch.headers.get(partitionIdHeader),
      standard: defaultPartitionId,
      keys,
      other: () => this.#sticky.next({ topic, count, bytes: batch.spanBytes }),
    });
    if (odd.length > 0) throw this.#oddPartition(batch, odd[0]!, count);
    const bodies = parsesFlumeEvents ? encodeFlumeEvents(batch) : batch;
    const columns = { bodies, keys, timestamps: Math.round(batch.bornMs ?? nowMs) };
    const parts = shares.map((share) => partOf(topic, share, columns));
    const { bytes, untilMs } = this.#refused;
    for (const part of parts) this.#refuseLong(part, nowMs < untilMs ? bytes : Infinity);
    return parts;
  }

  /** Notes what is too large for the topic: a source that puts it again must not send the rest of its batch each time. */
  noteRefused({ parts }: RecordsRefusedError, nowMs: number): void {
    for (const { part, indexes, reason } of parts) {
      if (!TOO_LARGE.test(reason)) continue;
      const bytes = Math.min(...indexes.map((index) => BATCH_HEAD_BYTES + recordBytes(part, index)));
      this.#refused = { bytes, untilMs: nowMs + REFUSAL_MS };
    }
  }

  #oddPartition(batch: EventBatch, index: number, count: number): DeliveryError {
    const { topic, partitionIdHeader } = this.#settings;
    const value = JSON.stringify(batch.header(index, partitionIdHeader!)?.slice(0, 80));
    return new DeliveryError(
      `Cannot put: header "${partitionIdHeader}" holds ${value}, topic "${topic}" has partitions 0 to ${
        count - 1
      }`,
    );
  }

  #refuseLong(part: ProducePart, refusedBytes: number): void {
    const { maxRecordBytes, topic } = this.#settings;
    const limitBytes = Math.min(maxRecordBytes, refusedBytes - 1);
    const { bodies: { starts, ends, size }, keys = "" } = part;
    for (let index = 0; index < size; index++) {
      const key = typeof keys === "string" ? keys : keys[index] ?? "";
      // All others are small enough, however it is counted.
      if (2 * (ends[index]! - starts[index]! + 3 * key.length) < limitBytes - BATCH_HEAD_BYTES) continue;
      const bytes = BATCH_HEAD_BYTES + recordBytes(part, index);
      if (bytes <= limitBytes) continue;
      throw new DeliveryError(
        bytes > maxRecordBytes
          ? `Cannot put: an event of ${bytes} bytes is larger than kafka.producer.max.request.size, ` +
            `${maxRecordBytes}; raise it, and max.message.bytes of topic "${topic}"`
          : `Cannot put: the brokers have just refused ${refusedBytes} bytes, and an event of the batch has ${bytes}; ` +
            `raise max.message.bytes of topic "${topic}"`,
      );
    }
  }
}
