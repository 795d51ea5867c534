import { copyFrames } from "./copy_frames.ts";
import { OpenSegment, quietly } from "./open_segment.ts";
import type { Recovery } from "./recovery.ts";
import type { Segment } from "./segment_list.ts";
import type { JournalState } from "./state.ts";

/** The end of the log, as far as nobody knew it to be on disk. */
export interface Unsynced {
  readonly sequence: number;
  /** The state in front of it. */
  readonly state: JournalState;
  readonly parts: { readonly segment: Segment; readonly offset: number; readonly endOffset: number }[];
}

/**
 * Writes the end of the log again, to a segment of its own, and syncs that. What was read may stand in the memory of the
 * system only; and if the process before had ended after a sync failed, a sync of the same file would say that all is well.
 */
export async function rewriteUnsynced(recovery: Recovery, unsynced: Unsynced): Promise<void> {
  let target: OpenSegment | undefined;
  try {
    target = beginTarget(recovery, unsynced);
    for (const part of unsynced.parts) await copyPart(recovery, part, target);
    await target.sync();
    target.close();
  } catch {
    await target?.discard();
    // A disk that has no room for a copy may do so well.
    for (const { segment } of unsynced.parts) await syncSegment(recovery, segment);
    return;
  }
  for (const { path } of recovery.segments.add(target.segment)) quietly(() => recovery.disk.remove(path));
  recovery.isRewritten = true;
}

function beginTarget(recovery: Recovery, { sequence, state, parts }: Unsynced): OpenSegment {
  const { disk, segments, journalId, timeMs, syncedSequence } = recovery;
  const number = recovery.nextNumber++;
  const before = segments.all.findLast(({ firstSequence }) => firstSequence < sequence);
  return new OpenSegment({
    disk,
    folder: folderOf(parts[0]!.segment),
    head: { journalId, firstSequence: sequence, timeMs, number, previousNumber: before?.number ?? number },
    state,
    syncedSequence,
    isUnfinished: true,
  });
}

async function copyPart(
  { disk }: Recovery,
  { segment: { path }, offset, endOffset }: Unsynced["parts"][number],
  target: OpenSegment,
): Promise<void> {
  const file = disk.open(path, "read");
  try {
    const source = { path, file, bytes: endOffset };
    for (let from = offset; from < endOffset;) from = await copyFrames(source, from, target);
  } finally {
    file.close();
  }
}

async function syncSegment({ disk }: Recovery, segment: Segment): Promise<void> {
  const file = disk.open(segment.path, "write");
  try {
    await file.sync();
  } finally {
    file.close();
  }
  await disk.syncFolder(folderOf(segment));
}

function folderOf({ path }: Segment): string {
  return path.slice(0, path.lastIndexOf("/"));
}
