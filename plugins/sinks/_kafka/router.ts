import { type Column, type EventBatch, type Logger, PoisonError } from "sluice/plugin";
import { type ProducePart, RecordsRefusedError } from "../../../protocols/kafka/client.ts";
import { BATCH_HEAD_BYTES, recordBytes } from "../../../protocols/kafka/records/batch_writer.ts";
import { encodeFlumeEvents } from "../../../protocols/kafka/records/flume_event.ts";
import { StickyPartitioner } from "../../../protocols/kafka/records/partitioner.ts";
import {
  partOf,
  type RecordColumns,
  splitByPartition,
  type TopicShare,
} from "../../_kafka/partition_split.ts";
import { isTopicName, type TopicTemplate } from "./topic_template.ts";

/** What decides where an event goes and what goes with it. */
export interface RouteSettings {
  readonly template: TopicTemplate;
  /** Header that chooses the topic; undefined where none may. */
  readonly topicHeader: string | undefined;
  readonly partitionIdHeader: string | undefined;
  readonly defaultPartitionId: number | undefined;
  readonly timestampHeader: string | undefined;
  /** Headers that are sent: all, or those named; besides the renamed ones. */
  readonly headers: true | readonly string[];
  /** Flume's header → Kafka's. */
  readonly renamed: ReadonlyMap<string, string>;
  readonly isFlumeFormat: boolean;
  readonly batchBytes: number;
  readonly maxRecordBytes: number;
}

/** Flume's name of the header that becomes the key. */
const KEY = "key";
/** What a record needs beside its body where it has neither key nor headers. */
const RECORD_HEAD_BYTES = 64;

/** Records for one partition, and which events of the batch they are; without places all of them. */
export interface RoutedPart {
  readonly part: ProducePart;
  readonly places: Uint32Array | undefined;
}

/** Makes records of batches and says where they go. */
export class Router {
  readonly #settings: RouteSettings;
  readonly #log: Logger;
  readonly #sticky: StickyPartitioner;
  #hasToldTimestamp = false;

  constructor(settings: RouteSettings, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    this.#sticky = new StickyPartitioner(settings.batchBytes);
  }

  /**
   * A batch without keys and choices of its own becomes one part without a look at its events.
   * @throws {PoisonError} for events that no broker would take.
   */
  async route(
    batch: EventBatch,
    { nowMs, countOf }: { readonly nowMs: number; countOf(topic: string): Promise<number> },
  ): Promise<readonly RoutedPart[]> {
    const columns = this.#columns(batch, nowMs);
    const routed: RoutedPart[] = [];
    const odd: number[] = [];
    for (const share of shareByTopic(this.#topics(batch), batch.size)) {
      const count = await countOf(share.topic);
      const split = this.#split({ ...share, count }, batch);
      odd.push(...split.odd);
      for (const one of split.shares) {
        routed.push({ part: partOf(share.topic, one, columns), places: one.places });
      }
    }
    if (odd.length > 0) throw this.#oddPartition(batch, odd.sort((one, other) => one - other));
    this.#refuseLong(routed);
    return routed;
  }

  #topics(batch: EventBatch): Column {
    const { template, topicHeader } = this.#settings;
    const chosen = topicHeader === undefined ? undefined : batch.headers.get(topicHeader);
    if (typeof chosen === "string") return chosen;
    const topics = template.topics(batch);
    if (chosen === undefined) return topics;
    return chosen.map((topic, index) => topic ?? (typeof topics === "string" ? topics : topics[index]));
  }

  #columns(batch: EventBatch, nowMs: number): RecordColumns {
    const keys = batch.headers.get(KEY);
    const headers = this.#headers(batch);
    return {
      bodies: this.#settings.isFlumeFormat ? encodeFlumeEvents(batch) : batch,
      ...keys !== undefined && { keys },
      ...headers.size > 0 && { headers },
      timestamps: this.#timestamps(batch, nowMs),
    };
  }

  #headers(batch: EventBatch): ReadonlyMap<string, Column> {
    const { headers, renamed } = this.#settings;
    if (headers === true && renamed.size === 0) return batch.headers;
    const sent = new Map<string, Column>(headers === true ? batch.headers : []);
    const pairs = headers === true ? renamed : [...headers.map((name) => [name, name] as const), ...renamed];
    for (const [name, kafkaName] of pairs) {
      const column = batch.headers.get(name);
      if (column !== undefined) sent.set(kafkaName, column);
    }
    return sent;
  }

  #timestamps(batch: EventBatch, nowMs: number): number | Float64Array {
    const { timestampHeader } = this.#settings;
    const column = timestampHeader === undefined ? undefined : batch.headers.get(timestampHeader);
    if (typeof column !== "object") return this.#timestamp(column, nowMs);
    return Float64Array.from({ length: batch.size }, (_, index) => this.#timestamp(column[index], nowMs));
  }

  /** As in Flume what is no time leaves the record's time to the sender. */
  #timestamp(text: string | undefined, nowMs: number): number {
    if (text === undefined) return nowMs;
    const ms = /^\+?\d{1,15}$/.test(text) ? Number(text) : undefined;
    if (ms === undefined && !this.#hasToldTimestamp) {
      this.#hasToldTimestamp = true;
      const header = this.#settings.timestampHeader;
      const shown = JSON.stringify(text.slice(0, 80));
      this.#log.warn(
        `Header "${header}" holds ${shown}, which is no time in ms: such events get the time of sending`,
      );
    }
    return ms ?? nowMs;
  }

  #split(share: TopicShare, batch: EventBatch) {
    const { partitionIdHeader, defaultPartitionId } = this.#settings;
    const bytes = share.places ? Math.ceil(batch.spanBytes * share.size / batch.size) : batch.spanBytes;
    return splitByPartition(share, {
      numbers: partitionIdHeader === undefined ? undefined : batch.headers.get(partitionIdHeader),
      standard: defaultPartitionId,
      keys: batch.headers.get(KEY),
      other: () => this.#sticky.next({ topic: share.topic, count: share.count, bytes }),
    });
  }

  #oddPartition(batch: EventBatch, indexes: readonly number[]): PoisonError {
    const header = this.#settings.partitionIdHeader!;
    const value = JSON.stringify(batch.header(indexes[0]!, header)?.slice(0, 80));
    return new PoisonError(`Header "${header}" holds ${value}, which is no partition of the topic`, indexes);
  }

  /** Before anything of the batch is sent, so that none of it comes twice. */
  #refuseLong(routed: readonly RoutedPart[]): void {
    const { maxRecordBytes } = this.#settings;
    for (const { part, places } of routed) {
      const { starts, ends, size } = part.bodies;
      const safeBytes = part.keys === undefined && part.headers === undefined
        ? maxRecordBytes - BATCH_HEAD_BYTES - RECORD_HEAD_BYTES
        : maxRecordBytes / 2;
      const long: number[] = [];
      for (let index = 0; index < size; index++) {
        if (ends[index]! - starts[index]! <= safeBytes) continue;
        if (BATCH_HEAD_BYTES + recordBytes(part, index) > maxRecordBytes) long.push(places?.[index] ?? index);
      }
      if (long.length === 0) continue;
      throw new PoisonError(`The event is larger than max.request.size, ${maxRecordBytes} bytes`, long);
    }
  }
}

/**
 * Cuts a batch by topic.
 * @throws {PoisonError} for events whose topic cannot be.
 */
function shareByTopic(topics: Column, size: number): readonly Omit<TopicShare, "count">[] {
  if (typeof topics === "string") {
    if (isTopicName(topics)) return [{ topic: topics, size }];
    throw noTopic(topics, Array.from({ length: size }, (_, index) => index));
  }
  const groups = Map.groupBy(Array.from({ length: size }, (_, index) => index), (index) => topics[index]!);
  const odd = [...groups.keys()].filter((topic) => !isTopicName(topic));
  if (odd.length > 0) {
    throw noTopic(odd[0]!, odd.flatMap((topic) => groups.get(topic)!).sort((one, other) => one - other));
  }
  if (groups.size === 1) return [{ topic: topics[0]!, size }];
  return Array.from(groups, ([topic, places]) => ({
    topic,
    size: places.length,
    places: Uint32Array.from(places),
  }));
}

function noTopic(topic: string, indexes: readonly number[]): PoisonError {
  const shown = JSON.stringify(topic.slice(0, 80));
  return new PoisonError(`${shown} is no topic name: 1 to 249 letters, digits, ".", "_" and "-"`, indexes);
}

/** Says which events of a batch the brokers will never take; other failures are left as they are. */
export function poisonOf(cause: unknown, routed: readonly RoutedPart[]): unknown {
  if (!(cause instanceof RecordsRefusedError)) return cause;
  const indexes = cause.parts.flatMap(({ part, indexes }) => {
    const places = routed.find((one) => one.part === part)?.places;
    return indexes.map((index) => places?.[index] ?? index);
  });
  const [first] = cause.parts;
  return new PoisonError(first?.reason ?? cause.message, indexes.sort((one, other) => one - other), {
    cause,
  });
}
