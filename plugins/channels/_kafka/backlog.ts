import type { Clock } from "sluice/plugin";

/** A report that comes so long after a put counts the events of that put. */
const REPORT_MS = 1000;

interface PartitionBacklog {
  /** Put here, and the brokers have not said yet that they have them. */
  unconfirmed: number;
  /** Put here and not fetched since. */
  unseen: number;
  /** Still to be fetched, as the brokers said last. */
  lag: number;
  lastPutMs: number;
}

/**
 * How many events stand before the channel's takers: what the brokers tell of the partitions that are read here, and what
 * was put here since. Before the first take only what the brokers have not confirmed counts, because an agent
 * that never takes leaves the rest to others.
 */
export class Backlog {
  readonly #clock: Clock;
  readonly #partitions = new Map<number, PartitionBacklog>();
  #assigned: ReadonlySet<number> | undefined;
  isRead = false;
  /** Fetched and not yet taken for good. */
  held = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    let size = this.held;
    for (const [partition, { unconfirmed, unseen, lag }] of this.#partitions) {
      const isOurs = this.isRead && (this.#assigned?.has(partition) ?? true);
      size += isOurs ? Math.max(unseen, lag) : unconfirmed;
    }
    return size;
  }

  /** Events are on their way into a partition; call the answer when the brokers have them, or when they never will. */
  put(partition: number, events: number): { confirm(): void; refuse(): void } {
    const own = this.#of(partition);
    own.lastPutMs = this.#clock.now();
    own.unconfirmed += events;
    own.unseen += events;
    return {
      confirm: () => {
        own.unconfirmed -= events;
        own.lastPutMs = this.#clock.now();
      },
      refuse: () => {
        own.unconfirmed -= events;
        own.unseen = Math.max(0, own.unseen - events);
      },
    };
  }

  /** Events of a partition are here. */
  fetched(partition: number, events: number): void {
    const own = this.#of(partition);
    own.unseen = Math.max(0, own.unseen - events);
    own.lag = Math.max(0, own.lag - events);
  }

  /** The brokers tell how many events are still to be fetched. */
  report(partition: number, lag: number): void {
    const own = this.#of(partition);
    own.lag = lag;
    if (this.#clock.now() - own.lastPutMs > REPORT_MS) own.unseen = Math.min(own.unseen, lag);
  }

  /** Which partitions are read here. */
  assign(partitions: ReadonlySet<number>): void {
    this.#assigned = partitions;
  }

  #of(partition: number): PartitionBacklog {
    let own = this.#partitions.get(partition);
    if (!own) this.#partitions.set(partition, own = { unconfirmed: 0, unseen: 0, lag: 0, lastPutMs: 0 });
    return own;
  }
}
