/** Waits that double from try to try, up to a cap, each shortened at random so that peers do not march in step. */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  #tries = 0;

  constructor(options: { readonly firstMs?: number; readonly maxMs?: number } = {}) {
    this.#firstMs = options.firstMs ?? 100;
    this.#maxMs = options.maxMs ?? 30_000;
  }

  /** Milliseconds to wait before the next try: between half and all of the doubled wait. */
  next(): number {
    const fullMs = Math.min(this.#maxMs, this.#firstMs * 2 ** Math.min(this.#tries++, 30));
    return fullMs / 2 + Math.random() * fullMs / 2;
  }

  /** A try succeeded. */
  reset(): void {
    this.#tries = 0;
  }
}
