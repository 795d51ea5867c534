import { errorText } from "sluice/plugin";
import type { LogEntry } from "../../../protocols/flume_log.ts";
import { type FlumeLog, logEntries } from "./flume_logs.ts";

/** Where an event lies that is in the queue. */
export interface EventPlace {
  readonly fileId: number;
  readonly offset: number;
}

/** What the logs of a Flume channel say. */
export interface FlumeQueue {
  /** In the order in which they would leave the channel. */
  readonly places: readonly EventPlace[];
  /** What could not be read. */
  readonly damage: readonly string[];
  /** The number of the last write; it grows with every one. */
  readonly lastOrder: number;
}

/** One number for a place: an offset in a log is less than 2³¹. */
const OFFSETS = 2 ** 31;

interface Transaction {
  readonly puts: number[];
  readonly takes: number[];
}

/**
 * Replays logs as Flume does without its checkpoint: the puts that were committed, less the takes that were. A transaction
 * without a commit never was: what it put comes again from its source, what it took was not delivered.
 */
export function replayLogs(logs: readonly FlumeLog[]): FlumeQueue {
  const queue = new Replay();
  const damage: string[] = [];
  for (const log of logs) {
    try {
      for (const { offset, entry } of logEntries(log)) {
        if (entry.kind === "put" && !entry.isIntact) {
          damage.push(`${log.path}, byte ${offset}: the event is damaged and left out`);
        }
        queue.take(entry, log.fileId * OFFSETS + offset);
      }
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      damage.push(`${errorText(cause)}; what follows in this log is not read`);
    }
  }
  return { places: queue.places(), damage, lastOrder: queue.lastOrder };
}

class Replay {
  lastOrder = 0;
  readonly #open = new Map<number, Transaction>();
  /** Place → number of the commit that put it into the queue. */
  readonly #queued = new Map<number, number>();
  /** Taken from a log that is read later. */
  readonly #takenAhead = new Set<number>();

  take(entry: LogEntry, place: number): void {
    this.lastOrder = Math.max(this.lastOrder, entry.order);
    const open = this.#open.get(entry.transaction) ?? { puts: [], takes: [] };
    this.#open.set(entry.transaction, open);
    if (entry.kind === "put" && entry.isIntact) open.puts.push(place);
    if (entry.kind === "take") open.takes.push(entry.fileId * OFFSETS + entry.offset);
    if (entry.kind === "commit") this.#commit(open, entry.order);
    if (entry.kind === "commit" || entry.kind === "rollback") this.#open.delete(entry.transaction);
  }

  places(): EventPlace[] {
    return [...this.#queued].sort(([one, before], [other, after]) => before - after || one - other)
      .map(([place]) => ({ fileId: Math.floor(place / OFFSETS), offset: place % OFFSETS }));
  }

  #commit({ puts, takes }: Transaction, order: number): void {
    for (const place of puts) if (!this.#takenAhead.delete(place)) this.#queued.set(place, order);
    for (const place of takes) if (!this.#queued.delete(place)) this.#takenAhead.add(place);
  }
}
