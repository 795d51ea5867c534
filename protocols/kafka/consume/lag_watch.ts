// Partitions that are read tell their lag with every fetch. Those whose events nobody takes are not fetched, and it is just
// then that their lag is wanted.
import type { ConsumerEvents, ConsumerOptions } from "../client.ts";
import type { Cluster } from "../cluster.ts";
import { KafkaError } from "../kafka_error.ts";
import { sleep } from "../trouble.ts";
import { listOffset } from "./offsets.ts";
import type { PartitionReader } from "./partition_reader.ts";

/** How often, and how long a partition must have been silent. */
const WATCH_MS = 3000;

/** Asks for the ends of partitions that stand still, until the signal aborts. */
export async function watchLag(
  readers: ReadonlyMap<string, PartitionReader>,
  { cluster, options, events }: {
    readonly cluster: Cluster;
    readonly options: ConsumerOptions;
    readonly events: ConsumerEvents;
  },
  signal: AbortSignal,
): Promise<void> {
  const { readsCommitted } = options;
  while (!signal.aborted) {
    await sleep(WATCH_MS, signal);
    const still = [...readers.values()].filter((reader) => reader.isBusy && reader.silentMs >= WATCH_MS);
    for (const reader of still) {
      if (signal.aborted || reader.leader < 0 || reader.offset < 0) continue;
      const { partition, leader, leaderEpoch } = reader;
      try {
        const end = await listOffset(cluster, { ...partition, leader, leaderEpoch }, {
          at: "latest",
          readsCommitted,
        });
        reader.tellLag(events, end);
      } catch (cause) {
        // The next look will do; it is not this that must be told of.
        if (!(cause instanceof KafkaError)) throw cause;
      }
    }
  }
}
