// Where a group begins is settled when its members first join, if it shall begin at the end: what is written before that is
// never read. Here it is settled beforehand, without joining, as an admin tool does it.
import type { CommittedOffset, KafkaTarget, Partition } from "./client.ts";
import { Cluster, type TopicMetadata } from "./cluster.ts";
import { CoordinatorLink } from "./consume/coordinator_link.ts";
import { sendCommit } from "./consume/offset_commit.ts";
import { fetchCommitted, listOffset } from "./consume/offsets.ts";
import { kafkaError } from "./kafka_error.ts";

/** A group that reads one topic from now on. */
export interface GroupStart {
  readonly group: string;
  readonly topic: string;
  readonly readsCommitted: boolean;
  /** For one who writes: makes the topic where the brokers allow it, and waits until it is there. */
  readonly creates: boolean;
  /** What is noted beside an offset. */
  metadataOf(partition: Partition): string;
}

/** Nobody's commit: allowed while a group has no members. */
const NOBODY = { memberId: "", epoch: -1 };

/**
 * Notes the present end of each partition for a group that has noted nothing for the topic so far. After that, and where
 * others were faster, all that is written will be read by a group that begins at the start of partitions without an offset.
 * @throws {KafkaError} when trying again cannot help: the user may not use the group, or the broker is too old.
 */
export async function settleGroupStart(
  target: KafkaTarget,
  start: GroupStart,
  signal: AbortSignal,
): Promise<void> {
  const cluster = new Cluster(target);
  const link = new CoordinatorLink(cluster, { group: start.group, timeoutMs: target.requestTimeoutMs });
  try {
    await cluster.retry(signal, () => settle({ cluster, link, start }));
  } finally {
    link.close();
    cluster.close();
  }
}

interface Way {
  readonly cluster: Cluster;
  readonly link: CoordinatorLink;
  readonly start: GroupStart;
}

async function settle(way: Way): Promise<void> {
  const { cluster, link, start: { topic, group, creates } } = way;
  const metadata = (await cluster.topics([topic], { refresh: true, creates })).get(topic);
  const refusal = cluster.refusal(topic);
  if (refusal) throw refusal;
  if (!metadata && creates) throw kafkaError("UNKNOWN_TOPIC_OR_PARTITION", `Topic "${topic}"`);
  // All that will be in the topic is newer than the group.
  if (!metadata) return;
  // Looked at before what the group has noted: whoever was faster has noted an earlier end.
  const offsets = await endsOf(way, metadata);
  if ((await fetchCommitted(link, { group, partitions: offsets })).size > 0) return;
  const commit = { group, identity: NOBODY, offsets };
  const outcomes = await link.use({}, (connection) => sendCommit(connection, commit));
  const failed = outcomes.find(({ errorCode }) => errorCode !== 0);
  if (!failed) return;
  const error = kafkaError(
    failed.errorCode,
    `OffsetCommit of ${topic}/${failed.partition} for group ${group}`,
  );
  if (!MEMBER_CODES.includes(error.code)) throw error;
}

/** What the broker says when the group is not empty: it has begun already. */
const MEMBER_CODES = [
  "UNKNOWN_MEMBER_ID",
  "ILLEGAL_GENERATION",
  "REBALANCE_IN_PROGRESS",
  "STALE_MEMBER_EPOCH",
];

async function endsOf(
  { cluster, start }: Way,
  { topic, topicId, partitions }: TopicMetadata,
): Promise<(Partition & CommittedOffset)[]> {
  const known = partitions.map((leaders, partition) => ({ topic, topicId, partition, ...leaders }));
  // One that nobody leads now is read from its start once somebody does.
  return await Promise.all(
    known.filter(({ leader }) => leader >= 0).map(async (partition) => {
      const offset = await listOffset(cluster, partition, { ...start, at: "latest" });
      return { ...partition, offset, metadata: start.metadataOf(partition) };
    }),
  );
}
