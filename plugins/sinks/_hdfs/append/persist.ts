import { Backoff, type Context, DeliveryError } from "sluice/plugin";

const MAX_WAIT_MS = 10_000;
/** Where others can take over: so long the target is waited for. */
export const GROUP_PATIENCE_MS = 10_000;

/** How long something is tried. */
export interface PersistOptions {
  readonly context: Context;
  /** Ends the tries beside the component's own signals. */
  readonly end?: AbortSignal | undefined;
  /** Where others can take over: so long it is tried instead. */
  readonly groupPatienceMs?: number;
  /** Told before each wait … */
  hold(cause: unknown): void;
  /** … and when it is done after some. */
  recover(): void;
}

/**
 * Tries until it succeeds, with growing waits: a target that is away does not end the sink. Once the sink is to stop, the
 * next failure counts, and in a group of sinks one after some seconds. @throws {DeliveryError} at once, for that is what no
 * wait mends.
 */
export async function persist<T>(
  attempt: (tries: number) => Promise<T>,
  { context, end = context.signal, groupPatienceMs = GROUP_PATIENCE_MS, hold, recover }: PersistOptions,
): Promise<T> {
  const { clock, signal, stopSignal = signal, hasSubstitutes = false } = context;
  const ends = [signal, stopSignal, end];
  const isEnded = () => ends.some(({ aborted }) => aborted);
  const backoff = new Backoff({ firstMs: 200, maxMs: MAX_WAIT_MS });
  const endMs = hasSubstitutes ? clock.now() + groupPatienceMs : Infinity;
  for (let tries = 1;; tries++) {
    try {
      const result = await attempt(tries);
      if (tries > 1) recover();
      return result;
    } catch (cause) {
      if (isEnded() || cause instanceof DeliveryError) throw cause;
      const leftMs = endMs - clock.now();
      if (leftMs <= 0) throw cause;
      hold(cause);
      await clock.sleep(Math.min(backoff.next(), leftMs), AbortSignal.any(ends));
      if (isEnded()) throw cause;
    }
  }
}
