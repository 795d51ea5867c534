import type { Position } from "sluice/plugin";
import type { Partition } from "../../protocols/kafka/client.ts";

/** How far a partition is read, and of which topic of that name. */
export interface OwnOffset {
  readonly offset: number;
  readonly topicId?: string | undefined;
  /** Since which wish of somebody else it was read; empty: since none any more. */
  readonly wish?: string | undefined;
}

/**
 * The part of a source's position that tells of one partition: `topic/3` → the next offset, `topic/3/id` → the topic's id,
 * `topic/3/wish` → the wish since which it is read. The id stands beside each partition because partitions of a topic that
 * is made again are not noticed at once.
 */
export function positionOf(
  { topic, partition, topicId }: Partition,
  offset: number,
  wish?: string,
): Position {
  const key = `${topic}/${partition}`;
  return {
    [key]: offset,
    ...topicId !== undefined && { [`${key}/id`]: topicId },
    ...wish !== undefined && { [`${key}/wish`]: wish },
  };
}

/** Reads back what `positionOf` has noted. */
export function ownOffset(
  position: Position | undefined,
  { topic, partition }: Partition,
): OwnOffset | undefined {
  const key = `${topic}/${partition}`;
  const offset = position?.[key];
  if (typeof offset !== "number") return undefined;
  const [topicId, wish] = [position?.[`${key}/id`], position?.[`${key}/wish`]];
  return {
    offset,
    ...typeof topicId === "string" && { topicId },
    ...typeof wish === "string" && { wish },
  };
}
