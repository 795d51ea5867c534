// Every undelivered event of a channel lies in exactly one of three places: open portions (in the queue or with a taker),
// the backlog (to be read from the disk), kept frames (in memory, behind all others). What is abandoned goes back to the
// backlog. Events in the last two count as behind. Nothing is kept for a frame that lies only on the disk.
import {
  type Context,
  type QueueEntry,
  type TakeOptions,
  TakeQueue,
  type TakeTransaction,
} from "sluice/plugin";
import type { ChannelState, Journal } from "../../../journal/mod.ts";
import { Backlog } from "./backlog.ts";
import type { Damage } from "./feeder.ts";
import type { FramePool } from "./frame_pool.ts";
import { type HeldFrame, type JoinedFrames, SmallFrames } from "./frames.ts";
import { type FreshFrame, KeptFrames } from "./kept_frames.ts";
import type { Openings } from "./openings.ts";
import { OpenPortions, type Portion } from "./open_portions.ts";

/** What the way out of a channel needs. */
export interface WayOutOptions {
  readonly journal: Journal;
  readonly pool: FramePool;
  readonly openings: Openings;
  readonly context: Context;
  /** Frames that may wait in memory for a taker. */
  readonly windowBytes: number;
  /** Batches say where in the journal they end. */
  readonly hasPositions: boolean;
  /** Is told when events have left. */
  onRoom(): void;
}

/** Gives the events of one channel of a journal to its takers: from memory while they keep up, else from the disk. */
export class WayOut {
  readonly #about: WayOutOptions;
  readonly #backlog: Backlog;
  readonly #kept = new KeptFrames();
  readonly #open = new OpenPortions();
  #queue = new TakeQueue(() => this.#afterCommit());
  #isStarted = false;
  #isPatient = true;
  #isClosed = false;
  #takers = 0;
  #behind: number;
  #queuedBytes = 0;
  #putNext: number;
  #givenNext = 0;
  /** Behind everything that was ever given to the queue. */
  #queuedNext: number | undefined;
  #waiting: (() => void)[] = [];

  constructor(about: WayOutOptions) {
    this.#about = about;
    const { id, cursor, size } = this.state;
    this.#behind = size;
    this.#putNext = about.journal.committedSequence;
    this.#backlog = new Backlog({
      ...about,
      channelId: id,
      wantsMore: () => this.#isStarted && this.#queuedBytes < about.windowBytes / 2,
      putNext: () => this.#putNext,
      isGiven: (from, to) => this.#open.hasBetween(from, to),
      give: (frames) => this.#give(frames),
      lose: (damage) => this.#lose(damage),
      emptied: (sequence) => this.#caughtUp(sequence),
    });
    if (size > 0) this.#backlog.add({ from: cursor, to: Infinity });
  }

  /** What the journal knows of the channel. */
  get state(): ChannelState {
    const { journal, context } = this.#about;
    return journal.state.channels[context.name]!;
  }

  /** Undelivered events. */
  get size(): number {
    return this.#behind + this.#queue.size;
  }

  /** The same without events that are in no journal; of a frame that is partly delivered all events count. */
  get journaled(): number {
    return this.#behind + this.#open.events;
  }

  /** Sequence behind all events that takers of this process have seen. */
  get givenNext(): number {
    return this.#givenNext;
  }

  /** The key of this channel in positions. */
  get positionKey(): string {
    const { journal, context } = this.#about;
    return `${context.name}@${journal.id}.${this.state.epoch}`;
  }

  take(options: TakeOptions): Promise<TakeTransaction> {
    const taken = this.#queue.take(options);
    this.#takers++;
    const leave = () => void this.#takers--;
    taken.then(leave, leave);
    this.#isStarted = true;
    this.#pump();
    return taken;
  }

  /** Adds events that are in no journal; only while `journaled` is 0. */
  push(entry: QueueEntry): void {
    this.#queue.push(entry);
  }

  /** Takes note of a frame of this channel, and keeps its bytes while takers keep up. */
  appended(frame: FreshFrame): void {
    this.#behind += frame.count;
    this.#putNext = frame.sequence + frame.count;
    if (this.#backlog.isEndless) return;
    const heldBytes = this.#kept.bytes + this.#queuedBytes;
    if (heldBytes === 0 || heldBytes + frame.bytes <= this.#about.windowBytes) return this.#kept.add(frame);
    this.#backlog.add({ from: Math.min(this.#kept.from, frame.sequence), to: Infinity });
    this.#kept.clear();
    this.#wake();
  }

  /** Some frames of this channel have been committed. */
  committed(): void {
    this.#pump();
  }

  /** A frame of this channel was rolled back, as is all that was appended behind it before now. */
  rejected(frame: FreshFrame): void {
    this.#behind -= frame.count;
    this.#putNext = Math.min(this.#putNext, frame.sequence);
    if (!this.#kept.remove(frame)) this.#backlog.cut(frame.sequence);
    this.#about.onRoom();
    this.#pump();
  }

  /** Pending: takers that keep up should get a chance before more is put. */
  flow(): Promise<void> | undefined {
    if (!this.#isCrowded) this.#isPatient = true;
    if (!this.#isCrowded || !this.#isPatient || !this.#isStarted || this.#backlog.isEndless) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The takers have had their chance; until they have caught up no put waits for them. */
  losePatience(): void {
    this.#isPatient = !this.#isCrowded;
    this.#wake();
  }

  /** Counts as delivered what lies before a sequence. Only while nothing is taken. */
  async skipTo(to: number): Promise<void> {
    const { journal, context, onRoom } = this.#about;
    if (to <= Math.min(this.#open.from, this.#backlog.from, this.#kept.from)) return;
    this.#isStarted = false;
    if (this.#open.from < to || this.#kept.from < to) this.#startOver();
    const events = await this.#backlog.skip(to);
    this.#behind -= events;
    journal.deliver(context.name, to, events);
    onRoom();
    this.#pump();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    await this.#backlog.close();
    this.#kept.clear();
  }

  get #isCrowded(): boolean {
    return this.#kept.bytes + this.#queuedBytes > this.#about.windowBytes / 2;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #pump(): void {
    if (this.#backlog.isEmpty) this.#giveKept();
    else this.#backlog.read();
  }

  #giveKept(): void {
    const small = new SmallFrames();
    for (const frame of this.#kept.takeCommitted()) {
      const held: HeldFrame = frame;
      if (small.isFullFor(held)) this.#give(small.take());
      small.add(held);
    }
    if (small.size > 0) this.#give(small.take());
  }

  #give(frames: JoinedFrames): void {
    const { from, next, count, bytes } = frames;
    const portion: Portion = { from, next, count, bytes, state: "open" };
    this.#open.add(portion);
    this.#behind -= count;
    this.#queuedBytes += bytes;
    this.#queue.push(this.#entryOf(frames, portion));
    this.#queuedNext = Math.max(next, this.#queuedNext ?? 0);
    frames.batch.lease?.release();
  }

  #entryOf({ batch, next, sequenceBehind, runsOf }: JoinedFrames, portion: Portion): QueueEntry {
    const key = this.positionKey;
    // A channel that was given up and added again has other events: nothing between its own is known of it any longer.
    const stream = `${key}.${this.state.since}.${this.#about.openings.nameAt(portion.from)}`;
    // What is given for the first time has nothing between it and what was given before.
    const isNew = this.#queuedNext !== undefined && portion.from >= this.#queuedNext;
    const after = isNew ? this.#queuedNext! : portion.from;
    return {
      origin: { stream, runsOf: (from, to) => runsOf({ from, to, after }) },
      ...this.#about.hasPositions
        ? {
          batch: batch.with({ position: { [key]: next } }),
          positionAt: (events) => {
            const behind = sequenceBehind(events);
            this.#givenNext = Math.max(this.#givenNext, behind);
            return { [key]: behind };
          },
        }
        : { batch },
      committed: () => {
        if (portion.state === "open") portion.state = "committed";
        this.#letGo(portion);
      },
      replay: { accepted: () => this.#letGo(portion), abandoned: () => this.#abandon(portion) },
    };
  }

  #letGo(portion: Portion): void {
    if (portion.bytes === 0) return;
    this.#queuedBytes -= portion.bytes;
    portion.bytes = 0;
    if (!this.#isCrowded) this.#wake();
    this.#pump();
  }

  #abandon(portion: Portion): void {
    if (portion.state !== "open") return;
    portion.state = "gone";
    this.#open.remove(portion);
    this.#behind += portion.count;
    this.#backlog.add({ from: portion.from, to: portion.next });
    // Not before somebody takes again: then it may turn out that part of it is delivered after all.
    this.#isStarted = this.#takers > 0;
    this.#letGo(portion);
  }

  /** Gives up all that takers do not hold, to read it again. */
  #startOver(): void {
    this.#backlog.reset(Math.min(this.#open.from, this.#backlog.from, this.#kept.from));
    this.#kept.clear();
    this.#behind += this.#open.events;
    this.#open.clear();
    this.#queue = new TakeQueue(() => this.#afterCommit());
    this.#queuedBytes = 0;
  }

  #afterCommit(): void {
    this.#advance();
    this.#about.onRoom();
    this.#pump();
  }

  #advance(): void {
    const { journal, context } = this.#about;
    // What a sink still commits after the end is given again at the next start.
    if (this.#isClosed) return;
    const done = this.#open.advance(this.#backlog.from);
    if (done) journal.deliver(context.name, done.cursor, done.events);
  }

  #lose({ sequence, count, isOwn, text, place }: Damage): void {
    const { log, counters } = this.#about.context;
    counters.add("EventDamagedCount", count);
    log.error(`Cannot deliver ${count} events, they are damaged: ${text}`, place);
    this.#pass({ from: sequence, next: sequence + count, count: isOwn ? count : 0 });
  }

  /** All has been read: what is still counted as behind and not kept does not exist. */
  #caughtUp(sequence: number): void {
    const missing = this.#behind - this.#kept.events;
    if (missing > 0) this.#pass({ from: sequence, next: sequence, count: missing });
    this.#behind = this.#kept.events;
    this.#giveKept();
  }

  /** Counts events as delivered that nobody will get. */
  #pass(place: Pick<Portion, "from" | "next" | "count">): void {
    this.#behind -= place.count;
    this.#open.add({ ...place, bytes: 0, state: "committed" });
    this.#advance();
    this.#about.onRoom();
  }
}
