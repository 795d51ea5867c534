// What fails for a while is tried again, with longer and longer waits, and shown for as long as it lasts.
import type { KafkaTarget } from "./client.ts";
import { KafkaError } from "./kafka_error.ts";

/** Trouble that is over sooner than this is not told of: a new leader is mostly found at once. */
const QUIET_MS = 500;
/** How long a broker needs about to end the transaction before; it says so, and is asked again. */
const SETTLE_MS = 5;

/** Tries again, and tells of what goes wrong. */
export class Trouble {
  readonly #target: Pick<KafkaTarget, "retryMs" | "maxRetryMs" | "onTrouble">;
  readonly #active = new Map<symbol, { sinceMs: number; cause: Error }>();
  readonly #end = new AbortController();
  #isTold = false;

  constructor(target: Pick<KafkaTarget, "retryMs" | "maxRetryMs" | "onTrouble">) {
    this.#target = target;
  }

  /** How long to wait after so many failures before this one; each time another length, so that clients spread. */
  waitMs(failures: number): number {
    const { retryMs, maxRetryMs } = this.#target;
    return Math.min(retryMs * 2 ** Math.min(failures, 30), maxRetryMs) * (0.8 + Math.random() * 0.4);
  }

  /** Waits so long, or until the client is closed. */
  wait(failures: number): Promise<void> {
    return sleep(this.waitMs(failures), this.#end.signal);
  }

  /**
   * Tries until it succeeds.
   * @throws what it failed with, when trying again cannot help; the signal's reason when it aborts.
   */
  async retry<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    const key = Symbol();
    try {
      for (let failures = 0;; failures++) {
        signal.throwIfAborted();
        try {
          return await attempt();
        } catch (cause) {
          if (signal.aborted) throw signal.reason;
          if (!(cause instanceof KafkaError) || !cause.canRetry) throw cause;
          this.begin(key, cause);
          const waitMs = this.waitMs(failures);
          await sleep(
            cause.code === "CONCURRENT_TRANSACTIONS" ? Math.min(waitMs, SETTLE_MS) : waitMs,
            signal,
          );
        }
      }
    } finally {
      this.end(key);
    }
  }

  /** Notes that something goes wrong, under the key of whoever tries again. */
  begin(key: symbol, cause: Error): void {
    const active = this.#active.get(key);
    this.#active.set(key, { sinceMs: active?.sinceMs ?? Date.now(), cause });
    if (!active || Date.now() - active.sinceMs < QUIET_MS) return;
    this.#isTold = true;
    this.#target.onTrouble(cause);
  }

  /** Notes that it is over. */
  end(key: symbol): void {
    if (!this.#active.delete(key) || this.#active.size > 0 || !this.#isTold) return;
    this.#isTold = false;
    this.#target.onTrouble(undefined);
  }

  close(): void {
    this.#end.abort();
    this.#active.clear();
  }
}

/** Resolves after a time, or at once when the signal aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
