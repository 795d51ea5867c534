import type { Disk } from "./disk.ts";
import { SEGMENT_HEAD_BYTES } from "./format.ts";
import { countEvents } from "./heads.ts";
import { quietly } from "./open_segment.ts";
import type { Recovery } from "./recovery.ts";
import { FrameScanner } from "./scan.ts";
import type { SegmentFile } from "./segment.ts";
import type { Segment } from "./segment_list.ts";

/**
 * Reports segments that are gone although a channel has not delivered them, and moves cursors behind what is gone from the
 * start of the log. What is missing further on is passed by when a reader comes to it.
 */
export async function passGaps(recovery: Recovery, files: readonly SegmentFile[]): Promise<void> {
  const { segments, nextSequence, state: { channels }, disk } = recovery;
  const firstSequence = segments.first?.firstSequence ?? nextSequence;
  const cursors = Object.values(channels).map(({ cursor }) => cursor);
  const lowest = Math.min(Infinity, ...cursors);
  const gapEnd = await reportGaps(recovery, files, lowest);
  if (lowest < firstSequence) reportStart(recovery, lowest, firstSequence);
  for (const [name, channel] of Object.entries(channels)) {
    const cursor = Math.min(Math.max(channel.cursor, firstSequence), nextSequence);
    const isCounted = cursor >= gapEnd && cursor === channel.cursor;
    const size = isCounted
      ? Math.min(channel.size, nextSequence - cursor)
      : await countEvents({ disk, segments, from: cursor, to: nextSequence }, channel);
    channels[name] = { ...channel, cursor, size };
  }
}

function reportStart({ faults, segments }: Recovery, sequence: number, firstSequence: number): void {
  const events = firstSequence - sequence;
  const text = `Events ${sequence} to ${firstSequence - 1} are lost: the log begins behind them`;
  faults.push({
    kind: "missing-segment",
    path: segments.first?.path ?? "",
    offset: 0,
    sequence,
    events,
    text,
  });
}

/** Answers where the last gap ends that matters to a cursor at `lowest` or behind. */
async function reportGaps(
  recovery: Recovery,
  files: readonly SegmentFile[],
  lowest: number,
): Promise<number> {
  let gapEnd = 0;
  for (const { before, sequence, behind } of await findGaps(recovery, files)) {
    if (behind.firstSequence > lowest) {
      gapEnd = behind.firstSequence;
      reportGap(recovery, behind, Math.max(lowest, sequence));
    } else removePassed(recovery, before);
  }
  return gapEnd;
}

interface Gap {
  readonly before: Segment;
  /** What is missing first. */
  readonly sequence: number;
  readonly behind: Segment;
}

async function findGaps(
  { segments: { all }, disk }: Recovery,
  files: readonly SegmentFile[],
): Promise<Gap[]> {
  const previous = new Map(files.map(({ path, head }) => [path, head?.previousNumber]));
  const gaps: Gap[] = [];
  for (const [index, behind] of all.entries()) {
    const before = all[index - 1];
    const expected = previous.get(behind.path);
    if (before === undefined || expected === undefined || expected === before.number) continue;
    const sequence = await endSequence(disk, before);
    if (sequence < behind.firstSequence) gaps.push({ before, sequence, behind });
  }
  return gaps;
}

function reportGap({ faults }: Recovery, { path, firstSequence }: Segment, sequence: number): void {
  if (faults.some((known) => known.kind === "missing-segment" && known.path === path)) return;
  const events = firstSequence - sequence;
  const text = `Events ${sequence} to ${
    firstSequence - 1
  } are lost: the segment in front of this one is gone`;
  faults.push({ kind: "missing-segment", path, offset: 0, sequence, events, text });
}

/** The oldest go first: what stands in front of a gap that all have passed was to go, too, and the disk did not let it. */
function removePassed({ segments, disk }: Recovery, last: Segment): void {
  for (const segment of segments.all.slice(0, segments.all.indexOf(last) + 1)) {
    segments.remove(segment);
    quietly(() => disk.remove(segment.path));
  }
}

/** Sequence behind the last intact head of a segment. */
export async function endSequence(disk: Disk, { path, firstSequence, bytes }: Segment): Promise<number> {
  const file = disk.open(path, "read");
  try {
    const place = { offset: SEGMENT_HEAD_BYTES, sequence: firstSequence, endOffset: bytes };
    const scanner = new FrameScanner(file, place);
    while (await scanner.next());
    return scanner.sequence;
  } finally {
    file.close();
  }
}
