import type { CommittedOffset, Partition } from "../../protocols/kafka/client.ts";
import type { OwnOffset } from "./own_offset.ts";

/** Stands in the metadata of offsets that were committed here; others are a tool's, or another program's. */
const MARK = "sluice";

/** Metadata for an offset: our mark, and the topic's id where it is known (`sluice 4f6c…`). */
export function markOf({ topicId }: Partition): string {
  return topicId === undefined ? MARK : `${MARK} ${topicId}`;
}

/** Whether an offset was committed here. */
export function isMarked({ metadata }: CommittedOffset): boolean {
  return metadata === MARK || metadata.startsWith(`${MARK} `);
}

/**
 * Where reading begins; undefined: where the client's `offsetReset` says. What was committed here and what the reader
 * itself knows are both true, so the greater holds; an offset that somebody else has set is a wish, and wins. A topic
 * that was made again is read from its start: all of it is newer than what was read.
 */
export function startOffset(
  partition: Partition,
  own: OwnOffset | undefined,
  committed: CommittedOffset | undefined,
): number | undefined {
  if (committed && !isMarked(committed)) return committed.offset;
  const isOwnOld = own !== undefined && !isSameTopic(partition, own);
  const topicId = committed?.metadata.slice(MARK.length + 1) || undefined;
  const isCommittedOld = !isSameTopic(partition, { topicId });
  const known = [!isOwnOld && own?.offset, !isCommittedOld && committed?.offset]
    .filter((offset) => typeof offset === "number");
  if (known.length > 0) return Math.max(...known);
  return isOwnOld || isCommittedOld ? 0 : undefined;
}

/** Whether ids tell of the same topic; one that is not known says nothing against it. */
export function isSameTopic(
  one: Pick<Partition, "topicId">,
  other: { readonly topicId?: string | undefined },
): boolean {
  return one.topicId === undefined || other.topicId === undefined || one.topicId === other.topicId;
}
