/** How observations were spread at one moment. */
export interface HistogramState {
  /** Upper bounds of the buckets, ascending; one more bucket holds all above the last. */
  readonly bounds: readonly number[];
  /** Observations in each bucket alone, the last one without a bound. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** Counts observations by size, cheaply: no memory grows with them. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** Counts a value as often as `times` says: a batch counts for each of its events. */
  observe(value: number, times = 1): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]!) bucket++;
    this.#counts[bucket]! += times;
    this.#sum += value * times;
  }

  state(): HistogramState {
    return { bounds: this.#bounds, counts: [...this.#counts], sum: this.#sum };
  }
}
