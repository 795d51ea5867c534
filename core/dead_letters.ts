import type { Component } from "./component.ts";
import type { Clock } from "./context.ts";
import { DeliveryError, errorText, PluginError, type PoisonError } from "./errors.ts";
import type { Column, EventBatch } from "./event_batch.ts";
import type { Sink } from "./sink.ts";

/** Headers that a dead letter carries beside those of the event. */
export const DEAD_LETTER_HEADERS = {
  /** What the target said. */
  reason: "deadLetter.reason",
  /** Name of the sink or group that was refused. */
  component: "deadLetter.component",
  /** How often the event was written, over all replays. */
  attempts: "deadLetter.attempts",
  /** When it was set aside, in epoch milliseconds. */
  time: "deadLetter.time",
} as const;

/** Takes after the last late refusal that are waited for one by one. */
const CAREFUL_TAKES = 100;
const MAX_REASON_CHARS = 1000;

/** The sink that takes dead letters. */
export interface DeadLetterSink {
  readonly component: Component;
  /** Makes it; called again when a delivery failed late. */
  create(): Promise<Sink>;
}

/** Where a pipeline puts events that a target will never accept: one sink, shared by all the others. */
export class DeadLetters {
  readonly #desks = new Map<string, DeadLetterDesk>();
  #target: DeadLetterSink | undefined;
  #sink: Promise<Sink> | undefined;
  #isClosed = false;
  #turn: Promise<unknown> = Promise.resolve();

  /** What an operator sees of the sink; undefined when there is none. */
  get component(): Component | undefined {
    return this.#target?.component;
  }

  /** Puts another sink, or none, in the place of the one before, which is closed first. */
  async use(target: DeadLetterSink | undefined): Promise<void> {
    const closing = this.close();
    [this.#target, this.#isClosed, this.#turn] = [target, false, closing];
    // Both may keep something in one folder.
    await closing;
    // A fault shows before the first letter; `put` tries again.
    target?.component.begin();
    if (target) this.#ready().catch((cause) => target.component.note(cause));
  }

  /** Closes the sink, after what was put to it. */
  async close(): Promise<void> {
    const [target, sink] = [this.#target, this.#sink];
    [this.#sink, this.#isClosed] = [undefined, true];
    await this.#turn;
    await sink?.then((made) => made.close?.()).catch((cause) => target?.component.note(cause));
    target?.component.end("stopped");
  }

  /** The desk of a sink or group; the same one across its restarts. */
  desk(component: string): DeadLetterDesk {
    const desk = this.#desks.get(component) ?? new DeadLetterDesk(component, this);
    this.#desks.set(component, desk);
    return desk;
  }

  /**
   * Resolves when the sink has the events for good. Who puts while another does is served in turn.
   * @throws whatever the sink says; the events may then be put again.
   */
  async put(letters: EventBatch, signal: AbortSignal): Promise<void> {
    const writing = this.#turn.then(() => this.#write(letters, signal));
    this.#turn = writing.catch(() => {});
    const { component } = this;
    try {
      const { sink, delivered } = await writing;
      await delivered.catch((cause) => this.#giveUp(sink, cause));
      component?.counters.add("EventDrainSuccessCount", letters.size);
      component?.recover();
    } catch (cause) {
      component?.counters.add("EventWriteFail");
      component?.note(cause);
      throw cause;
    }
  }

  async #write(
    letters: EventBatch,
    signal: AbortSignal,
  ): Promise<{ sink: Sink; delivered: Promise<unknown> }> {
    const sink = await this.#ready();
    this.component?.counters.add("EventDrainAttemptCount", letters.size);
    const owed: Promise<void>[] = [];
    for (let from = 0; from < letters.size;) {
      const to = from + (sink.batchSize ?? letters.size);
      const answer = await sink.write(letters.slice(from, to), signal);
      answer?.delivered.catch(() => {});
      if (answer) owed.push(answer.delivered);
      from = to;
    }
    const delivered = Promise.all(owed);
    delivered.catch(() => {});
    return { sink, delivered };
  }

  #ready(): Promise<Sink> {
    return this.#sink ??= this.#make().catch((cause) => {
      this.#sink = undefined;
      throw cause;
    });
  }

  async #make(): Promise<Sink> {
    if (!this.#target || this.#isClosed) throw new DeliveryError("The dead-letter sink has been closed");
    const sink = await this.#target.create();
    try {
      // It may have to cut off what was not committed; the position is nothing to dead letters.
      await sink.resume?.();
    } catch (cause) {
      await sink.close?.();
      throw cause;
    }
    // What went wrong before stands until letters are delivered.
    if (this.#target.component.state === "starting") this.#target.component.recover();
    return sink;
  }

  /** A sink that fails late is made anew, as any other is. */
  async #giveUp(sink: Sink, cause: unknown): Promise<never> {
    const current = await this.#sink?.catch(() => undefined);
    if (current === sink) {
      this.#sink = undefined;
      await Promise.resolve(sink.close?.()).catch(() => {});
    }
    throw cause;
  }
}

/** Events of a batch that a target will never accept, and the others. */
export interface Poison {
  readonly cause: PoisonError;
  readonly events: EventBatch;
  readonly rest: EventBatch;
}

/**
 * Parts a batch as a target's refusal says.
 * @throws {PluginError} when the refusal does not fit the batch.
 */
export function partPoison(batch: EventBatch, cause: PoisonError): Poison {
  const places = new Set(cause.indexes);
  const isPlace = (index: number) => Number.isInteger(index) && index >= 0 && index < batch.size;
  const odd = cause.indexes.find((index) => !isPlace(index));
  if (places.size === 0 || odd !== undefined) {
    const named = odd === undefined ? "no event" : `event ${odd}`;
    const fix = `correct the sink: indexes are places from 0 to ${
      batch.size - 1
    } in the batch that it was given`;
    throw new PluginError(`A PoisonError names ${named} of a batch of ${batch.size}; ${fix}`, { cause });
  }
  return {
    cause,
    events: batch.filter((index) => places.has(index)),
    rest: batch.filter((index) => !places.has(index)),
  };
}

/** How often poison was written, and what putting it aside needs. */
export interface LetterOptions {
  /** Writes of these events since the last one that succeeded. */
  readonly attempts: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Where one sink or group hands its dead letters in. */
export class DeadLetterDesk {
  readonly #component: string;
  readonly #deadLetters: DeadLetters;
  #carefulTakes = 0;

  constructor(component: string, deadLetters: DeadLetters) {
    this.#component = component;
    this.#deadLetters = deadLetters;
  }

  /** Whether there is a sink to put them in. */
  get isOpen(): boolean {
    return this.#deadLetters.component !== undefined;
  }

  /** True while each delivery is to be waited for, so that an event which is refused late is still at hand. */
  get isCareful(): boolean {
    return this.#carefulTakes > 0;
  }

  /** Notes that the target refuses events late. */
  beCareful(): void {
    this.#carefulTakes = CAREFUL_TAKES;
  }

  /** Notes that the target has taken one more batch. */
  relax(): void {
    if (this.#carefulTakes > 0) this.#carefulTakes--;
  }

  /**
   * Resolves when the dead-letter sink has the poison for good.
   * @throws whatever that sink says.
   */
  async put({ events, cause }: Poison, { attempts, clock, signal }: LetterOptions): Promise<void> {
    const headers = new Map(events.headers)
      .set(DEAD_LETTER_HEADERS.reason, errorText(cause).slice(0, MAX_REASON_CHARS))
      .set(DEAD_LETTER_HEADERS.component, this.#component)
      .set(DEAD_LETTER_HEADERS.attempts, sumAttempts(events, attempts))
      .set(DEAD_LETTER_HEADERS.time, String(clock.now()));
    await this.#deadLetters.put(events.with({ headers, position: undefined }), signal);
  }
}

/** Attempts of a replayed dead letter count on. */
function sumAttempts(events: EventBatch, attempts: number): Column {
  const before = events.headers.get(DEAD_LETTER_HEADERS.attempts);
  const sum = (earlier: string | undefined) => String((Number(earlier) || 0) + attempts);
  return typeof before === "object" ? before.map(sum) : sum(before);
}
