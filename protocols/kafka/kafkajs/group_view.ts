import type { Admin } from "kafkajs";
import type { CommittedOffset, ConsumerOptions } from "../client.ts";
import { keyOf } from "../consume/offsets.ts";
import { kafkaError } from "../kafka_error.ts";
import type { Link } from "./link.ts";

/** Where a partition begins and ends. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** Topics that Kafka keeps for itself. */
const INTERNAL = /^__(consumer_offsets|transaction_state|share_group_state|cluster_metadata)$/;
/** A named topic that is not there (yet) is looked for this often. */
const MISSING_MS = 5_000;

/** What a consumer asks the brokers beside its membership, on connections of its own. */
export class GroupView {
  readonly #link: Link;
  readonly #options: ConsumerOptions;
  readonly #admin: Admin;
  readonly #missing = Symbol("missing topics");
  /** How long an answer to `topics` holds. */
  ageMs: number;

  constructor(link: Link, options: ConsumerOptions) {
    this.#link = link;
    this.#options = options;
    this.#admin = link.kafka.admin();
    this.ageMs = link.target.metadataAgeMs;
  }

  /** The topics that are wanted and there, in order; tells of named ones that are not. */
  async topics(signal: AbortSignal): Promise<readonly string[]> {
    const all = await this.#ask("Metadata", signal, () => this.#admin.listTopics());
    const { pattern } = this.#options;
    const names = pattern
      ? all.filter((name) => !INTERNAL.test(name) && matches(pattern, name))
      : this.#options.topics;
    const found = [...new Set(names)].filter((name) => all.includes(name)).sort();
    this.#note(names.filter((name) => !found.includes(name)));
    if (found.length === 0) this.ageMs = Math.min(this.#link.target.metadataAgeMs, MISSING_MS);
    return found;
  }

  /** What the group has noted, by `keyOf`. */
  async committed(signal: AbortSignal): Promise<ReadonlyMap<string, CommittedOffset>> {
    const { group } = this.#options;
    const topics = await this.#ask(`OffsetFetch of group ${group}`, signal, () => {
      return this.#admin.fetchOffsets({ groupId: group });
    });
    const committed = new Map<string, CommittedOffset>();
    for (const { topic, partitions } of topics) {
      for (const { partition, offset, metadata } of partitions) {
        if (Number(offset) < 0) continue;
        committed.set(keyOf({ topic, partition }), { offset: Number(offset), metadata: metadata ?? "" });
      }
    }
    return committed;
  }

  /** Where the partitions of a topic begin and end, by number. */
  async bounds(topic: string, signal: AbortSignal): Promise<ReadonlyMap<number, Bounds>> {
    const found = await this.#ask(
      `ListOffsets of ${topic}`,
      signal,
      () => this.#admin.fetchTopicOffsets(topic),
    );
    return new Map(
      found.map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }]),
    );
  }

  async close(): Promise<void> {
    this.#link.trouble.end(this.#missing);
    await this.#admin.disconnect();
  }

  async #ask<T>(where: string, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    await this.#link.connect(this.#admin, signal);
    return await this.#link.retry(where, signal, ask);
  }

  #note(missing: readonly string[]): void {
    const { target, trouble } = this.#link;
    this.ageMs = missing.length === 0 ? target.metadataAgeMs : Math.min(target.metadataAgeMs, MISSING_MS);
    if (missing.length === 0) return trouble.end(this.#missing);
    trouble.begin(
      this.#missing,
      kafkaError("UNKNOWN_TOPIC_OR_PARTITION", `Subscription to ${missing.join(", ")}`),
    );
  }
}

function matches(pattern: RegExp, name: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(name);
}
