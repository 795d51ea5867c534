import { Buffer } from "node:buffer";
import { AssignerProtocol, type Cluster, type PartitionAssigner } from "kafkajs";
import type { ConsumerOptions } from "../client.ts";
import { type Assignor, assignRange, assignRoundRobin } from "../consume/assignors.ts";

const ASSIGNORS: Readonly<Record<ConsumerOptions["assignors"][number], Assignor>> = {
  range: assignRange,
  roundrobin: assignRoundRobin,
};

/** Says to kafkajs that it cannot join just now; it knows this type as a reason to try again in a moment. */
class JoinHeldError extends Error {
  override readonly name = "JoinHeldError";
  readonly type = "REBALANCE_IN_PROGRESS";
}

/**
 * Distributes partitions as the Java client does, under its names, so that groups can be mixed.
 * @param mayJoin asked before each join; false puts it off. The only place where kafkajs lets its owner do so.
 */
export function createAssigners(
  names: ConsumerOptions["assignors"],
  mayJoin: () => boolean,
): PartitionAssigner[] {
  return names.map((name): PartitionAssigner => ({ cluster }) => ({
    name,
    version: 0,
    protocol: ({ topics }) => {
      if (!mayJoin()) throw new JoinHeldError("The partitions held so far are still being given back");
      const metadata = AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: EMPTY });
      return { name, metadata };
    },
    assign: async ({ members }) => {
      const wants = members.map(({ memberId, memberMetadata }) => {
        return { memberId, topics: AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? [] };
      });
      const counts = await countPartitions(cluster, new Set(wants.flatMap(({ topics }) => topics)));
      return Array.from(ASSIGNORS[name](wants, counts), ([memberId, shares]) => {
        const assignment = Object.fromEntries(Array.from(shares, ([topic, of]) => [topic, [...of]]));
        const memberAssignment = AssignerProtocol.MemberAssignment.encode({
          version: 0,
          assignment,
          userData: EMPTY,
        });
        return { memberId, memberAssignment };
      });
    },
  }));
}

const EMPTY = Buffer.alloc(0);

/** Partitions of topics; one that does not exist is absent. Members may want topics that this one does not. */
async function countPartitions(cluster: Cluster, topics: ReadonlySet<string>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const topic of topics) {
    await cluster.addMultipleTargetTopics([topic]).catch((cause: { type?: string }) => {
      if (cause.type !== "UNKNOWN_TOPIC_OR_PARTITION") throw cause;
    });
    const count = cluster.findTopicPartitionMetadata(topic).length;
    if (count > 0) counts.set(topic, count);
  }
  return counts;
}
