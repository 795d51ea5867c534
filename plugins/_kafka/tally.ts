import type { Position } from "sluice/plugin";
import type { FetchedRecords, Partition } from "../../protocols/kafka/client.ts";
import { positionOf } from "./own_offset.ts";

/** What of fetched records decides how far a partition is read. */
export type OpenedRecords = Partition & Pick<FetchedRecords, "offsets" | "nextOffset">;

/** Fetched records on their way; they settle whole or in parts, in any order. Places are those in the fetched records. */
export class OpenRecords {
  /** Since which wish they are read. */
  readonly wish: string | undefined;
  /** For the batch that is made of all of them. */
  readonly position: Position;
  readonly #size: number;
  /** Absent where they settle whole: much may be on its way for long. */
  readonly #offsets: Float64Array | undefined;
  readonly #first: number;
  readonly #next: number;
  readonly #onChange: () => void;
  readonly #later: { from: number; to: number }[] = [];
  #left: number;
  #settledTo = 0;
  #isBroken = false;

  constructor(
    records: OpenedRecords,
    { inParts, wish, onChange }: { inParts: boolean; wish: string | undefined; onChange: () => void },
  ) {
    const { offsets, nextOffset } = records;
    this.wish = wish;
    this.position = positionOf(records, nextOffset, wish);
    this.#size = this.#left = offsets.length;
    this.#offsets = inParts ? offsets : undefined;
    this.#first = offsets[0] ?? nextOffset;
    this.#next = nextOffset;
    this.#onChange = onChange;
  }

  /** These are where they belong, for good. */
  settle(from = 0, to = this.#size): void {
    this.#later.push({ from, to });
    this.#later.sort((one, other) => one.from - other.from);
    while (this.#later[0] && this.#later[0].from <= this.#settledTo) {
      this.#settledTo = Math.max(this.#settledTo, this.#later.shift()!.to);
    }
    this.#close(to - from);
  }

  /** These are given up: whoever gets the partition next reads them again, and all behind them. */
  abandon(from = 0, to = this.#size): void {
    this.#isBroken = true;
    this.#close(to - from);
  }

  /** Nothing of them is waited for any more. */
  get isClosed(): boolean {
    return this.#left <= 0;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  get isSettled(): boolean {
    return this.#settledTo >= this.#size;
  }

  /** Of the first record that has not settled; behind the last when all have. */
  get safeOffset(): number {
    return this.isSettled ? this.#next : this.#offsets?.[this.#settledTo] ?? this.#first;
  }

  #close(count: number): void {
    this.#left -= count;
    this.#onChange();
  }
}

/** What is known of one partition while this process reads it; assigned again, it goes on. */
export class PartitionTally {
  readonly partition: Partition;
  readonly #inParts: boolean;
  readonly #queue: OpenRecords[] = [];
  #open = 0;
  #idle: (() => void)[] = [];
  #wake: () => void = () => {};
  /** Counts assignments: what waited in one is void in the next. */
  epoch = 0;
  isOurs = false;
  /** Ours, and not about to be taken away. */
  isReading = false;
  /** Where reading goes on behind all that was handed on. */
  nextOffset: number | undefined;
  /** All before is where it belongs. */
  safeOffset: number | undefined;
  /** What the group has noted, with our mark. */
  committedOffset: number | undefined;
  /** Since which wish of somebody else it is read. */
  wish: string | undefined;
  /** Something was abandoned: `nextOffset` no longer tells what has been read. */
  isBroken = false;
  /** Set while nothing may be handed on yet. */
  mayRead: Promise<void> | undefined;
  readonly #onSafe: (tally: PartitionTally) => void;

  /** `onSafe` is told when more is safe than the group knows. */
  constructor(partition: Partition, about: { inParts: boolean; onSafe: (tally: PartitionTally) => void }) {
    this.partition = partition;
    this.#inParts = about.inParts;
    this.#onSafe = about.onSafe;
  }

  /** The partition is ours from now on. `committed`: what the group has noted with our mark. */
  assign(begin: number | undefined, committed: number | undefined): void {
    this.epoch++;
    this.isOurs = this.isReading = true;
    this.committedOffset = committed;
    this.nextOffset = begin;
    if (this.#open === 0) this.safeOffset = begin;
  }

  /** Reading begins at an offset that the brokers chose; what is noted so far is not there. */
  begin(offset: number): void {
    this.nextOffset = offset;
    if (this.#open > 0) return;
    this.safeOffset = offset;
    this.committedOffset = undefined;
  }

  /** The partition is somebody else's. */
  leave(): void {
    this.isOurs = false;
    this.stop();
  }

  /** Nothing more is handed on in this assignment. */
  stop(): void {
    this.isReading = false;
    this.#wake();
  }

  /** Resolves when there is room, or the partition is being taken away. Only one waits at a time. */
  async wait(room: Promise<void>): Promise<void> {
    // Not `Promise.race`: what is raced against for long gathers all that ever waited.
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    room.then(resolve, resolve);
    await promise;
  }

  /** Notes records that are handed on now. */
  open(records: OpenedRecords): OpenRecords {
    const opened = new OpenRecords(records, {
      inParts: this.#inParts,
      wish: this.wish,
      onChange: () => this.#advance(opened),
    });
    this.#queue.push(opened);
    this.#open++;
    this.nextOffset = records.nextOffset;
    if (opened.isClosed) this.#advance(opened);
    return opened;
  }

  /** The group should note more than it has. */
  get hasNews(): boolean {
    return this.isOurs && this.safeOffset !== undefined && this.safeOffset > (this.committedOffset ?? -1);
  }

  /** Resolves when nothing is on its way. */
  idle(): Promise<void> {
    return this.#open === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #advance(changed: OpenRecords): void {
    if (changed.isBroken) this.isBroken = true;
    while (this.#queue[0]?.isSettled) this.safeOffset = this.#queue.shift()!.safeOffset;
    const head = this.#queue[0];
    if (head) this.safeOffset = Math.max(this.safeOffset ?? head.safeOffset, head.safeOffset);
    if (this.hasNews) this.#onSafe(this);
    if (changed.isClosed) this.#close();
  }

  #close(): void {
    if (--this.#open > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
