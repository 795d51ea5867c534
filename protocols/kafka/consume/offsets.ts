// Where a group and a partition stand. Offsets are numbers: exact up to 2^53.
import type { CommittedOffset, ConsumerOptions, Partition } from "../client.ts";
import { call } from "../api.ts";
import type { Cluster } from "../cluster.ts";
import { KafkaError, kafkaError } from "../kafka_error.ts";
import type { CoordinatorLink } from "./coordinator_link.ts";
import type { PartitionName } from "./membership.ts";

/** What a group can be asked for, by `keyOf`. */
export type CommittedOffsets = ReadonlyMap<string, CommittedOffset>;

interface OffsetFetchAnswer {
  readonly groups: readonly {
    readonly topics: readonly {
      readonly name: string;
      readonly partitions: readonly {
        readonly partitionIndex: number;
        readonly committedOffset: bigint;
        readonly metadata: string | null;
      }[];
    }[];
  }[];
}

interface ListOffsetsAnswer {
  readonly topics: readonly { readonly partitions: readonly { readonly offset: bigint }[] }[];
}

/** Stand for places in a ListOffsets request. */
const TIMESTAMPS = { earliest: -2n, latest: -1n } as const;
const CLIENT_REPLICA = -1;

/** How a partition is named in maps and errors. */
export function keyOf({ topic, partition }: PartitionName): string {
  return `${topic}/${partition}`;
}

/** Puts partitions together by topic, as requests want them. */
export function groupByTopic<P extends PartitionName>(partitions: readonly P[]): Map<string, P[]> {
  return Map.groupBy(partitions, ({ topic }) => topic);
}

/**
 * Asks what the group has noted. Notes of a transaction that is not decided yet are waited for.
 * @throws {KafkaError} when the signal does not allow another try.
 */
export async function fetchCommitted(
  link: CoordinatorLink,
  about: { readonly group: string; readonly partitions: readonly PartitionName[] },
): Promise<CommittedOffsets> {
  if (about.partitions.length === 0) return new Map();
  const topics = [...groupByTopic(about.partitions)].map(([name, of]) => {
    return { name, partitionIndexes: of.map(({ partition }) => partition) };
  });
  const groups = [{ groupId: about.group, memberId: null, memberEpoch: -1, topics }];
  const answer = await link.call<OffsetFetchAnswer>({ name: "OffsetFetch", args: [groups, true] });
  const committed = new Map<string, CommittedOffset>();
  for (const { name: topic, partitions } of answer.groups.flatMap(({ topics }) => topics)) {
    for (const { partitionIndex: partition, committedOffset, metadata } of partitions) {
      if (committedOffset < 0n) continue;
      const name = { topic, partition };
      committed.set(keyOf(name), { offset: exact(committedOffset, name), metadata: metadata ?? "" });
    }
  }
  return committed;
}

/** Asks the leader where a partition begins or ends; with `readsCommitted` it ends before transactions that are open. */
export async function listOffset(
  cluster: Cluster,
  partition: Partition & { readonly leader: number; readonly leaderEpoch: number },
  options: Pick<ConsumerOptions, "readsCommitted"> & { readonly at: "earliest" | "latest" },
): Promise<number> {
  const connection = await cluster.broker(partition.leader);
  const wanted = {
    partitionIndex: partition.partition,
    currentLeaderEpoch: partition.leaderEpoch,
    timestamp: TIMESTAMPS[options.at],
  };
  const topics = [{ name: partition.topic, partitions: [wanted] }];
  const { topics: [found] } = await call<ListOffsetsAnswer>(connection, {
    name: "ListOffsets",
    args: [CLIENT_REPLICA, options.readsCommitted ? 1 : 0, topics],
  });
  const offset = found?.partitions[0]?.offset;
  if (offset === undefined || offset < 0n) {
    throw kafkaError("OFFSET_NOT_AVAILABLE", `ListOffsets of ${keyOf(partition)} to ${connection.name}`);
  }
  return exact(offset, partition);
}

/** @throws {KafkaError} beyond 2^53. */
function exact(offset: bigint, partition: PartitionName): number {
  if (offset <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(offset);
  const text = `The offset ${offset} of ${keyOf(partition)} is larger than can be counted`;
  throw new KafkaError(text, { code: "FRAME", canRetry: false });
}
