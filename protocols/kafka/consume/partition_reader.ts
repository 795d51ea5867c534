import type { ConsumerEvents, Partition } from "../client.ts";

/** Lag is told at most this often. */
const LAG_MS = 1000;

/** Where reading one partition stands. */
export class PartitionReader {
  /** Known with the id of its topic once the brokers were asked. */
  partition: Partition;
  /** What is fetched next. */
  offset = -1;
  leader = -1;
  leaderEpoch = -1;
  /** What was fetched is being handed out, or reading cannot go on for another reason: it is left out of fetches. */
  isBusy = false;
  /** It was added while the consumer ran. */
  isNewer = false;
  /** Its owner has been told of it. */
  isTold = false;
  /** Tries in a row that have failed. */
  failures = 0;
  /** Time (of `performance.now`) before which it is left out of fetches. */
  notBeforeMs = 0;
  /** Asked for in one fetch. */
  maxBytes: number;
  /** Noted in `Cluster.trouble` while it cannot be read. */
  readonly trouble = Symbol("partition");
  readonly #end = new AbortController();
  #lagMs = -Infinity;

  constructor(partition: Partition, maxBytes: number) {
    this.partition = partition;
    this.maxBytes = maxBytes;
  }

  /** Aborts when the partition is taken away. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  get isGone(): boolean {
    return this.#end.signal.aborted;
  }

  /** Since its lag was told. */
  get silentMs(): number {
    return performance.now() - this.#lagMs;
  }

  /** Nothing of it is handed out any more. */
  end(): void {
    this.#end.abort();
  }

  /** Puts the next try off, for longer each time. */
  putOff({ retryMs, maxRetryMs }: { readonly retryMs: number; readonly maxRetryMs: number }): void {
    this.notBeforeMs = performance.now() + Math.min(retryMs * 2 ** this.failures++, maxRetryMs);
  }

  /** @param end Behind the last record that may be read. */
  tellLag(events: ConsumerEvents, end: number): void {
    if (this.isGone || this.silentMs < LAG_MS) return;
    this.#lagMs = performance.now();
    events.onLag(this.partition, Math.max(end - this.offset, 0));
  }
}
