/** Bytes that all clients of one source may have under way together. */
export class MemoryBudget {
  readonly maxBytes: number;
  #used = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** More than half of it is taken. */
  get isTight(): boolean {
    return this.#used > this.maxBytes / 2;
  }

  /** Takes bytes; false when there are not so many. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.maxBytes) return false;
    this.#used += bytes;
    return true;
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.#used -= bytes;
  }
}
