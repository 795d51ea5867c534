import type { CommittedOffset, Partition } from "../../protocols/kafka/client.ts";
import type { OwnOffset } from "./own_offset.ts";

/** Stands in the metadata of offsets that were committed here; others are a tool's, or another program's. */
const MARK = "sluice";

/** Stands before the name of a wish. */
const WISH = "#";

/**
 * Metadata for an offset: our mark, the topic's id where it is known, and the wish since which reading goes on, if there was
 * one (`sluice 4f6c… #1d2e…`). A wish is an offset that somebody else had set.
 */
export function markOf({ topicId }: Pick<Partition, "topicId">, wish?: string): string {
  return [MARK, topicId, wish && `${WISH}${wish}`].filter(Boolean).join(" ");
}

/** Whether an offset was committed here. */
export function isMarked({ metadata }: CommittedOffset): boolean {
  return metadata === MARK || metadata.startsWith(`${MARK} `);
}

/** Since which wish the group reads. */
export function wishOf(committed: CommittedOffset | undefined): string | undefined {
  return wordsOf(committed).find((word) => word.startsWith(WISH))?.slice(WISH.length);
}

/**
 * Where reading begins; undefined: where the client's `offsetReset` says. What was committed here and what the reader
 * itself knows are both true, so the greater holds; an offset that somebody else has set is a wish, and wins, also over
 * what a reader knows from before it. A topic that was made again is read from its start: all of it is newer than what was
 * read.
 */
export function startOffset(
  partition: Partition,
  own: OwnOffset | undefined,
  committed: CommittedOffset | undefined,
): number | undefined {
  if (committed && !isMarked(committed)) return committed.offset;
  const isOwnOld = own !== undefined && !isSameTopic(partition, own);
  const topicId = wordsOf(committed).find((word) => !word.startsWith(WISH));
  const isCommittedOld = !isSameTopic(partition, { topicId });
  const isOverruled = committed !== undefined && !isCommittedOld &&
    (own?.wish || undefined) !== wishOf(committed);
  const known = [!isOwnOld && !isOverruled && own?.offset, !isCommittedOld && committed?.offset]
    .filter((offset) => typeof offset === "number");
  if (known.length > 0) return Math.max(...known);
  return isOwnOld || isCommittedOld ? 0 : undefined;
}

/** What stands behind the mark. */
function wordsOf(committed: CommittedOffset | undefined): readonly string[] {
  return committed && isMarked(committed) ? committed.metadata.split(" ").slice(1) : [];
}

/** Whether ids tell of the same topic; one that is not known says nothing against it. */
export function isSameTopic(
  one: Pick<Partition, "topicId">,
  other: { readonly topicId?: string | undefined },
): boolean {
  return one.topicId === undefined || other.topicId === undefined || one.topicId === other.topicId;
}
