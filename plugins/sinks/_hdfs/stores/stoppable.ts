/** Waits for one promise at a time, unless it is stopped: a source of bytes may be silent for hours. */
export class Stoppable {
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.stop(this.#signal.reason);
  #cause: { readonly cause: unknown } | undefined;
  #reject: ((cause: unknown) => void) | undefined;

  /** Listens to a signal until `end`. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    if (signal.aborted) this.stop(signal.reason);
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** The wait that is under way fails, and so do those to come. */
  stop(cause: unknown): void {
    this.#cause ??= { cause };
    this.#reject?.(this.#cause.cause);
  }

  /** The bytes of a source, which is told to end when it is stopped. */
  async *read(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const iterator = bytes[Symbol.asyncIterator]();
    let isAtEnd = false;
    try {
      while (true) {
        const { done, value } = await this.#wait(iterator.next());
        isAtEnd = done === true;
        if (isAtEnd) return;
        yield value!;
      }
    } finally {
      // Not waited for: one that is silent answers when its own wait ends.
      if (!isAtEnd) iterator.return?.().catch(() => {});
    }
  }

  /** Lets go of the signal. */
  end(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
  }

  /** Not by Promise.race, which keeps something for each wait in a promise that lives as long as the file. */
  #wait<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      promise.then(resolve, reject);
      if (this.#cause) reject(this.#cause.cause);
    });
  }
}
