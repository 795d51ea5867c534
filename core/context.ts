import type { Codec, CodecChoice } from "./codec.ts";
import type { Counters } from "./counters.ts";
import type { Position } from "./position.ts";

/** A longer timer fires at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Where components write what an operator should read; properties are structured, never secrets. */
export interface Logger {
  debug(text: string, properties?: Record<string, unknown>): void;
  info(text: string, properties?: Record<string, unknown>): void;
  warn(text: string, properties?: Record<string, unknown>): void;
  error(text: string, properties?: Record<string, unknown>): void;
}

/** The time, so that tests can hold it still. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Resolves after some milliseconds, or at once when the signal aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What core lends to a component for its life. */
export interface Context {
  /** The name that the pipeline gives the component. */
  readonly name: string;
  /** Aborts when the component must end; every wait listens to it. */
  readonly signal: AbortSignal;
  /**
   * For sinks: aborts when no more takes are wanted. What is under way may still be delivered, but must not be waited for
   * for long when the target is away.
   */
  readonly stopSignal?: AbortSignal | undefined;
  /** For sinks: true in a group, where others can take what this one cannot, so that it must not wait long for its target. */
  readonly hasSubstitutes?: boolean | undefined;
  /**
   * For sinks, at their `close`: true when a reload puts one of the same name and type in its place, with the same state
   * folder. So what is kept there need not be delivered first, while the channel waits. False again once the pipeline ends.
   */
  readonly hasSuccessor?: boolean | undefined;
  readonly log: Logger;
  readonly clock: Clock;
  readonly counters: Counters;
  /** Folder for what the component itself must keep; made by whoever writes to it first. */
  readonly stateDir: string;
  /**
   * The last safe position of a replayable source; for one that recognises what is sent again, what it noted last, and
   * undefined where nothing keeps its notes, so that it must make none.
   */
  readonly resume?: Position | undefined;
  /**
   * Shows what the component itself is trying again, such as a server that is away; logged once until it changes, and shown
   * until `recover`.
   */
  hold(cause: unknown): void;
  /** What `hold` showed is over. */
  recover(): void;
  /** Creates the codec that a field of type `codec()` names. */
  codec(choice: CodecChoice): Promise<Codec>;
}

/** The system's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => ms > MAX_TIMER_MS ? sleepLong(ms, signal) : sleepOnce(ms, signal),
};

async function sleepLong(ms: number, signal?: AbortSignal): Promise<void> {
  for (let leftMs = ms; leftMs > 0 && !signal?.aborted; leftMs -= MAX_TIMER_MS) {
    await sleepOnce(Math.min(leftMs, MAX_TIMER_MS), signal);
  }
}

function sleepOnce(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}
