import { Counters } from "sluice/plugin";

const OPEN = "OpenConnectionCount";

/** The counters of one of several ports: they go to those of the source, and open connections are added up there. */
export class PortCounters extends Counters {
  readonly #all: Counters;

  constructor(all: Counters) {
    super();
    this.#all = all;
  }

  override add(name: string, amount?: number): void {
    this.#all.add(name, amount);
  }

  override set(name: string, value: number): void {
    if (name !== OPEN) return this.#all.set(name, value);
    this.#all.add(OPEN, value - this.get(OPEN));
    super.set(OPEN, value);
  }
}
