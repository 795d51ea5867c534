/** Bounds the posts in flight. */
export class Window {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #open = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves when one more may start; call `leave` at its end. */
  async enter(): Promise<void> {
    if (this.#open < this.#limit) {
      this.#open++;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Ends one; the next takes its place. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#open--;
  }
}
