// The partitions that a member has: from the offset they begin at until they are given back or lost.
import type { ConsumerEvents, ConsumerOptions, Partition } from "../client.ts";
import type { Cluster, TopicMetadata } from "../cluster.ts";
import type { KafkaError } from "../kafka_error.ts";
import type { CoordinatorLink } from "./coordinator_link.ts";
import { Fetcher } from "./fetcher.ts";
import { watchLag } from "./lag_watch.ts";
import type { MemberEvents, PartitionName } from "./membership.ts";
import { fetchCommitted, keyOf } from "./offsets.ts";
import { PartitionReader } from "./partition_reader.ts";

/** What it works with. */
export interface OwnerContext {
  readonly cluster: Cluster;
  readonly link: CoordinatorLink;
  readonly options: ConsumerOptions;
  readonly events: ConsumerEvents;
  /** Whether a partition was added while the consumer ran. */
  isNewer(partition: PartitionName): boolean;
}

/** Tells the consumer's owner of its partitions, and has them read. */
export class OwnedPartitions implements MemberEvents {
  readonly #context: OwnerContext;
  readonly #fetcher: Fetcher;
  readonly #readers = new Map<string, PartitionReader>();
  readonly #end = new AbortController();
  readonly #failed = new AbortController();
  readonly #watching: Promise<void>;
  /** Rings when all is lost, for those who wait for partitions to be given back. */
  #lost = Promise.withResolvers<void>();

  constructor(context: OwnerContext) {
    this.#context = context;
    const { cluster, options, events } = context;
    this.#fetcher = new Fetcher({ cluster, options, events, signal: this.#end.signal }, {
      replaced: (reader, topic) => this.#replace(reader, topic),
      fail: (cause) => this.#failed.abort(cause),
    });
    this.#watching = watchLag(this.#readers, context, this.#end.signal);
  }

  /** Aborts with the reason when reading cannot go on. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Whether a partition is ours; one of an older topic of the same name is not. */
  has(partition: Partition): boolean {
    const reader = this.#readers.get(keyOf(partition));
    const { topicId } = partition;
    return reader !== undefined && (topicId === undefined || reader.partition.topicId === topicId);
  }

  assign(added: readonly PartitionName[]): void {
    const readers = added.map((name) => {
      const reader = new PartitionReader(name, this.#context.options.partitionBytes);
      reader.isNewer = this.#context.isNewer(name);
      this.#readers.set(keyOf(name), reader);
      return reader;
    });
    this.#start(readers, { isRebalance: true });
  }

  async revoke(partitions: readonly PartitionName[], limitMs: number): Promise<void> {
    const readers = partitions.map((name) => this.#readers.get(keyOf(name))).filter((reader) => !!reader);
    for (const reader of readers) this.#stop(reader);
    const told = readers.filter(({ isTold }) => isTold).map(({ partition }) => partition);
    const { events } = this.#context;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<"late">((resolve) => timer = setTimeout(() => resolve("late"), limitMs));
    try {
      const lost = this.#lost.promise;
      const isDone = told.length === 0 ||
        await Promise.race([events.onRevoked(told).then(() => true, () => false), late, lost]) === true;
      // Nobody waits for us any longer.
      if (!isDone && readers.some((reader) => this.#readers.get(keyOf(reader.partition)) === reader)) {
        events.onLost(told);
      }
    } finally {
      clearTimeout(timer);
      for (const reader of readers) this.#drop(reader);
    }
  }

  lose(_cause: KafkaError): void {
    const readers = [...this.#readers.values()];
    this.#readers.clear();
    for (const reader of readers) this.#stop(reader);
    const told = readers.filter(({ isTold }) => isTold).map(({ partition }) => partition);
    if (told.length > 0) this.#context.events.onLost(told);
    this.#lost.resolve();
    this.#lost = Promise.withResolvers();
  }

  async close(): Promise<void> {
    for (const reader of this.#readers.values()) this.#stop(reader);
    this.#readers.clear();
    this.#end.abort();
    await Promise.all([this.#fetcher.close(), this.#watching]);
  }

  #start(readers: readonly PartitionReader[], about: { readonly isRebalance: boolean }): void {
    this.#startAll(readers, about).catch((cause) => {
      if (!this.#end.signal.aborted && readers.some(({ isGone }) => !isGone)) this.#failed.abort(cause);
    });
  }

  async #startAll(
    readers: readonly PartitionReader[],
    { isRebalance }: { readonly isRebalance: boolean },
  ): Promise<void> {
    const { cluster, link, options: { group }, events } = this.#context;
    if (isRebalance) await this.#identify(readers);
    if (isRebalance) events.onRebalanced([...this.#readers.values()].map(({ partition }) => partition));
    const partitions = readers.filter(({ isGone }) => !isGone).map(({ partition }) => partition);
    const { signal } = this.#end;
    const committed = await cluster.retry(signal, () => fetchCommitted(link, { group, partitions }));
    for (const reader of readers) {
      if (reader.isGone) continue;
      const noted = committed.get(keyOf(reader.partition));
      reader.isTold = true;
      reader.offset = events.onAssigned(reader.partition, noted) ?? noted?.offset ?? -1;
      this.#fetcher.start(reader);
    }
  }

  /** Puts the ids of their topics to the partitions. */
  async #identify(readers: readonly PartitionReader[]): Promise<void> {
    const { cluster } = this.#context;
    const names = [...new Set(readers.map(({ partition }) => partition.topic))];
    const { signal } = this.#end;
    const topics = await cluster.retry(signal, () => cluster.topics(names, { refresh: true }));
    for (const reader of readers) {
      const topicId = topics.get(reader.partition.topic)?.topicId;
      if (topicId !== undefined && topicId !== NO_ID) reader.partition = { ...reader.partition, topicId };
    }
  }

  #stop(reader: PartitionReader): void {
    reader.end();
    this.#context.cluster.trouble.end(reader.trouble);
  }

  /** What was read of the old topic is not to be noted for the new one, which begins anew. */
  #replace(reader: PartitionReader, { topicId }: TopicMetadata): void {
    const { partition } = reader;
    this.#stop(reader);
    if (this.#readers.get(keyOf(partition)) !== reader) return;
    const next = new PartitionReader({ ...partition, topicId }, this.#context.options.partitionBytes);
    next.isNewer = true;
    this.#readers.set(keyOf(partition), next);
    if (reader.isTold) this.#context.events.onLost([partition]);
    this.#start([next], { isRebalance: false });
  }

  #drop(reader: PartitionReader): void {
    const key = keyOf(reader.partition);
    if (this.#readers.get(key) === reader) this.#readers.delete(key);
  }
}

/** What brokers say that have no ids yet (before Kafka 3.1). */
const NO_ID = "00000000-0000-0000-0000-000000000000";
