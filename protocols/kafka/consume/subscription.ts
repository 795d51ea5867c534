// Which topics a consumer wants: a list, or all whose names match a pattern.
import type { ConsumerOptions } from "../client.ts";
import type { Cluster, TopicMetadata } from "../cluster.ts";
import { KafkaError, kafkaError } from "../kafka_error.ts";
import type { PartitionName } from "./membership.ts";

/** A topic that is not there (yet) is looked for this often. */
const MISSING_MS = 5000;

/** What is wanted, and whether it is there. */
export class Subscription {
  readonly #cluster: Cluster;
  readonly #options: Pick<ConsumerOptions, "topics" | "pattern">;
  readonly #missing = Symbol("missing topics");
  /** How long what is known may be used before it is looked at again. */
  ageMs: number;

  #topics: string[] | undefined;
  /** How many partitions topics had at the first look. */
  #first: ReadonlyMap<string, number> | undefined;
  #askedMs = -Infinity;

  constructor(cluster: Cluster, options: Pick<ConsumerOptions, "topics" | "pattern">) {
    this.#cluster = cluster;
    this.#options = options;
    this.ageMs = cluster.target.metadataAgeMs;
  }

  /** The names, which are asked for again when they are too old; the old ones do where that fails. */
  async known(): Promise<readonly string[]> {
    if (performance.now() - this.#askedMs < this.ageMs) return this.#topics!;
    return await this.topics().catch((cause) => {
      if (this.#topics && cause instanceof KafkaError) return this.#topics;
      throw cause;
    });
  }

  /** Asks the brokers; tells of named topics that do not exist. Names come in order, each once. */
  async topics(): Promise<string[]> {
    this.#topics = await this.#ask();
    this.#askedMs = performance.now();
    return this.#topics;
  }

  /** How many partitions topics have; those that do not exist are absent. */
  async partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const found = await this.#cluster.topics(topics, { refresh: true });
    return new Map([...found.values()].map(({ topic, partitions }) => [topic, partitions.length]));
  }

  /** Whether a partition was not there yet at the first look, alone or with its topic. */
  isNewer({ topic, partition }: PartitionName): boolean {
    return this.#first !== undefined && partition >= (this.#first.get(topic) ?? 0);
  }

  /** Nobody waits for topics any more. */
  close(): void {
    this.#cluster.trouble.end(this.#missing);
  }

  async #ask(): Promise<string[]> {
    const { topics, pattern } = this.#options;
    const { metadataAgeMs } = this.#cluster.target;
    if (pattern) {
      const matching = (await this.#cluster.allTopics()).filter(({ topic }) => {
        pattern.lastIndex = 0;
        return pattern.test(topic);
      });
      this.#noteFirst(matching);
      this.ageMs = matching.length > 0 ? metadataAgeMs : Math.min(metadataAgeMs, MISSING_MS);
      return matching.map(({ topic }) => topic).sort();
    }
    const names = [...new Set(topics)].sort();
    const found = await this.#cluster.topics(names, { refresh: true });
    this.#noteFirst(found.values(), names.filter((name) => this.#cluster.refusal(name)));
    this.#note(names.filter((name) => !found.has(name)));
    return names;
  }

  /** Of topics that the brokers do not tell of, all may be old. */
  #noteFirst(found: Iterable<TopicMetadata>, refused: readonly string[] = []): void {
    this.#first ??= new Map([
      ...refused.map((topic) => [topic, Infinity] as const),
      ...Array.from(found, ({ topic, partitions }) => [topic, partitions.length] as const),
    ]);
  }

  #note(missing: readonly string[]): void {
    const { metadataAgeMs } = this.#cluster.target;
    this.ageMs = missing.length === 0 ? metadataAgeMs : Math.min(metadataAgeMs, MISSING_MS);
    if (missing.length === 0) return this.#cluster.trouble.end(this.#missing);
    const [refusal] = missing.map((topic) => this.#cluster.refusal(topic)).filter((refusal) => refusal);
    const where = `Subscription to ${missing.join(", ")}`;
    this.#cluster.trouble.begin(this.#missing, refusal ?? kafkaError("UNKNOWN_TOPIC_OR_PARTITION", where));
  }
}
