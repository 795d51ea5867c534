import { Backoff } from "./backoff.ts";
import type { TakeTransaction } from "./channel.ts";
import type { Clock } from "./context.ts";
import type { Counters } from "./counters.ts";
import { Deque } from "./deque.ts";
import type { EventBatch } from "./event_batch.ts";
import type { Position } from "./position.ts";

/** Where events go. */
export interface Sink {
  /** Events in one write at most, asked for before each take. Absent: as they come. */
  readonly batchSize?: number | undefined;
  /**
   * Resolves when the sink can take more; the bytes of the batch may be gone after that. Nothing as the answer: the
   * target has the batch. `delivered`: it settles later (a file that is not yet synced, requests in flight). Any
   * rejection means "not delivered, try again".
   */
  write(batch: EventBatch, signal: AbortSignal): Promise<void | { delivered: Promise<void> }> | void;
  /** The position that the target holds for good; core goes on after it. Absent: at least once. */
  resume?(): Promise<Position | undefined>;
  close?(): Promise<void>;
}

/** A sink with its name in the pipeline, as a sink processor gets it. */
export interface NamedSink extends Sink {
  readonly name: string;
}

/** What the end of a channel's chain needs. */
export interface SinkTarget {
  readonly sink: Sink;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Tells of a write that was rolled back, before the wait that follows it. */
  onRefused(cause: unknown): void;
  /** Tells of a write that succeeded. */
  onAccepted(): void;
  /** Tells of events that the target has for good. */
  onDelivered(): void;
  /** An accepted write was not delivered: no more takes; the stream's close throws the cause. */
  onFailed(): void;
}

interface OpenTake {
  readonly take: TakeTransaction;
  readonly size: number;
  state: "open" | "delivered" | "failed";
  cause?: unknown;
}

/**
 * The end of a channel's chain. A write that fails is rolled back and taken again after a backoff; one that is
 * delivered later is kept open, committed in order. When such a one fails, it and all later ones are rolled back and
 * closing the stream throws, so that the supervisor makes the sink anew. Closing waits for what is open.
 */
export function sinkStream(target: SinkTarget): WritableStream<TakeTransaction> {
  const { sink, clock, signal, counters } = target;
  const backoff = new Backoff();
  const open = new OpenTakes(target);
  const rollBack = async (take: TakeTransaction, cause: unknown) => {
    await take.rollback();
    counters.add("EventWriteFail");
    target.onRefused(cause);
    await clock.sleep(backoff.next(), signal);
  };
  return new WritableStream<TakeTransaction>({
    async write(take) {
      if (open.hasFailed) return await take.rollback();
      counters.add("EventDrainAttemptCount", take.batch.size);
      let answer;
      try {
        signal.throwIfAborted();
        answer = await sink.write(take.batch, signal);
      } catch (cause) {
        return await rollBack(take, cause);
      }
      backoff.reset();
      target.onAccepted();
      if (answer) open.add(take, answer.delivered);
      else await open.commit(take);
    },
    close: () => open.settled(),
    abort: () => open.rollBackAll(),
  });
}

/** Takes whose delivery is still to come, in order. */
class OpenTakes {
  readonly #target: SinkTarget;
  readonly #takes = new Deque<OpenTake>();
  #failure: { readonly cause: unknown } | undefined;
  #waiting: (() => void)[] = [];

  constructor(target: SinkTarget) {
    this.#target = target;
  }

  add(take: TakeTransaction, delivered: Promise<void>): void {
    const entry: OpenTake = { take, size: take.batch.size, state: "open" };
    this.#takes.push(entry);
    take.accept?.();
    delivered.then(() => this.#advance(entry, "delivered"), (cause) => {
      entry.cause = cause;
      this.#advance(entry, "failed");
    });
  }

  /** Commits a take that is delivered already, after those before it. */
  async commit(take: TakeTransaction): Promise<void> {
    if (this.#takes.size > 0) return this.add(take, Promise.resolve());
    await take.commit();
    this.#delivered(take.batch.size);
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  async settled(): Promise<void> {
    while (this.#takes.size > 0 && !this.#failure) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#failure) throw this.#failure.cause;
  }

  rollBackAll(): void {
    for (const { take } of this.#takes.drain().reverse()) void take.rollback();
    this.#wake();
  }

  #advance(entry: OpenTake, state: "delivered" | "failed"): void {
    entry.state = state;
    for (let head = this.#takes.peek(); head && head.state !== "open"; head = this.#takes.peek()) {
      if (head.state === "failed") return this.#fail(head.cause);
      this.#takes.shift();
      void head.take.commit();
      this.#delivered(head.size);
    }
    if (this.#takes.size === 0) this.#wake();
  }

  #delivered(events: number): void {
    this.#target.counters.add("EventDrainSuccessCount", events);
    this.#target.onDelivered();
  }

  #fail(cause: unknown): void {
    this.#failure ??= { cause };
    this.#target.counters.add("EventWriteFail");
    this.#target.onRefused(cause);
    // First of all no more takes, or one that waits would get what is put back last.
    this.#target.onFailed();
    this.rollBackAll();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
