/** Flume's counters of one component, by their Flume names; filled by core, added to by plugins. */
export class Counters {
  readonly #values = new Map<string, number>();

  /** Adds to a counter, which starts at 0. */
  add(name: string, amount = 1): void {
    this.#values.set(name, (this.#values.get(name) ?? 0) + amount);
  }

  /** Sets a gauge such as ChannelSize or StartTime (epoch ms). */
  set(name: string, value: number): void {
    this.#values.set(name, value);
  }

  get(name: string): number {
    return this.#values.get(name) ?? 0;
  }

  /** All counters as they stand now. */
  snapshot(): Record<string, number> {
    return Object.fromEntries(this.#values);
  }
}
