import { EventBatch, type IdentityRun, type Lease } from "sluice/plugin";

/** Frames below this length are joined with those behind them … */
export const SMALL_BYTES = 16 * 1024;
/** … up to this many bytes and frames: an entry in a queue costs more than the event of a small frame. */
const JOINED_BYTES = 256 * 1024;
const JOINED_FRAMES = 4096;

/** A frame whose bytes are in memory. */
export interface HeldFrame {
  /** Of its first event. */
  readonly sequence: number;
  readonly count: number;
  /** When it was put, in epoch ms. */
  readonly timeMs: number;
  readonly bytes: number;
  /** Without a lease: the collector takes care of the bytes. */
  readonly lease: Lease | undefined;
  readonly batch: EventBatch;
}

/** The events from one place of a batch up to (not with) another. */
export interface BatchPart {
  readonly from: number;
  readonly to: number;
  /** From this sequence up to the batch's first event the channel has no others. */
  readonly after: number;
}

/** Frames that follow each other in a channel, as one batch. */
export interface JoinedFrames {
  readonly from: number;
  /** Sequence behind the last event. */
  readonly next: number;
  readonly count: number;
  readonly bytes: number;
  readonly batch: EventBatch;
  /** Sequence behind the first so many events; other channels' events may lie between those of this one. */
  sequenceBehind(events: number): number;
  /** Which events of the log stand in a part of the batch. */
  runsOf(part: BatchPart): readonly IdentityRun[];
}

/** Makes one batch of frames; the leases of those that are copied end. */
export function joinFrames(frames: readonly HeldFrame[]): JoinedFrames {
  const first = frames[0]!;
  const last = frames.at(-1)!;
  const batch = frames.length === 1
    ? first.batch.with({ lease: first.lease })
    : EventBatch.concat(frames.map((frame) => frame.batch));
  if (frames.length > 1) { for (const { lease } of frames) lease?.release(); }
  const places = frames.map(({ sequence, count, timeMs }) => ({ sequence, count, timeMs }));
  return {
    from: first.sequence,
    next: last.sequence + last.count,
    count: batch.size,
    bytes: frames.length === 1 ? first.bytes : batch.spanBytes,
    batch,
    sequenceBehind(events) {
      let left = events;
      for (const { sequence, count } of places) {
        if (left <= count) return sequence + left;
        left -= count;
      }
      return last.sequence + last.count;
    },
    runsOf: (part) => runsOf(places, part),
  };
}

/** Between two frames that a channel gives behind one another it has no other events. */
function runsOf(
  places: readonly Pick<HeldFrame, "sequence" | "count" | "timeMs">[],
  part: BatchPart,
): readonly IdentityRun[] {
  const runs: IdentityRun[] = [];
  let [before, after] = [0, part.after];
  for (const { sequence, count, timeMs } of places) {
    const skipped = Math.max(0, part.from - before);
    const wanted = Math.min(count, part.to - before) - skipped;
    const first = sequence + skipped;
    if (wanted > 0) runs.push({ first, count: wanted, after: skipped > 0 ? first : after, timeMs });
    before += count;
    after = sequence + count;
  }
  return runs;
}

/** Gathers small frames until they are worth a batch. */
export class SmallFrames {
  #frames: HeldFrame[] = [];
  #bytes = 0;

  get size(): number {
    return this.#frames.length;
  }

  /** Sequence of the first event. */
  get from(): number | undefined {
    return this.#frames[0]?.sequence;
  }

  /** Whether this frame would only be copied for nothing, or too much. */
  isFullFor(frame: HeldFrame): boolean {
    if (this.#frames.length === 0) return false;
    return frame.bytes >= SMALL_BYTES || this.#bytes + frame.bytes > JOINED_BYTES ||
      this.#frames.length >= JOINED_FRAMES;
  }

  add(frame: HeldFrame): void {
    this.#frames.push(frame);
    this.#bytes += frame.bytes;
  }

  /** Gives what was gathered. */
  take(): JoinedFrames {
    const joined = joinFrames(this.#frames);
    this.#frames = [];
    this.#bytes = 0;
    return joined;
  }
}
