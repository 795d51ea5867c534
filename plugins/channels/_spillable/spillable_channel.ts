// Memory holds what is older than all that is in the journal: puts return to memory only when the journal is empty.
// Both stand in one queue, so takers see one order.
import {
  type Channel,
  ChannelFullError,
  type Context,
  type EventBatch,
  type PutReceipt,
  type TakeOptions,
  TakeQueue,
  type TakeTransaction,
} from "sluice/plugin";
import { type JoinedJournal, joinJournal } from "../_file/journals.ts";
import type { ChannelSettings } from "../_file/member.ts";
import { type Roomy, WaitingPuts } from "../_file/waiting_puts.ts";

/** What a spillable channel is configured with. */
export interface SpillableSettings {
  readonly memoryEvents: number;
  readonly memoryBytes: number;
  /** Share of the memory that must be free before puts return to it. */
  readonly freeShare: number;
  /** How long a put waits for room in memory. */
  readonly timeoutMs: number;
  /** The channel on the disk; a capacity of 0 means that there is none. */
  readonly overflow: ChannelSettings;
}

/** Opens the channel and, where it has one, its journal. */
export async function openSpillable(settings: SpillableSettings, context: Context): Promise<Channel> {
  const joined = settings.overflow.capacity === 0
    ? undefined
    : await joinJournal(settings.overflow, context, { hasPositions: false });
  return new SpillableChannel(settings, context, joined);
}

class SpillableChannel implements Channel, Roomy {
  readonly capacity: number;
  readonly maxPutEvents: number;
  readonly maxTakeEvents: number;
  readonly #settings: SpillableSettings;
  readonly #name: string;
  readonly #joined: JoinedJournal | undefined;
  readonly #queue: Pick<TakeQueue, "push" | "take" | "size">;
  readonly #waiting: WaitingPuts;
  #memoryEvents = 0;
  #memoryBytes = 0;
  /** Puts on their way to the journal. */
  #spills = 0;
  #isSpilling = false;
  #closing: Promise<void> | undefined;

  constructor(settings: SpillableSettings, context: Context, joined: JoinedJournal | undefined) {
    const { memoryEvents, overflow } = settings;
    this.capacity = memoryEvents + overflow.capacity;
    this.maxTakeEvents = overflow.transactionCapacity;
    this.maxPutEvents = joined ? this.maxTakeEvents : Math.min(this.maxTakeEvents, memoryEvents);
    this.#settings = settings;
    this.#name = context.name;
    this.#joined = joined;
    this.#waiting = new WaitingPuts(context.clock);
    this.#queue = joined?.member.out ?? new TakeQueue();
    this.#isSpilling = (joined?.member.out.size ?? 0) > 0;
    joined?.shared.add(this, joined.member);
  }

  get size(): number {
    return this.#queue.size;
  }

  async put(batch: EventBatch): Promise<PutReceipt> {
    const { timeoutMs } = this.#settings;
    return await this.#waiting.start<Promise<PutReceipt> | PutReceipt>({
      needs: new Map([[this, batch.size]]),
      waitMs: timeoutMs,
      start: () => this.#goesToDisk(batch.size) ? this.#spill(batch) : this.#push(batch),
      giveUp: () => {
        if (!this.#joined) throw this.#fullError(batch.size);
        return this.#spill(batch);
      },
    });
  }

  take(options: TakeOptions): Promise<TakeTransaction> {
    return this.#queue.take(options);
  }

  /** Whether a put need not wait for memory: there is room, or it goes to the disk anyway. */
  hasRoom(events: number): boolean {
    if (this.#goesToDisk(events)) return true;
    const { memoryEvents, memoryBytes } = this.#settings;
    if (this.#memoryEvents === 0) return true;
    return this.#memoryEvents + events <= memoryEvents && this.#memoryBytes < memoryBytes;
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#waiting.refuse(this, new Error(`Channel "${this.#name}" is closed`));
    await this.#joined?.shared.remove(this);
    await this.#joined?.leave();
  }

  #goesToDisk(events: number): boolean {
    if (!this.#joined) return false;
    if (events > this.#settings.memoryEvents) return true;
    if (!this.#isSpilling) return false;
    const { memoryEvents, freeShare } = this.#settings;
    const isEmpty = this.#spills === 0 && this.#joined.member.out.journaled === 0;
    this.#isSpilling = !isEmpty || this.#memoryEvents > memoryEvents * (1 - freeShare);
    return this.#isSpilling;
  }

  async #spill(batch: EventBatch): Promise<PutReceipt> {
    this.#isSpilling = true;
    this.#spills++;
    try {
      return await this.#joined!.shared.put([{ channel: this, batch }]);
    } finally {
      this.#spills--;
    }
  }

  /** Copies what a source's pool lends: its few blocks would otherwise be the channel's capacity. */
  #push(batch: EventBatch): PutReceipt {
    const isWasteful = batch.block.byteLength > 4 * batch.spanBytes + 4096;
    const kept = (batch.lease || isWasteful ? batch.detach() : batch).with({ position: undefined });
    const { size, spanBytes } = kept;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#memoryEvents += size;
    this.#memoryBytes += spanBytes;
    this.#queue.push({
      batch: kept,
      committed: () => {
        this.#memoryEvents -= size;
        this.#memoryBytes -= spanBytes;
        resolve();
        this.#waiting.admit();
      },
    });
    return { delivered: promise };
  }

  #fullError(events: number): ChannelFullError {
    const { memoryEvents } = this.#settings;
    return new ChannelFullError(
      `Cannot put ${events} events: channel "${this.#name}" holds ${this.size} of ${memoryEvents} in memory`,
    );
  }
}
