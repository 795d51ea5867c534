import { crc32 } from "node:zlib";
import { changeMoreFlag } from "../../journal/format.ts";
import {
  type Checkpoint,
  denoDisk,
  type DiskFile,
  encodeFrameHead,
  encodeNote,
  encodeSegmentHead,
  FRAME_HEAD_BYTES,
  KIND_NOTE,
  type Note,
  SEGMENT_HEAD_BYTES,
} from "../../journal/mod.ts";
import { cutRanges, type Kept, type RepairPlan, type SegmentPlan } from "./repair_plan.ts";

const COPY_BYTES = 1024 * 1024;
const MAX_COUNT = 0xFFFFFFFF;

/** Where the frame of a note stands in the log, and how many sequences it takes up. */
interface NotePlace {
  readonly sequence: number;
  readonly count: number;
  readonly timeMs: number;
  readonly syncedSequence: number;
}

/** Copies a file as it is. */
export async function copyFile(from: string, to: string): Promise<void> {
  await writeFrom(from, to, async (source, target) => {
    await target.copy(source, { offset: 0, bytes: source.size() });
  });
}

/** Writes a segment with the intact frames of another; a note that takes up their sequences stands for lost events. */
export async function writeRepaired({ segment, head, pieces }: SegmentPlan, to: string): Promise<void> {
  await writeFrom(segment.path, to, async (source, target) => {
    target.write(encodeSegmentHead(head));
    let timeMs = head.timeMs;
    for (const piece of pieces) {
      if ("bytes" in piece) {
        timeMs = piece.timeMs;
        await copyKept(source, target, piece);
        continue;
      }
      for (let { sequence, events } = piece; events > 0;) {
        const count = Math.min(events, MAX_COUNT);
        // Says nothing new: what counts is that it passes by what is lost.
        target.write(noteFrame({ cursors: {} }, { sequence, count, timeMs, syncedSequence: 0 }));
        sequence += count;
        events -= count;
      }
    }
  });
}

/** Keeps what a repaired segment leaves out, behind a copy of the segment's head. */
export async function writeCut(plan: SegmentPlan, to: string): Promise<void> {
  await writeFrom(plan.segment.path, to, async (source, target) => {
    const headBytes = Math.min(SEGMENT_HEAD_BYTES, plan.segment.bytes);
    for (const range of [{ offset: 0, bytes: headBytes }, ...cutRanges(plan)]) {
      await target.copy(source, range);
    }
  });
}

/**
 * Writes a segment that says all that is known at the end of the log, so that nothing in front of it need be asked.
 * Answers a checkpoint that points behind it.
 */
export async function writeLast(plan: RepairPlan, to: string): Promise<Checkpoint> {
  const { journalId, segments, lastNumber: number, nextSequence: sequence, state, timeMs } = plan;
  const previousNumber = segments.at(-1)?.head.number ?? number;
  const head = encodeSegmentHead({ journalId, firstSequence: sequence, timeMs, number, previousNumber });
  const note = noteFrame({ snapshot: state }, { sequence, count: 0, timeMs, syncedSequence: sequence });
  await writeFrom(undefined, to, (_source, target) => {
    target.write(head);
    target.write(note);
    return Promise.resolve();
  });
  return { journalId, sequence, segmentNumber: number, offset: head.length + note.length, timeMs, state };
}

function noteFrame(note: Note, place: NotePlace): Uint8Array {
  const bytes = encodeNote(note);
  const payload = bytes.subarray(FRAME_HEAD_BYTES);
  const stored = { payloadBytes: payload.length, payloadCrc: crc32(payload), keyId: 0, flags: 0 };
  encodeFrameHead({ ...place, ...stored, kind: KIND_NOTE, lowChannels: 0, highChannels: 0 }, bytes);
  return bytes;
}

/** The group of the last frame ends with it when what followed is lost. */
async function copyKept(
  source: DiskFile,
  target: Target,
  { offset, bytes, lastOffset, isOpen }: Kept,
): Promise<void> {
  if (!isOpen) return await target.copy(source, { offset, bytes });
  await target.copy(source, { offset, bytes: lastOffset - offset });
  const head = new Uint8Array(FRAME_HEAD_BYTES);
  await source.read(head, lastOffset);
  changeMoreFlag(head, false);
  target.write(head);
  const behind = lastOffset + FRAME_HEAD_BYTES;
  await target.copy(source, { offset: behind, bytes: offset + bytes - behind });
}

/** A file that is written from its start to its end. */
class Target {
  readonly #file: DiskFile;
  #offset = 0;

  constructor(file: DiskFile) {
    this.#file = file;
  }

  write(bytes: Uint8Array): void {
    this.#file.write(bytes, this.#offset);
    this.#offset += bytes.length;
  }

  async copy(
    source: DiskFile,
    { offset, bytes }: { readonly offset: number; readonly bytes: number },
  ): Promise<void> {
    const buffer = new Uint8Array(Math.min(bytes, COPY_BYTES));
    for (let left = bytes; left > 0;) {
      const read = await source.read(
        buffer.subarray(0, Math.min(left, buffer.length)),
        offset + bytes - left,
      );
      if (read === 0) throw new Error(`"${source.path}" has become shorter while it was read`);
      this.write(buffer.subarray(0, read));
      left -= read;
    }
  }
}

/** Makes a file that survives a loss of power before anything is done with it. */
async function writeFrom(
  from: string | undefined,
  to: string,
  work: (source: DiskFile, target: Target) => Promise<void>,
): Promise<void> {
  const file = denoDisk.open(to, "create");
  const source = from === undefined ? file : denoDisk.open(from, "read");
  try {
    await work(source, new Target(file));
    await file.sync();
  } finally {
    if (source !== file) source.close();
    file.close();
  }
}
