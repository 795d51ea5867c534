import type { Disk } from "./disk.ts";
import { SEGMENT_HEAD_BYTES } from "./format.ts";
import { countEvents } from "./heads.ts";
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
  const { segments: { all } } = recovery;
  const previous = new Map(files.map(({ path, head }) => [path, head?.previousNumber]));
  let gapEnd = 0;
  for (const [index, segment] of all.entries()) {
    const before = all[index - 1];
    const expected = previous.get(segment.path);
    const isMissing = before !== undefined && expected !== undefined && expected !== before.number;
    if (!isMissing || segment.firstSequence <= lowest) continue;
    const sequence = Math.max(lowest, await endSequence(recovery.disk, before));
    const events = segment.firstSequence - sequence;
    if (events <= 0) continue;
    gapEnd = segment.firstSequence;
    const isKnown = recovery.faults.some(({ kind, path }) =>
      kind === "missing-segment" && path === segment.path
    );
    const text = `Events ${sequence} to ${gapEnd - 1} are lost: the segment in front of this one is gone`;
    if (!isKnown) {
      recovery.faults.push({
        kind: "missing-segment",
        path: segment.path,
        offset: 0,
        sequence,
        events,
        text,
      });
    }
  }
  return gapEnd;
}

/** Behind the last intact frame of a segment. */
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
