/** A part of a channel's events that was given to the queue. */
export interface Portion {
  /** Sequence of its first event. */
  readonly from: number;
  /** Sequence behind its last event. */
  readonly next: number;
  readonly count: number;
  /** Memory that it holds. */
  bytes: number;
  /** "gone": it is to be read again, and what still becomes of this copy of it is of no interest. */
  state: "open" | "committed" | "gone";
}

/** What has been given out and is not delivered up to its end, in the order of the log. */
export class OpenPortions {
  #portions: Portion[] = [];
  #events = 0;

  /** Events in all portions, those that were committed within a portion included. */
  get events(): number {
    return this.#events;
  }

  /** Sequence from which on events are undelivered; Infinity when none is. */
  get from(): number {
    return this.#portions[0]?.from ?? Infinity;
  }

  add(portion: Portion): void {
    let at = this.#portions.length;
    // Only what is read again after a failure lies before others.
    while (at > 0 && this.#portions[at - 1]!.from > portion.from) at--;
    if (at === this.#portions.length) this.#portions.push(portion);
    else this.#portions.splice(at, 0, portion);
    this.#events += portion.count;
  }

  remove(portion: Portion): void {
    const at = this.#portions.lastIndexOf(portion);
    if (at < 0) return;
    this.#portions.splice(at, 1);
    this.#events -= portion.count;
  }

  /** Whether something lies in this part of the log. */
  hasBetween(from: number, to: number): boolean {
    return this.#portions.some((portion) => portion.from < to && portion.next > from);
  }

  /** Takes the committed ones off the front, up to a sequence. */
  advance(limit: number): { readonly cursor: number; readonly events: number } | undefined {
    let [at, events] = [0, 0];
    for (; at < this.#portions.length; at++) {
      const { state, from, count } = this.#portions[at]!;
      if (state !== "committed" || from >= limit) break;
      events += count;
    }
    if (at === 0) return undefined;
    const cursor = this.#portions[at - 1]!.next;
    this.#portions.splice(0, at);
    this.#events -= events;
    return { cursor, events };
  }

  /** Gives all up. */
  clear(): void {
    for (const portion of this.#portions) {
      portion.state = "gone";
      portion.bytes = 0;
    }
    this.#portions = [];
    this.#events = 0;
  }
}
