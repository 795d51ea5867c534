/** Lets one waiter go on: when it is rung for, also shortly before it waits, or when its time is over. */
export class Wake {
  #isRung = false;
  #ring: (() => void) | undefined;

  ring(): void {
    this.#isRung = true;
    this.#ring?.();
  }

  /** Resolves at the ring, after a time, or when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        this.#ring = undefined;
        this.#isRung = false;
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done, { once: true });
      this.#ring = done;
      if (this.#isRung || signal.aborted) done();
    });
  }
}
