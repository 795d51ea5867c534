import { EventBatch, type Lease } from "sluice/plugin";
import type { DamagedFrame, JournalReader, ReadFrame } from "../../../journal/mod.ts";
import { decodeFrame } from "../../../protocols/event_frame.ts";
import type { FramePool } from "./frame_pool.ts";
import type { Openings } from "./openings.ts";
import { type HeldFrame, type JoinedFrames, SMALL_BYTES, SmallFrames } from "./frames.ts";

/** Events of a channel that are to be read from the disk. */
export interface Range {
  /** Sequence of the next one. */
  from: number;
  /** Sequence behind them; Infinity while the channel lags. */
  to: number;
}

/** Events that cannot be read any more. */
export interface Damage {
  readonly sequence: number;
  readonly count: number;
  /** False: whether they were this channel's, and how many of them, nobody knows. */
  readonly isOwn: boolean;
  readonly text: string;
  readonly place: Readonly<Record<string, unknown>>;
}

/** What a feeder shares with the others of its journal. */
export interface FeederOptions {
  readonly pool: FramePool;
  readonly openings: Openings;
}

/** Reads a range of a channel into pooled memory. */
export class Feeder {
  readonly #reader: JournalReader;
  readonly #about: FeederOptions;
  readonly #range: Range;
  readonly #small = new SmallFrames();
  #ahead: HeldFrame | Damage | undefined;
  #lease: Lease | undefined;

  constructor(reader: JournalReader, range: Range, about: FeederOptions) {
    this.#reader = reader;
    this.#about = about;
    this.#range = range;
  }

  /** The next frames, small ones joined; undefined at the end of the range and of what is committed. */
  async next(): Promise<JoinedFrames | Damage | undefined> {
    for (;;) {
      const read = this.#ahead ?? await this.#read();
      this.#ahead = undefined;
      if (read === undefined) return this.#small.size > 0 ? this.#small.take() : undefined;
      if ("place" in read) return this.#small.size > 0 ? this.#after(read) : read;
      if (this.#small.isFullFor(read) || this.#isApart(read)) return this.#after(read);
      this.#small.add(read);
      if (read.bytes >= SMALL_BYTES) return this.#small.take();
    }
  }

  close(): void {
    this.#reader.close();
    if (this.#ahead && "batch" in this.#ahead) this.#ahead.lease?.release();
    this.#ahead = undefined;
  }

  /** Events of two openings are known to others by two names. */
  #isApart({ sequence }: HeldFrame): boolean {
    const { from } = this.#small;
    const { openings } = this.#about;
    return from !== undefined && openings.nameAt(from) !== openings.nameAt(sequence);
  }

  #after(read: HeldFrame | Damage): JoinedFrames {
    this.#ahead = read;
    return this.#small.take();
  }

  async #read(): Promise<HeldFrame | Damage | undefined> {
    const frame = await this.#reader.next((bytes) => {
      this.#lease?.release();
      this.#lease = this.#about.pool.lease(bytes);
      return this.#lease.block.subarray(0, bytes);
    });
    const lease = this.#lease;
    this.#lease = undefined;
    if (frame === undefined || frame.sequence >= this.#range.to || "fault" in frame) {
      lease?.release();
      if (frame === undefined || frame.sequence >= this.#range.to) return undefined;
      return "fault" in frame ? damageOf(frame) : undefined;
    }
    return this.#held(frame, lease);
  }

  #held({ sequence, count, timeMs, payload }: ReadFrame, lease: Lease | undefined): HeldFrame | Damage {
    const isPooled = lease !== undefined && payload.buffer === lease.block.buffer;
    if (!isPooled) lease?.release();
    try {
      const whole = new EventBatch({ ...decodeFrame(payload), bornMs: timeMs });
      if (whole.size !== count) throw new RangeError(`Event frame of ${whole.size} events, not ${count}`);
      const skipped = Math.max(0, this.#range.from - sequence);
      return {
        sequence: sequence + skipped,
        count: count - skipped,
        timeMs,
        bytes: payload.length,
        lease: isPooled ? lease : undefined,
        batch: whole.slice(skipped, count),
      };
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      if (isPooled) lease.release();
      return { sequence, count, isOwn: true, text: cause.message, place: { sequence } };
    }
  }
}

function damageOf({ sequence, count, fault }: DamagedFrame): Damage {
  const { kind, path, offset, text } = fault;
  return { sequence, count, isOwn: kind === "damaged-body", text, place: { path, offset, sequence } };
}
