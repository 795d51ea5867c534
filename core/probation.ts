import type { Component } from "./component.ts";
import type { Clock } from "./context.ts";

/** What cannot listen, or is refused at once, has failed by then. */
const PROBATION_MS = 200;

/** The beginning of a run: its component counts as running once it got work done, or has gone on for a moment. */
export class Probation implements Disposable {
  readonly #component: Component;
  readonly #end = new AbortController();

  constructor(component: Component, clock: Clock) {
    this.#component = component;
    void clock.sleep(PROBATION_MS, this.#end.signal).then(() => this.pass());
  }

  /** The run does its work; of no effect behind the end. */
  pass(): void {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    this.#component.recover();
  }

  /** Ends it without a verdict. */
  [Symbol.dispose](): void {
    this.#end.abort();
  }
}
