import { Backoff, type Clock, errorText } from "sluice/plugin";
import type { KafkaConsumer } from "../../protocols/kafka/client.ts";
import { markOf } from "./start_offset.ts";
import type { PartitionTally } from "./tally.ts";

/** How offsets reach the group; a part of `LedgerOptions`. */
export interface CommitOptions {
  readonly commit: KafkaConsumer["commit"];
  readonly commitIntervalMs: number;
  readonly clock: Clock;
  onTrouble?(cause: unknown): void;
}

/** Tells the group what is safe: one commit at a time, for all partitions that have news. */
export class OffsetCommits {
  readonly #options: CommitOptions;
  readonly #due = new Set<PartitionTally>();
  readonly #backoff = new Backoff({ firstMs: 50, maxMs: 5000 });
  #last: Promise<unknown> = Promise.resolve();
  readonly #end = new AbortController();
  #isRunning = false;
  #fault: string | undefined;

  constructor(options: CommitOptions) {
    this.#options = options;
  }

  /** The offset of this partition goes with the next commit. */
  note(tally: PartitionTally): void {
    this.#due.add(tally);
    if (!this.#isRunning) void this.#run();
  }

  /**
   * Commits now; resolves when the group knows what is safe, when the partitions are not ours any more, or at the end.
   * `givesUp`: also after an error that trying again will not change.
   */
  async flush(tallies: readonly PartitionTally[], { givesUp }: { readonly givesUp: boolean }): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#end;
    while (!signal.aborted && tallies.some(({ hasNews }) => hasNews)) {
      const fault = await this.#commit(tallies);
      if (givesUp && (fault as { canRetry?: boolean } | undefined)?.canRetry === false) return;
      if (fault) await clock.sleep(this.#backoff.next(), signal);
    }
  }

  /** Ends all waits; nothing is committed any more. */
  close(): void {
    this.#end.abort();
  }

  /** Commits again and again while there is news; ends when there is none. */
  async #run(): Promise<void> {
    const { clock, commitIntervalMs } = this.#options;
    const { signal } = this.#end;
    this.#isRunning = true;
    while (this.#due.size > 0 && !signal.aborted) {
      // What settles during this wait goes along.
      await clock.sleep(commitIntervalMs, signal);
      const tallies = [...this.#due];
      this.#due.clear();
      const fault = await this.#commit(tallies);
      for (const tally of tallies) if (tally.hasNews) this.#due.add(tally);
      if (fault) await clock.sleep(this.#backoff.next(), signal);
    }
    this.#isRunning = false;
  }

  #commit(tallies: readonly PartitionTally[]): Promise<unknown> {
    const commit = this.#last.then(() => this.#send(tallies.filter(({ hasNews }) => hasNews)));
    this.#last = commit;
    return commit;
  }

  /** Answers with what went wrong. */
  async #send(tallies: readonly PartitionTally[]): Promise<unknown> {
    if (tallies.length === 0 || this.#end.signal.aborted) return undefined;
    const offsets = tallies.map(({ partition, safeOffset, wish }) => ({
      ...partition,
      offset: safeOffset!,
      metadata: markOf(partition, wish),
    }));
    const epochs = tallies.map(({ epoch }) => epoch);
    try {
      await this.#options.commit(offsets);
    } catch (cause) {
      this.#tell(cause ?? new Error("The commit failed"));
      return cause ?? true;
    }
    tallies.forEach((tally, place) => {
      if (tally.epoch === epochs[place]) tally.committedOffset = offsets[place]!.offset;
    });
    this.#backoff.reset();
    this.#tell(undefined);
    return undefined;
  }

  /** The same fault is told once. */
  #tell(cause: unknown): void {
    const fault = cause === undefined ? undefined : errorText(cause);
    if (fault === this.#fault) return;
    this.#fault = fault;
    this.#options.onTrouble?.(cause);
  }
}
