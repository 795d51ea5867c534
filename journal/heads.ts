import type { Disk } from "./disk.ts";
import { type FrameHead, hasChannel, KIND_EVENTS, SEGMENT_HEAD_BYTES } from "./format.ts";
import { FrameScanner } from "./scan.ts";
import type { SegmentList } from "./segment_list.ts";
import type { ChannelState } from "./state.ts";

/** Which part of the log to look at. */
export interface Stretch {
  readonly disk: Disk;
  readonly segments: SegmentList;
  /** Frames that hold this sequence or later ones. */
  readonly from: number;
  /** Frames that begin before this one. */
  readonly to: number;
}

/** Events whose heads cannot be found. */
export interface LostEvents {
  readonly lost: true;
  readonly sequence: number;
  readonly count: number;
}

/** The heads of all frames of events in a stretch of the log, and what is missing between them. */
export async function* headsIn(
  { disk, segments, from, to }: Stretch,
): AsyncGenerator<FrameHead | LostEvents> {
  let sequence = segments.holding(from)?.firstSequence ?? segments.first?.firstSequence ?? to;
  while (sequence < to) {
    const segment = segments.holding(sequence)!;
    const endSequence = Math.min(to, segments.endOf(segment));
    const place = (sequence <= from ? segment.placeBefore(from) : undefined) ??
      { offset: SEGMENT_HEAD_BYTES, sequence: segment.firstSequence };
    const file = disk.open(segment.path, "read");
    try {
      const scanner = new FrameScanner(file, { ...place, endOffset: segment.bytes });
      sequence = place.sequence;
      for (let entry = await scanner.next(); entry && sequence < endSequence; entry = await scanner.next()) {
        if (!("head" in entry)) continue;
        const { head } = entry;
        if (head.sequence >= endSequence) break;
        if (head.sequence > sequence) yield { lost: true, sequence, count: head.sequence - sequence };
        sequence = head.sequence + head.count;
        // A note that takes up sequences stands where a repair has taken damaged events out.
        if (sequence > from && head.kind === KIND_EVENTS) yield head;
      }
    } finally {
      file.close();
    }
    if (sequence < endSequence) yield { lost: true, sequence, count: endSequence - sequence };
    sequence = endSequence;
  }
}

/** True when a channel is to read a frame: what was put before it was added is its own, too. */
export function isOwn(head: FrameHead, { id, since }: Pick<ChannelState, "id" | "since">): boolean {
  return head.sequence < since || hasChannel(head, id);
}

/** Events that a channel has to pass by in a stretch of the log, the lost ones among them. */
export async function countEvents(
  stretch: Stretch,
  channel: Pick<ChannelState, "id" | "since">,
): Promise<number> {
  let events = 0;
  for await (const entry of headsIn(stretch)) {
    const end = Math.min(entry.sequence + entry.count, stretch.to);
    if ("lost" in entry || isOwn(entry, channel)) {
      events += Math.max(0, end - Math.max(entry.sequence, stretch.from));
    }
  }
  return events;
}
