import { Backoff } from "./backoff.ts";
import type { TakeTransaction } from "./channel.ts";
import type { Clock } from "./context.ts";
import type { Counters } from "./counters.ts";
import { type DeadLetterDesk, partPoison, type Poison } from "./dead_letters.ts";
import { Deque } from "./deque.ts";
import { DeliveryError, PoisonError } from "./errors.ts";
import type { Histogram } from "./histogram.ts";
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
  /** How old events were when the target had them, each counted. */
  readonly ages: Histogram;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Aborts when no more takes are wanted: what waits for another try then goes back into the channel. */
  readonly stopSignal: AbortSignal;
  /** Where events go that the target will never accept; without it the sink holds on to them. */
  readonly deadLetters?: DeadLetterDesk | undefined;
  /** Tells of a write that was rolled back, before the wait that follows it. */
  onRefused(cause: unknown): void;
  /** Tells of a write that succeeded. */
  onAccepted(): void;
  /** Tells of a take that was committed, with how many events it held. */
  onDelivered(taken: number): void;
  /** An accepted write was not delivered: no more takes; the stream's close throws the cause. */
  onFailed(): void;
}

interface OpenTake {
  readonly take: TakeTransaction;
  /** How many events it holds; its batch may be gone by the time when they are delivered. */
  readonly taken: number;
  readonly bornMs: number | undefined;
  /** How many the target gets; what was set aside is not among them. */
  readonly events: number;
  state: "open" | "delivered" | "failed";
  cause?: unknown;
}

/** A take that the sink has accepted. */
interface OpenDelivery extends Pick<OpenTake, "take" | "events"> {
  readonly delivered: Promise<void>;
}

/**
 * The end of a channel's chain. A write that fails is rolled back and taken again after a backoff; one that is
 * delivered later is kept open, committed in order. When such a one fails, it and all later ones are rolled back and
 * closing the stream throws, so that the supervisor makes the sink anew. Closing waits for what is open.
 */
export function sinkStream(target: SinkTarget): WritableStream<TakeTransaction> {
  const open = new OpenTakes(target);
  const writer = new TakeWriter(target, open);
  return new WritableStream<TakeTransaction>({
    write: async (take) => open.hasFailed ? await take.rollback() : await writer.write(take),
    close: () => open.settled(),
    abort: () => open.rollBackAll(),
  });
}

/** Writes one take after the other, and sets aside what the target will never accept. */
class TakeWriter {
  readonly #target: SinkTarget;
  readonly #open: OpenTakes;
  readonly #backoff = new Backoff();
  /** Writes refused since the last success: each held the events that are written now. */
  #failures = 0;

  constructor(target: SinkTarget, open: OpenTakes) {
    this.#target = target;
    this.#open = open;
  }

  /** Resolves when the take is committed, open, or rolled back and waited for. */
  async write(take: TakeTransaction): Promise<void> {
    let { batch } = take;
    while (!this.#hasEnded()) {
      const refusal = await this.#tryWrite(take, batch);
      if (!refusal) return;
      this.#failures++;
      const poison = this.#poisonIn(batch, refusal);
      if (poison) {
        if (!await this.#setAside(poison)) break;
        batch = poison.rest;
        if (batch.size === 0) return await this.#accept(take, 0);
        continue;
      }
      if (batch === take.batch) return await this.#rollBack(take, refusal.cause);
      // What was set aside must not come again: the rest of its batch waits here, not in the channel.
      if (!await this.#waitAfter(refusal.cause)) break;
    }
    await take.rollback();
  }

  /** True when takes must go back as they are: at the pipeline's end, and behind a take whose delivery failed. */
  #hasEnded(): boolean {
    return this.#target.signal.aborted || this.#open.hasFailed;
  }

  /** Answers with the refusal; the cause may be changed to say more. */
  async #tryWrite(take: TakeTransaction, batch: EventBatch): Promise<{ cause: unknown } | undefined> {
    const { sink, counters, signal, deadLetters } = this.#target;
    counters.add("EventDrainAttemptCount", batch.size);
    let answer;
    try {
      answer = await sink.write(batch, signal);
      if (answer && deadLetters?.isCareful) await answer.delivered.catch(throwPoison);
    } catch (cause) {
      if (deadLetters?.isCareful && cause instanceof PoisonError) deadLetters.beCareful();
      return { cause };
    }
    deadLetters?.relax();
    await this.#accept(take, batch.size, answer?.delivered);
  }

  async #accept(take: TakeTransaction, events: number, delivered?: Promise<void>): Promise<void> {
    this.#backoff.reset();
    this.#failures = 0;
    this.#target.onAccepted();
    if (delivered) this.#open.add({ take, events, delivered });
    else await this.#open.commit(take, events);
  }

  /** What must be set aside; nothing for a refusal of another kind, whose cause then says all that is to be known. */
  #poisonIn(batch: EventBatch, refusal: { cause: unknown }): Poison | undefined {
    const { cause } = refusal;
    if (!(cause instanceof PoisonError)) return undefined;
    try {
      const poison = partPoison(batch, cause);
      if (this.#target.deadLetters?.isOpen) return poison;
      refusal.cause = withoutDeadLetters(cause);
    } catch (misfit) {
      refusal.cause = misfit;
    }
  }

  /** Resolves with true when the dead-letter sink has the poison for good, with false when the take must go back. */
  async #setAside(poison: Poison): Promise<boolean> {
    const { clock, signal, counters, deadLetters } = this.#target;
    for (;;) {
      try {
        await deadLetters!.put(poison, { attempts: this.#failures, clock, signal });
        counters.add("EventDeadLetterCount", poison.events.size);
        this.#backoff.reset();
        return true;
      } catch (cause) {
        const text = `The dead-letter sink does not take ${count(poison.events.size)}`;
        if (!await this.#waitAfter(new DeliveryError(text, { cause })) || !deadLetters!.isOpen) return false;
      }
    }
  }

  async #rollBack(take: TakeTransaction, cause: unknown): Promise<void> {
    await take.rollback();
    await this.#waitAfter(cause);
  }

  /** Answers whether there may be another try. */
  async #waitAfter(cause: unknown): Promise<boolean> {
    const { counters, clock, stopSignal } = this.#target;
    counters.add("EventWriteFail");
    this.#target.onRefused(cause);
    await clock.sleep(this.#backoff.next(), stopSignal);
    return !stopSignal.aborted && !this.#hasEnded();
  }
}

/** Other failures of a delivery are the open takes' business. */
function throwPoison(cause: unknown): void {
  if (cause instanceof PoisonError) throw cause;
}

function withoutDeadLetters(cause: PoisonError): DeliveryError {
  const text =
    `The target will never accept ${count(cause.indexes.length)}, and the pipeline has no dead-letter ` +
    "sink to put them in; add `deadLetters: { directory: DIR }`";
  return new DeliveryError(text, { cause });
}

function count(events: number): string {
  return events === 1 ? "1 event" : `${events} events`;
}

function sizeOf({ batch }: TakeTransaction): Pick<OpenTake, "taken" | "bornMs"> {
  return { taken: batch.size, bornMs: batch.bornMs };
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

  add({ take, events, delivered }: OpenDelivery): void {
    const entry: OpenTake = { ...sizeOf(take), take, events, state: "open" };
    this.#takes.push(entry);
    take.accept?.();
    delivered.then(() => this.#advance(entry, "delivered"), (cause) => {
      entry.cause = cause;
      this.#advance(entry, "failed");
    });
  }

  /** Commits a take that is delivered already, after those before it. */
  async commit(take: TakeTransaction, events: number): Promise<void> {
    if (this.#takes.size > 0) return this.add({ take, events, delivered: Promise.resolve() });
    const { taken, bornMs } = sizeOf(take);
    await take.commit();
    this.#delivered({ taken, bornMs, events });
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
      this.#delivered(head);
    }
    if (this.#takes.size === 0) this.#wake();
  }

  #delivered({ taken, bornMs, events }: Pick<OpenTake, "taken" | "bornMs" | "events">): void {
    const { counters, ages, clock } = this.#target;
    counters.add("EventDrainSuccessCount", events);
    // The clock may have been set back.
    if (bornMs !== undefined) ages.observe(Math.max(0, clock.now() - bornMs) / 1000, events);
    this.#target.onDelivered(taken);
  }

  #fail(cause: unknown): void {
    const { deadLetters, counters } = this.#target;
    // Its bytes may be gone: it comes again, and the next time its answer is waited for.
    if (cause instanceof PoisonError) deadLetters?.beCareful();
    const told = cause instanceof PoisonError && !deadLetters?.isOpen ? withoutDeadLetters(cause) : cause;
    this.#failure ??= { cause: told };
    counters.add("EventWriteFail");
    this.#target.onRefused(told);
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
