import { type Context, errorText } from "sluice/plugin";
import type { Journal } from "../../../journal/mod.ts";
import { type Damage, Feeder, type Range } from "./feeder.ts";
import type { FramePool } from "./frame_pool.ts";
import type { JoinedFrames } from "./frames.ts";
import type { Openings } from "./openings.ts";

const RETRY_MS = 1000;

/** What reading a channel's backlog needs. */
export interface BacklogOptions {
  readonly journal: Journal;
  readonly channelId: number;
  readonly pool: FramePool;
  readonly openings: Openings;
  readonly context: Context;
  /** Whether somebody wants more, and there is memory for it. */
  wantsMore(): boolean;
  /** Sequence behind the last event that was put into the channel. */
  putNext(): number;
  /** Whether events of this part of the log are with takers, so that they must not be read. */
  isGiven(from: number, to: number): boolean;
  /** Takes what was read, in order. */
  give(frames: JoinedFrames): void;
  lose(damage: Damage): void;
  /** All has been read up to this sequence; what is put from there on need not be. */
  emptied(sequence: number): void;
}

/** The events of a channel that lie only on the disk, and the one loop that reads them. */
export class Backlog {
  readonly #about: BacklogOptions;
  readonly #closing = new AbortController();
  #ranges: Range[] = [];
  #feeder: Feeder | undefined;
  #isBusy = false;
  #reading: Promise<void> | undefined;
  #isKicked = false;
  #fault: string | undefined;

  constructor(about: BacklogOptions) {
    this.#about = about;
  }

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  /** Whether what is put now will be read from the disk, too. */
  get isEndless(): boolean {
    return this.#ranges.at(-1)?.to === Infinity;
  }

  /** Sequence of the next event; Infinity without any. */
  get from(): number {
    return this.#ranges[0]?.from ?? Infinity;
  }

  /** Adds a part of the log, in its place. */
  add(range: Range): void {
    const at = this.#ranges.findIndex(({ from }) => from > range.from);
    if (at === 0) this.#dropFeeder();
    if (at < 0) this.#ranges.push(range);
    else this.#ranges.splice(at, 0, range);
  }

  /** Takes all from a sequence on in place of what it has. */
  reset(from: number): void {
    this.#dropFeeder();
    this.#ranges = [{ from, to: Infinity }];
  }

  /** Forgets what lies behind a sequence, which was rolled back. */
  cut(sequence: number): void {
    const last = this.#ranges.at(-1);
    if (last && last.to !== Infinity) last.to = Math.min(last.to, sequence);
  }

  /** Reads on if there is something to read: to be called whenever that may have changed. */
  read(): void {
    this.#isKicked = true;
    if (!this.#reading && this.#canRead) this.#reading = this.#readOn();
  }

  /** Leaves out what lies before a sequence; gives the number of its events. */
  async skip(to: number): Promise<number> {
    this.#dropFeeder();
    let events = 0;
    for (const range of this.#ranges) {
      if (range.from >= to) break;
      const end = Math.min(range.to, to);
      events += await this.#count(range.from, end);
      range.from = end;
    }
    this.#ranges = this.#ranges.filter(({ from, to }) => from < to);
    return events;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#reading;
    this.#dropFeeder();
  }

  get #canRead(): boolean {
    return this.#ranges.length > 0 && !this.#closing.signal.aborted && this.#about.wantsMore();
  }

  async #readOn(): Promise<void> {
    while (this.#isKicked && this.#canRead) {
      this.#isKicked = false;
      try {
        await this.#readRanges();
      } catch (cause) {
        this.#isBusy = false;
        await this.#pause(cause);
      }
    }
    this.#reading = undefined;
  }

  async #readRanges(): Promise<void> {
    const { journal, channelId, give, lose } = this.#about;
    while (this.#canRead) {
      const range = this.#firstRange();
      const feeder = this.#feeder ??= new Feeder(journal.reader(channelId, range.from), range, this.#about);
      const committed = journal.committedSequence;
      this.#isBusy = true;
      const read = await feeder.next();
      this.#isBusy = false;
      // Meanwhile something in front of it has come back, or all was given up.
      if (feeder !== this.#feeder) {
        discard(feeder, read);
        continue;
      }
      this.#fault = undefined;
      if (read === undefined) {
        if (range.to === Infinity) range.to = Math.max(range.from, this.#about.putNext());
        // The rest is not committed yet; its commit will call.
        if (range.from < range.to && committed < range.to) return;
        range.from = range.to;
      } else if ("place" in read) {
        range.from = Math.max(range.from, read.sequence + read.count);
        lose(read);
      } else {
        range.from = read.next;
        give(read);
      }
      if (range.from >= range.to) this.#finish(range);
    }
  }

  /** Joins what is to be read where nothing that was given out lies between. */
  #firstRange(): Range {
    const [first, second] = this.#ranges;
    if (second === undefined || this.#about.isGiven(first!.to, second.from)) return first!;
    first!.to = second.to;
    this.#ranges.splice(1, 1);
    return this.#firstRange();
  }

  #finish({ to }: Range): void {
    this.#ranges.shift();
    this.#dropFeeder();
    if (this.#ranges.length === 0) this.#about.emptied(to);
  }

  #dropFeeder(): void {
    // A reader is not closed while it reads; the loop does that.
    if (!this.#isBusy) this.#feeder?.close();
    this.#feeder = undefined;
  }

  /** What cannot be read now is tried again; what was gathered of it is read anew. */
  async #pause(cause: unknown): Promise<void> {
    const { counters, log, clock } = this.#about.context;
    this.#dropFeeder();
    counters.add("EventTakeErrorCount");
    const fault = errorText(cause);
    if (fault !== this.#fault) log.error(`Cannot read the journal, trying again: ${fault}`);
    this.#fault = fault;
    await clock.sleep(RETRY_MS, this.#closing.signal);
    this.#isKicked = true;
  }

  async #count(from: number, to: number): Promise<number> {
    const { journal, channelId } = this.#about;
    const reader = journal.reader(channelId, from);
    let room = new Uint8Array(0);
    let events = 0;
    try {
      for (;;) {
        const frame = await reader.next((bytes) => {
          if (room.length < bytes) room = new Uint8Array(bytes);
          return room.subarray(0, bytes);
        });
        if (frame === undefined || frame.sequence >= to) return events;
        events += Math.min(frame.sequence + frame.count, to) - Math.max(frame.sequence, from);
      }
    } finally {
      reader.close();
    }
  }
}

function discard(feeder: Feeder, read: JoinedFrames | Damage | undefined): void {
  feeder.close();
  if (read && "batch" in read) read.batch.lease?.release();
}
