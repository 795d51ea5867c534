import { type Emit, type EventBatch, yieldTurn } from "sluice/plugin";

/** Emits ahead of the answers; the first batch that is rolled back ends the source that filled it. */
export class Outbox {
  /** Aborts when the source must end: the pipeline stops, or a batch was rolled back. */
  readonly signal: AbortSignal;
  readonly #emit: Emit;
  readonly #end = new AbortController();
  #failure: { readonly cause: unknown } | undefined;

  constructor(emit: Emit, signal: AbortSignal) {
    this.#emit = emit;
    this.signal = this.#end.signal;
    if (signal.aborted) this.#end.abort(signal.reason);
    signal.addEventListener("abort", () => this.#end.abort(signal.reason), { once: true });
  }

  /** Waits until the pipeline wants more; false when the source must end. */
  async ready(): Promise<boolean> {
    await yieldTurn();
    await settledOrAborted(this.#emit.ready, this.signal);
    return !this.signal.aborted;
  }

  /** Emits a batch without waiting; resolves to whether the source may forget it, and never rejects. */
  send(batch: EventBatch): Promise<boolean> {
    return this.#emit(batch).then(() => true, (cause) => {
      this.#failure ??= { cause };
      this.#end.abort(cause);
      return false;
    });
  }

  /** Throws the cause of the first rollback, if there was one. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.cause;
  }
}

/** Waits for a promise or the signal, whichever comes first; leaves no listener behind. */
export async function settledOrAborted<T>(wait: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  let stop = () => {};
  const aborted = new Promise<undefined>((resolve) => stop = () => resolve(undefined));
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([wait, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
