// Brings each partition to the fetcher of the broker that leads it, again whenever that changes.
import type { ConsumerEvents, ConsumerOptions } from "../client.ts";
import type { Cluster, TopicMetadata } from "../cluster.ts";
import { type KafkaError, kafkaError } from "../kafka_error.ts";
import { BrokerFetcher, type FetchContext } from "./broker_fetcher.ts";
import { keyOf, listOffset } from "./offsets.ts";
import type { PartitionReader } from "./partition_reader.ts";

/** What a fetcher tells the consumer. */
export interface FetcherEvents {
  /** The topic was deleted and made again. */
  replaced(reader: PartitionReader, topic: TopicMetadata): void;
  fail(cause: unknown): void;
}

/** Reads partitions wherever they are led. */
export class Fetcher {
  readonly #context: FetchContext;
  readonly #fetcherEvents: FetcherEvents;
  readonly #brokers = new Map<number, BrokerFetcher>();

  constructor(about: {
    readonly cluster: Cluster;
    readonly options: ConsumerOptions;
    readonly events: ConsumerEvents;
    readonly signal: AbortSignal;
  }, fetcherEvents: FetcherEvents) {
    this.#fetcherEvents = fetcherEvents;
    this.#context = {
      ...about,
      relocate: (reader, cause) => this.#begin(reader, () => this.#relocate(reader, cause)),
      reset: (reader) => this.#begin(reader, () => this.#resetBroken(reader)),
      fail: (cause) => fetcherEvents.fail(cause),
    };
  }

  /** Begins to read at the reader's offset; where that is negative, at the one that `offsetReset` says. */
  start(reader: PartitionReader): void {
    this.#begin(reader, async () => {
      await this.#locate(reader);
      if (reader.offset >= 0) return;
      reader.offset = await this.#reset(reader);
      if (!reader.isGone) this.#context.events.onBegin?.(reader.partition, reader.offset);
    });
  }

  /** Resolves when nothing is under way any more; the signal must have aborted. */
  async close(): Promise<void> {
    await Promise.all([...this.#brokers.values()].map(({ ended }) => ended));
  }

  /** Does what must be done before a partition is read (on). */
  #begin(reader: PartitionReader, work: () => Promise<void>): void {
    reader.isBusy = true;
    const { cluster } = this.#context;
    work().then(() => {
      reader.isBusy = false;
      if (!reader.isGone) this.#brokerOf(reader).add(reader);
    }).catch((cause) => {
      if (!reader.isGone && !this.#context.signal.aborted) this.#fetcherEvents.fail(cause);
    }).finally(() => reader.isGone && cluster.trouble.end(reader.trouble));
  }

  #brokerOf({ leader }: PartitionReader): BrokerFetcher {
    let broker = this.#brokers.get(leader);
    if (!broker) this.#brokers.set(leader, broker = new BrokerFetcher(this.#context, leader));
    return broker;
  }

  async #relocate(reader: PartitionReader, cause: KafkaError): Promise<void> {
    this.#context.cluster.forget({ topic: reader.partition.topic });
    await this.#locate(reader, cause);
  }

  /** Looks for the leader until there is one. */
  async #locate(reader: PartitionReader, cause?: KafkaError): Promise<void> {
    const { topic: name, topicId, partition } = reader.partition;
    const where = `${keyOf(reader.partition)}`;
    await this.#retry(reader, async () => {
      const topic = (await this.#context.cluster.topics([name])).get(name);
      if (topic && topicId !== undefined && topic.topicId !== topicId) {
        return this.#fetcherEvents.replaced(reader, topic);
      }
      const found = topic?.partitions[partition];
      if (!found || found.leader < 0) {
        this.#context.cluster.forget({ topic: name });
        throw kafkaError(found ? "LEADER_NOT_AVAILABLE" : "UNKNOWN_TOPIC_OR_PARTITION", where, { cause });
      }
      reader.leader = found.leader;
      reader.leaderEpoch = found.leaderEpoch;
    });
  }

  async #resetBroken(reader: PartitionReader): Promise<void> {
    const from = reader.offset;
    const to = await this.#reset(reader);
    if (reader.isGone) return;
    reader.offset = to;
    if (to === from) return reader.putOff(this.#context.cluster.target);
    this.#context.events.onReset?.(reader.partition, from, to);
    this.#context.events.onBegin?.(reader.partition, to);
  }

  /** The offset to begin at where none is known, or the known one is gone. */
  async #reset(reader: PartitionReader): Promise<number> {
    const { cluster, options: { offsetReset, readsCommitted, group } } = this.#context;
    // `latest` passes by what was there before; of a partition that was added since, nothing was.
    const at = reader.isNewer && reader.offset < 0 && offsetReset === "latest" ? "earliest" : offsetReset;
    if (at === "none") {
      const known = reader.offset < 0
        ? "no offset is known"
        : `the offset ${reader.offset} is not there any more`;
      const fix = "set auto.offset.reset to earliest or latest, or set the group's offset";
      const where = `${keyOf(reader.partition)} for group ${group}`;
      throw kafkaError("OFFSET_OUT_OF_RANGE", where, {
        detail: `${known}, and none is to be chosen: ${fix}`,
      });
    }
    let offset = reader.offset;
    await this.#retry(reader, async () => {
      const { partition, leader, leaderEpoch } = reader;
      try {
        offset = await listOffset(cluster, { ...partition, leader, leaderEpoch }, { at, readsCommitted });
      } catch (cause) {
        await this.#relocate(reader, cause as KafkaError);
        throw cause;
      }
    });
    return offset;
  }

  /** Tries for as long as the partition is ours. */
  async #retry(reader: PartitionReader, attempt: () => Promise<void>): Promise<void> {
    const signal = AbortSignal.any([reader.signal, this.#context.signal]);
    await this.#context.cluster.retry(signal, attempt).catch((cause) => {
      if (!signal.aborted) throw cause;
    });
  }
}
