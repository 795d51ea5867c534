import {
  denoDisk,
  type Disk,
  type DiskFile,
  type JournalFault,
  type JournalState,
  KIND_EVENTS,
  type ScannedFrame,
  scanSegment,
  SEGMENT_HEAD_BYTES,
  type SegmentFile,
} from "../../journal/mod.ts";

/** What a walk comes by: the start of a segment, a frame of the log, or something that is wrong. */
export type Step = SegmentStep | FrameStep | FaultStep;

/** A segment begins; what follows lies in it. */
export interface SegmentStep {
  readonly segment: SegmentFile;
}

/** A frame whose head is intact, and the file to read its payload from until the next step. */
export interface FrameStep {
  readonly frame: ScannedFrame;
  readonly file: DiskFile;
  readonly segment: SegmentFile;
}

/** Something is damaged or missing. */
export interface FaultStep {
  readonly fault: JournalFault;
}

/**
 * Goes through segments from head to head, in the order of the log, and tells where something is missing: between them,
 * and at the end when the log was known to be on disk up to `provenSequence`. What a later segment takes the place of is
 * passed by.
 */
export async function* walk(segments: readonly SegmentFile[], provenSequence = 0): AsyncGenerator<Step> {
  const disk = denoDisk;
  let expected: number | undefined;
  for (const [index, segment] of segments.entries()) {
    const { path, firstSequence } = segment;
    if (expected !== undefined && firstSequence > expected) {
      yield { fault: missingSegment(path, { from: expected, to: firstSequence }) };
    }
    yield { segment };
    const limit = Math.min(...segments.slice(index + 1).map((later) => later.firstSequence));
    try {
      expected = yield* walkSegment({ disk, segment, limit });
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
      // The process that has the journal open has removed it, because it was delivered.
      expected = undefined;
    }
  }
  if (expected !== undefined && expected < provenSequence) {
    yield { fault: missingEnd(segments.at(-1)!.path, { from: expected, to: provenSequence }) };
  }
}

interface OpenSegment {
  readonly disk: Disk;
  readonly segment: SegmentFile;
  /** Sequence from which on later segments hold the log. */
  readonly limit: number;
}

/** Answers the sequence behind what the segment holds, or has lost for sure. */
async function* walkSegment({ disk, segment, limit }: OpenSegment): AsyncGenerator<Step, number> {
  const file = disk.open(segment.path, "read");
  let expected = segment.firstSequence;
  try {
    for await (const entry of scanSegment(disk, segment.path)) {
      if ("fault" in entry) {
        const fault = isUnused(segment) ? undefined : withLimit(entry.fault, limit);
        if (fault) yield { fault };
        expected = Math.max(expected, (entry.fault.sequence ?? 0) + (fault?.events ?? 0));
      } else if (!isReplaced(entry, limit)) {
        expected = entry.head.sequence + entry.head.count;
        yield { frame: entry, file, segment };
      }
    }
  } finally {
    file.close();
  }
  return Math.min(expected, limit);
}

/** It was made, and the power went before anything was put into it. */
function isUnused({ bytes }: SegmentFile): boolean {
  return bytes <= SEGMENT_HEAD_BYTES;
}

function isReplaced({ head }: ScannedFrame, limit: number): boolean {
  return head.kind === KIND_EVENTS ? head.sequence >= limit : head.sequence > limit;
}

/** The same fault, knowing what the next segment holds; undefined when nothing of the log is concerned. */
function withLimit(fault: JournalFault, limit: number): JournalFault | undefined {
  const { sequence = 0, bytes = 0 } = fault;
  if (sequence >= limit && fault.offset > 0) return undefined;
  if (fault.kind !== "torn-tail" || limit === Infinity) return fault;
  const text = `The last ${bytes} bytes hold no whole frame: ${lostText(sequence, limit)}`;
  return { ...fault, kind: "damaged-head", events: limit - sequence, text };
}

function missingSegment(
  path: string,
  { from, to }: { readonly from: number; readonly to: number },
): JournalFault {
  const text = `What should lie in front of this segment is missing: ${lostText(from, to)}`;
  return { kind: "missing-segment", path, offset: 0, sequence: from, events: to - from, text };
}

function missingEnd(
  path: string,
  { from, to }: { readonly from: number; readonly to: number },
): JournalFault {
  const text = `What the checkpoint knew to be behind this segment is missing: ${lostText(from, to)}`;
  return { kind: "missing-segment", path, offset: 0, sequence: from, events: to - from, text };
}

/** Events that a channel has not delivered, in front of all that is there; undefined when there are none. */
export function missingStart(
  { channels }: JournalState,
  { path, firstSequence }: SegmentFile,
): JournalFault | undefined {
  const lowest = Math.min(...Object.values(channels).map(({ cursor }) => cursor));
  if (lowest >= firstSequence) return undefined;
  const text = `What should lie in front of this segment is missing: ${lostText(lowest, firstSequence)}`;
  return { kind: "missing-segment", path, offset: 0, sequence: lowest, events: firstSequence - lowest, text };
}

/** Names lost events. */
export function lostText(from: number, to: number): string {
  return to - from === 1 ? `event ${from} is lost` : `events ${from} to ${to - 1} are lost`;
}
