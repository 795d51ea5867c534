import type {
  CommittedOffset,
  ConsumerEvents,
  FetchedRecords,
  KafkaConsumer,
  Partition,
  TextColumn,
} from "../../../../protocols/kafka/client.ts";
import { until } from "../../../support/until.ts";

/** One record as it came. */
export interface ReadRecord {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string | undefined;
  readonly offset: number;
  readonly text: string;
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly timestampMs: number;
  readonly isNull: boolean;
}

/** What a case does in the place of the owner; each may be left out. */
export interface ReadingHooks {
  start?(partition: Partition, committed: CommittedOffset | undefined): number | undefined;
  settle?(records: FetchedRecords): Promise<void>;
  /** Offsets are noted while reading, and when partitions go. */
  readonly commits?: boolean;
}

const LIMIT_MS = 20_000;

/** A consumer at work, and what it was told. */
export class Reading {
  readonly consumer: KafkaConsumer;
  readonly records: ReadRecord[] = [];
  /** Sizes of the chunks. */
  readonly chunks: number[] = [];
  readonly assigned: (Partition & { readonly committed: CommittedOffset | undefined })[] = [];
  readonly revoked: Partition[] = [];
  readonly lost: Partition[] = [];
  readonly resets: { readonly from: number; readonly to: number }[] = [];
  /** Offsets that were chosen where none was known. */
  readonly begins: number[] = [];
  readonly lags = new Map<string, number>();
  /** What the member has now. */
  held: readonly Partition[] = [];
  readonly #hooks: ReadingHooks;
  readonly #abort = new AbortController();
  readonly #next = new Map<string, Partition & CommittedOffset>();
  readonly #settling = new Set<Promise<void>>();
  readonly #running: Promise<void>;
  #fault: Error | undefined;

  constructor(consumer: KafkaConsumer, hooks: ReadingHooks) {
    this.consumer = consumer;
    this.#hooks = hooks;
    this.#running = consumer.run(this.#events(), this.#abort.signal);
    this.#running.catch((cause) => this.#fault = cause);
  }

  /** Waits for a condition; fails at once when the consumer has failed. */
  async until(what: string, condition: () => boolean): Promise<void> {
    await until(what, () => {
      if (this.#fault) throw this.#fault;
      return condition();
    }, LIMIT_MS);
  }

  async untilAssigned(count: number): Promise<void> {
    await this.until(
      `${count} partitions`,
      () => this.assigned.length >= count && this.held.length === count,
    );
  }

  get texts(): string[] {
    return this.records.map(({ text }) => text);
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error("The reading was stopped"));
    await this.#running;
  }

  async #take(records: FetchedRecords): Promise<void> {
    this.chunks.push(records.bodies.size);
    this.records.push(...rowsOf(records));
    await this.#hooks.settle?.(records);
    const { topic, partition, nextOffset: offset, topicId } = records;
    this.#next.set(`${topic}/${partition}`, { topic, partition, topicId, offset, metadata: "" });
  }

  #events(): ConsumerEvents {
    return {
      onAssigned: (partition, committed) => {
        this.assigned.push({ ...partition, committed });
        return this.#hooks.start?.(partition, committed);
      },
      onFetched: (records) => {
        const settling = this.#take(records).finally(() => this.#settling.delete(settling));
        this.#settling.add(settling);
        return settling;
      },
      onRevoked: async (partitions) => {
        await Promise.all(this.#settling);
        if (this.#hooks.commits && this.#next.size > 0) await this.consumer.commit([...this.#next.values()]);
        this.#next.clear();
        this.revoked.push(...partitions);
        this.held = [];
      },
      onLost: (partitions) => {
        this.#next.clear();
        this.lost.push(...partitions);
        this.held = [];
      },
      onLag: ({ topic, partition }, lag) => void this.lags.set(`${topic}/${partition}`, lag),
      onRebalanced: (assigned) => void (this.held = assigned),
      onReset: (_, from, to) => void this.resets.push({ from, to }),
      onBegin: (_, offset) => void this.begins.push(offset),
    };
  }
}

function rowsOf(records: FetchedRecords): ReadRecord[] {
  const { topic, partition, topicId, bodies, offsets, timestamps, keys, headers, nulls = [] } = records;
  return Array.from({ length: bodies.size }, (_, index) => ({
    topic,
    partition,
    topicId,
    offset: offsets[index]!,
    text: new TextDecoder().decode(bodies.block.subarray(bodies.starts[index], bodies.ends[index])),
    key: cell(keys, index),
    headers: Object.fromEntries(
      Array.from(headers ?? [], ([name, column]) => [name, cell(column, index)] as const)
        .filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
    timestampMs: timestamps[index]!,
    isNull: nulls.includes(index),
  }));
}

function cell(column: TextColumn | undefined, index: number): string | undefined {
  return typeof column === "object" ? column[index] : column;
}
