// Reads as a member of a group: joins what the membership gives with what the fetcher brings.
import type {
  CommittedOffset,
  ConsumerEvents,
  ConsumerOptions,
  KafkaConsumer,
  Partition,
} from "../client.ts";
import type { Cluster } from "../cluster.ts";
import { kafkaError } from "../kafka_error.ts";
import { ClassicGroup } from "./classic_group.ts";
import { joinTimeoutMs } from "./classic_join.ts";
import { Commits } from "./commits.ts";
import { ConsumerGroup } from "./consumer_group.ts";
import { CoordinatorLink } from "./coordinator_link.ts";
import type { Membership, PartitionName } from "./membership.ts";
import { OwnedPartitions } from "./owned_partitions.ts";
import { Subscription } from "./subscription.ts";

/** Makes a consumer on connections of its own; it begins with `run`. */
export function createConsumer(cluster: Cluster, options: ConsumerOptions): KafkaConsumer {
  return new GroupConsumer(cluster, options);
}

class GroupConsumer implements KafkaConsumer {
  readonly #cluster: Cluster;
  readonly #options: ConsumerOptions;
  #running: { readonly owned: OwnedPartitions; readonly commits: Commits } | undefined;

  constructor(cluster: Cluster, options: ConsumerOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  async run(events: ConsumerEvents, signal: AbortSignal): Promise<void> {
    const [cluster, options] = [this.#cluster, this.#options];
    const link = new CoordinatorLink(cluster, { group: options.group, timeoutMs: joinTimeoutMs(options) });
    const subscription = new Subscription(cluster, options);
    const isNewer = (partition: PartitionName) => subscription.isNewer(partition);
    const owned = new OwnedPartitions({ cluster, link, options, events, isNewer });
    const context = { cluster, link, subscription, options };
    const Group = options.protocol === "classic" ? ClassicGroup : ConsumerGroup;
    const membership: Membership = new Group(context, owned);
    const commits = new Commits({ cluster, link, options, events, membership });
    this.#running = { owned, commits };
    try {
      await membership.run(AbortSignal.any([signal, owned.failed]));
      if (owned.failed.aborted) throw owned.failed.reason;
    } finally {
      this.#running = undefined;
      await owned.close();
      subscription.close();
      link.close();
    }
  }

  async commit(offsets: readonly (Partition & CommittedOffset)[]): Promise<void> {
    if (!this.#running) throw kafkaError("UNKNOWN_MEMBER_ID", `Commit for group ${this.#options.group}`);
    const { owned, commits } = this.#running;
    await commits.commit(offsets.filter((offset) => owned.has(offset)));
    const other = offsets.find((offset) => !owned.has(offset));
    if (!other) return;
    const where = `Commit of ${other.topic}/${other.partition} for group ${this.#options.group}`;
    throw kafkaError("ILLEGAL_GENERATION", where, { detail: "the partition was given to another member" });
  }
}
