import type { Position } from "sluice/plugin";
import type { Partition } from "../../protocols/kafka/client.ts";

/** How far a partition is read, and of which topic of that name. */
export interface OwnOffset {
  readonly offset: number;
  readonly topicId?: string | undefined;
}

/**
 * The part of a source's position that tells of one partition: `topic/3` → the next offset, `topic/3/id` → the topic's id.
 * The id stands beside each partition because partitions of a topic that is made again are not noticed at once.
 */
export function positionOf({ topic, partition, topicId }: Partition, offset: number): Position {
  const key = `${topic}/${partition}`;
  return topicId === undefined ? { [key]: offset } : { [key]: offset, [`${key}/id`]: topicId };
}

/** Reads back what `positionOf` has noted. */
export function ownOffset(
  position: Position | undefined,
  { topic, partition }: Partition,
): OwnOffset | undefined {
  const offset = position?.[`${topic}/${partition}`];
  if (typeof offset !== "number") return undefined;
  const topicId = position?.[`${topic}/${partition}/id`];
  return typeof topicId === "string" ? { offset, topicId } : { offset };
}
