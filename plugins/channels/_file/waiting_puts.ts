import type { Clock } from "sluice/plugin";

/** Something that holds a limited number of events. */
export interface Roomy {
  hasRoom(events: number): boolean;
}

/** What a put needs before it can start. */
export interface Demand<T> {
  /** How many events go where. */
  readonly needs: ReadonlyMap<Roomy, number>;
  /** How long it waits for that. */
  readonly waitMs: number;
  /** Takes the events over. */
  start(): T;
  /** What happens instead when there was no room for so long; usually throws. */
  giveUp(lacking: Roomy | undefined): T;
}

interface Waiting {
  readonly needs: ReadonlyMap<Roomy, number>;
  start(): void;
  refuse(cause: unknown): void;
}

/**
 * The line in which puts wait for room. A put starts when there is room wherever it needs some and nobody who came
 * before wants the same; it holds nothing while it waits, so that no two can wait for one another.
 */
export class WaitingPuts {
  readonly #clock: Clock;
  #line: Waiting[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts at once, within this call, or as soon as it can. */
  start<T>(demand: Demand<T>): T | Promise<Awaited<T>> {
    if (this.#line.length === 0 || !this.#isWanted(demand.needs)) {
      if (lackingOf(demand.needs) === undefined) return demand.start();
    }
    return this.#wait(demand);
  }

  /** Lets those in who can: to be called when room has come about. */
  admit(): void {
    if (this.#line.length === 0) return;
    const wanted = new Set<Roomy>();
    const line = this.#line;
    this.#line = [];
    const left = line.filter((waiting) => {
      const places = [...waiting.needs.keys()];
      if (!places.some((place) => wanted.has(place)) && lackingOf(waiting.needs) === undefined) {
        waiting.start();
        return false;
      }
      for (const place of places) wanted.add(place);
      return true;
    });
    // Whoever came while others started stands behind them.
    this.#line = [...left, ...this.#line];
  }

  /** Refuses all who wait for this place, because it closes. */
  refuse(place: Roomy, cause: unknown): void {
    for (const waiting of this.#line.filter(({ needs }) => needs.has(place))) waiting.refuse(cause);
  }

  #isWanted(needs: ReadonlyMap<Roomy, number>): boolean {
    return this.#line.some((waiting) => [...needs.keys()].some((place) => waiting.needs.has(place)));
  }

  async #wait<T>(demand: Demand<T>): Promise<Awaited<T>> {
    const { needs, waitMs } = demand;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    promise.catch(() => {});
    const patience = new AbortController();
    const settle = (act: () => T) => {
      patience.abort();
      try {
        resolve(act());
      } catch (cause) {
        reject(cause);
      }
    };
    const waiting: Waiting = {
      needs,
      start: () => settle(demand.start),
      refuse: (cause) => {
        this.#leave(waiting);
        patience.abort();
        reject(cause);
      },
    };
    this.#line.push(waiting);
    await this.#clock.sleep(waitMs, patience.signal);
    if (!patience.signal.aborted) {
      this.#leave(waiting);
      settle(() => demand.giveUp(lackingOf(needs)));
      // Those behind may fit where this one did not.
      this.admit();
    }
    return await promise;
  }

  #leave(waiting: Waiting): void {
    this.#line = this.#line.filter((other) => other !== waiting);
  }
}

function lackingOf(needs: ReadonlyMap<Roomy, number>): Roomy | undefined {
  for (const [place, events] of needs) if (!place.hasRoom(events)) return place;
  return undefined;
}
