// Notes offsets in a group. Written here and not by the library, which does not know version 10: only that one names topics
// by their ids, so that an offset is never noted for a topic that was made anew under the same name.
import { Writer } from "@platformatic/kafka";
import type { CommittedOffset, Partition } from "../client.ts";
import type { BrokerConnection } from "../connection.ts";
import { kafkaError } from "../kafka_error.ts";
import { ByteReader } from "./byte_reader.ts";
import type { MemberIdentity } from "./membership.ts";
import { groupByTopic } from "./offsets.ts";

const OFFSET_COMMIT = 8;
/** Brokers from Kafka 2.4 on. */
const OLDEST = 8;
const NEWEST = 10;
/** From here on topics are named by their ids. */
const WITH_IDS = 10;

/** What is to be noted, and by whom. */
export interface OffsetCommit {
  readonly group: string;
  readonly identity: MemberIdentity;
  readonly offsets: readonly (Partition & CommittedOffset)[];
}

/** The broker's word on one partition; 0 is a yes. */
export interface CommitOutcome {
  /** A name, or an id. */
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
}

/** Sends it; the caller looks at what the broker says to each partition. */
export async function sendCommit(
  connection: BrokerConnection,
  commit: OffsetCommit,
): Promise<CommitOutcome[]> {
  const offered = connection.versions.get("OffsetCommit");
  const limit = commit.offsets.every(({ topicId }) => topicId !== undefined) ? NEWEST : WITH_IDS - 1;
  const apiVersion = Math.min(offered?.max ?? 0, limit);
  if (apiVersion < OLDEST) throw kafkaError("UNSUPPORTED_VERSION", `OffsetCommit to ${connection.name}`);
  const parts = encodeCommit(commit, apiVersion);
  return decodeOutcome(
    await connection.request({ apiKey: OFFSET_COMMIT, apiVersion, parts, isFlexible: true }),
    apiVersion,
  );
}

// OffsetCommit request, versions 8–10 (protocol guide; compact strings and arrays, tags at the end of each structure):
//   group | INT32 generation or epoch | member | instance or null | [topic name or UUID |
//     [INT32 partition | INT64 offset | INT32 leader epoch | text]]
export function encodeCommit(
  { group, identity, offsets }: OffsetCommit,
  version: number,
): readonly Uint8Array[] {
  return Writer.create()
    .appendString(group)
    .appendInt32(identity.epoch)
    .appendString(identity.memberId)
    .appendString(identity.instanceId)
    .appendArray([...groupByTopic(offsets)], (writer, [topic, partitions]) => {
      if (version >= WITH_IDS) writer.appendUUID(partitions[0]!.topicId);
      else writer.appendString(topic);
      writer.appendArray(partitions, (entry, { partition, offset, metadata }) => {
        entry.appendInt32(partition).appendInt64(BigInt(offset)).appendInt32(-1).appendString(metadata);
      });
    })
    .appendTaggedFields()
    .buffers;
}

// OffsetCommit answer: INT32 throttle ms | [topic name or UUID | [INT32 partition | INT16 error]]
function decodeOutcome(body: Uint8Array, version: number): CommitOutcome[] {
  const reader = new ByteReader(body);
  reader.int32();
  return reader.compactArray(() => {
    const topic = version >= WITH_IDS ? reader.uuid() : reader.compactText();
    return reader.compactArray(() => ({ topic, partition: reader.int32(), errorCode: reader.int16() }));
  }).flat();
}
