import { Deque } from "./deque.ts";
import type { Delivery } from "./delivery.ts";
import { mergePositions, type Position } from "./position.ts";

interface Tracked {
  readonly position: Position;
  isSettled: boolean;
}

/** Knows which deliveries of a source are still open, and up to which position all of them are safe. */
export class DeliveryTracker {
  readonly #save: (safe: Position) => void;
  readonly #fail: (cause: unknown) => void;
  readonly #queue = new Deque<Tracked>();
  #safe: Position | undefined;
  #open = 0;
  #idle: (() => void)[] = [];

  /** `save` gets each new safe position; `fail` the cause when a batch with a position is rolled back. */
  constructor(resume: Position | undefined, save: (safe: Position) => void, fail: (cause: unknown) => void) {
    this.#safe = resume;
    this.#save = save;
    this.#fail = fail;
  }

  /** Deliveries that have not settled. */
  get open(): number {
    return this.#open;
  }

  /** Follows one delivery until it settles; its position matters only when the source can send it again. */
  track(delivery: Delivery, isReplayable = true): void {
    const position = isReplayable ? delivery.batch.position : undefined;
    const tracked = position && { position, isSettled: false };
    if (tracked) this.#queue.push(tracked);
    this.#open++;
    delivery.settled.then(() => this.#settle(tracked), (cause) => {
      if (tracked) this.#fail(cause);
      this.#close();
    });
  }

  /** Resolves when no delivery is open. */
  idle(): Promise<void> {
    return this.#open === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #settle(tracked: Tracked | undefined): void {
    if (tracked) {
      tracked.isSettled = true;
      this.#advance();
    }
    this.#close();
  }

  #advance(): void {
    let safe = this.#safe;
    for (let head = this.#queue.peek(); head?.isSettled; head = this.#queue.peek()) {
      safe = mergePositions(safe, head.position);
      this.#queue.shift();
    }
    if (safe !== this.#safe && safe) this.#save(safe);
    this.#safe = safe;
  }

  #close(): void {
    if (--this.#open > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
