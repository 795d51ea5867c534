import {
  FLAG_MORE,
  FRAME_HEAD_BYTES,
  type JournalFault,
  type JournalState,
  readPayload,
  SEGMENT_HEAD_BYTES,
  type SegmentFile,
  type SegmentHead,
} from "../../journal/mod.ts";
import type { JournalHome } from "./home.ts";
import { StateFolder } from "./state_folder.ts";
import { channelsOf, checkpointsOf } from "./survey.ts";
import { bodyFault } from "./verify.ts";
import { type FrameStep, missingStart, walk } from "./walk.ts";

/** Intact frames one behind another. */
export interface Kept {
  readonly offset: number;
  bytes: number;
  lastOffset: number;
  /** The last of them says that its group goes on. */
  isOpen: boolean;
  timeMs: number;
}

/** What is lost between intact frames; a note takes its place, so that sequences go on without a gap. */
export interface Lost {
  readonly sequence: number;
  readonly events: number;
}

/** How one segment is to be written anew. */
export interface SegmentPlan {
  readonly segment: SegmentFile;
  /** As it was, or as it must have been. */
  readonly head: SegmentHead;
  readonly pieces: (Kept | Lost)[];
  readonly faults: JournalFault[];
}

/** What a repair would do. */
export interface RepairPlan {
  readonly journalId: string;
  /** Those that stay, damaged or not. */
  readonly segments: readonly SegmentPlan[];
  /** Those of which nothing is intact: they are set aside as they are. */
  readonly hopeless: readonly SegmentPlan[];
  /** Of the segment that is added behind all of them. */
  readonly lastNumber: number;
  readonly faults: readonly JournalFault[];
  /** All that is known beside the events. */
  readonly state: JournalState;
  /** Where the log goes on. */
  readonly nextSequence: number;
  readonly keptFrames: number;
  readonly timeMs: number;
}

/** Reads every frame, and sorts what is intact from what is not. Changes nothing. */
export async function planRepair(home: JournalHome, segments: readonly SegmentFile[]): Promise<RepairPlan> {
  const id = segments.find(({ head }) => head)?.head?.journalId;
  const { found: [checkpoint], faults } = await checkpointsOf(home, id);
  const proven = checkpoint?.sequence ?? 0;
  const planner = new Planner(id ?? checkpoint?.journalId ?? "0", new StateFolder(checkpoint));
  for await (const step of walk(segments, proven)) {
    if ("fault" in step) planner.fault(step.fault);
    else if ("file" in step) await planner.frame(step);
    else planner.segment(step.segment);
  }
  const plan = planner.end(faults, proven);
  const lost = missingStart(plan.state, plan.segments[0]?.segment ?? segments[0]!);
  return {
    ...plan,
    state: await withSizes(plan),
    faults: lost ? [...plan.faults, lost] : plan.faults,
  };
}

/** Channels behind what is lost at the start of the log, and with what they have really got to deliver. */
async function withSizes({ segments, faults, state, nextSequence }: RepairPlan): Promise<JournalState> {
  const first = segments[0]?.segment.firstSequence ?? nextSequence;
  const channels = Object.fromEntries(
    Object.entries(state.channels).map(([name, channel]) => {
      const cursor = Math.min(Math.max(channel.cursor, first), nextSequence);
      return [name, { ...channel, cursor }];
    }),
  );
  const damaged = new Set(faults.map(({ path, offset }) => `${path}:${offset}`));
  const isIntact = ({ segment, frame }: FrameStep) => !damaged.has(`${segment.path}:${frame.offset}`);
  for (
    const { name, undeliveredEvents } of await channelsOf(
      channels,
      segments.map(({ segment }) => segment),
      isIntact,
    )
  ) {
    channels[name] = { ...channels[name]!, size: undeliveredEvents };
  }
  return { ...state, channels };
}

class Planner {
  readonly #journalId: string;
  readonly #state: StateFolder;
  readonly #segments: SegmentPlan[] = [];
  #group = { offset: 0, sequence: 0, isOpen: false };
  #proven = 0;
  #nextSequence = 0;
  #timeMs = 0;
  #keptFrames = 0;

  constructor(journalId: string, state: StateFolder) {
    this.#journalId = journalId;
    this.#state = state;
  }

  segment(segment: SegmentFile): void {
    const number = (this.#segments.at(-1)?.head.number ?? -1) + 1;
    const head = segment.head ?? {
      journalId: this.#journalId,
      firstSequence: segment.firstSequence,
      timeMs: this.#timeMs,
      number,
      previousNumber: Math.max(0, number - 1),
    };
    this.#segments.push({ segment, head, pieces: [], faults: [] });
    this.#group.isOpen = false;
    this.#nextSequence = Math.max(this.#nextSequence, segment.firstSequence);
  }

  async frame(step: FrameStep): Promise<void> {
    const { head, offset } = step.frame;
    if (await readPayload(step.file, step.frame) === undefined) {
      return this.fault(bodyFault(step, "The payload does not agree with its checksum"));
    }
    await this.#state.pass(step);
    if (!this.#group.isOpen) this.#group = { offset, sequence: head.sequence, isOpen: true };
    const isMore = (head.flags & FLAG_MORE) !== 0;
    this.#group.isOpen = isMore;
    this.#keep(offset, FRAME_HEAD_BYTES + head.payloadBytes, isMore);
    this.#keptFrames++;
    this.#timeMs = this.#kept!.timeMs = Math.max(this.#timeMs, head.timeMs);
    this.#proven = Math.max(this.#proven, head.syncedSequence);
    this.#nextSequence = head.sequence + head.count;
  }

  fault(fault: JournalFault): void {
    const plan = this.#segments.at(-1);
    if (!plan) return;
    const { sequence = 0, events = 0 } = fault;
    plan.faults.push(fault);
    if (fault.kind === "damaged-head" && fault.offset === 0) return;
    plan.pieces.push({ sequence, events });
    this.#state.passHole(sequence);
    this.#group.isOpen = false;
    this.#nextSequence = Math.max(this.#nextSequence, sequence + events);
  }

  end(checkpointFaults: readonly JournalFault[], checkpointSequence: number): RepairPlan {
    const proven = Math.max(checkpointSequence, this.#proven);
    if (this.#group.isOpen && this.#group.sequence >= proven) this.#cutGroup();
    else this.#state.passHole(0);
    return {
      ...this.#setAside(),
      faults: [...checkpointFaults, ...this.#segments.flatMap(({ faults }) => faults)],
      journalId: this.#journalId,
      lastNumber: Math.max(...this.#segments.map(({ head }) => head.number)) + 1,
      state: this.#state.end(proven),
      nextSequence: this.#nextSequence,
      keptFrames: this.#keptFrames,
      timeMs: this.#timeMs,
    };
  }

  /** What is lost with a segment of which nothing is intact is told in the one before it. */
  #setAside(): Pick<RepairPlan, "segments" | "hopeless"> {
    const segments: SegmentPlan[] = [];
    const hopeless: SegmentPlan[] = [];
    for (const plan of this.#segments) {
      const hasKept = plan.faults.length === 0 || plan.pieces.some((piece) => "bytes" in piece);
      (hasKept ? segments : hopeless).push(plan);
      if (!hasKept) segments.at(-1)?.pieces.push(...plan.pieces);
    }
    return { segments, hopeless };
  }

  get #kept(): Kept | undefined {
    const piece = this.#segments.at(-1)!.pieces.at(-1);
    return piece && "bytes" in piece ? piece : undefined;
  }

  #keep(offset: number, bytes: number, isOpen: boolean): void {
    const kept = this.#kept;
    if (kept) Object.assign(kept, { bytes: kept.bytes + bytes, lastOffset: offset, isOpen });
    else this.#segments.at(-1)!.pieces.push({ offset, bytes, lastOffset: offset, isOpen, timeMs: 0 });
  }

  /** The last append was never finished, so nobody was told that it is safe. */
  #cutGroup(): void {
    const plan = this.#segments.at(-1)!;
    const { offset, sequence } = this.#group;
    const kept = this.#kept!;
    const bytes = kept.offset + kept.bytes - offset;
    if (offset === kept.offset) plan.pieces.pop();
    else Object.assign(kept, { bytes: offset - kept.offset, isOpen: false });
    const text = `The last ${bytes} bytes belong to an append that was never finished`;
    plan.faults.push({ kind: "torn-tail", path: plan.segment.path, offset, bytes, sequence, text });
    this.#nextSequence = sequence;
  }
}

/** Whether a segment has to be written anew. */
export function isDamaged({ faults, pieces }: SegmentPlan): boolean {
  return faults.length > 0 || pieces.some((piece) => !("bytes" in piece));
}

/** Parts of a segment file, its head left out, that are not kept. */
export function cutRanges(
  { segment, pieces }: SegmentPlan,
): { readonly offset: number; readonly bytes: number }[] {
  const ranges: { offset: number; bytes: number }[] = [];
  let at = SEGMENT_HEAD_BYTES;
  for (const piece of pieces) {
    if (!("bytes" in piece)) continue;
    if (piece.offset > at) ranges.push({ offset: at, bytes: piece.offset - at });
    at = piece.offset + piece.bytes;
  }
  if (segment.bytes > at) ranges.push({ offset: at, bytes: segment.bytes - at });
  return ranges;
}
