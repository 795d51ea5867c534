// A key is seen once the batch that carried it has settled well. Until then it is held for that batch: a repeat is
// dropped only under the condition that the first one becomes safe, and when it does not, the key is forgotten.
import type { Counters, EventBatch, Fate } from "sluice/plugin";
import type { EventKeys } from "./event_keys.ts";
import { KEY_WORDS } from "./key_hash.ts";
import type { KeyLog } from "./key_log.ts";
import { type Arrival, FRESH, type SeenKeys } from "./seen_keys.ts";

/** What it works with. */
export interface DuplicateParts {
  readonly keys: EventKeys;
  readonly seen: SeenKeys;
  readonly log: KeyLog;
  readonly counters: Counters;
  /** Milliseconds that only go forward. */
  readonly nowMs: () => number;
}

/** The number that keys of earlier runs have. */
export const EARLIER = 0;
const LAST_NUMBER = 0xffffffff;

/** Drops events whose keys were there before. */
export class Duplicates {
  readonly #parts: DuplicateParts;
  /** Batches that have not settled. */
  readonly #open = new Map<number, Promise<void>>();
  #lastNumber = EARLIER;

  constructor(parts: DuplicateParts) {
    this.#parts = parts;
  }

  /** The batch without its repeats. */
  intercept(batch: EventBatch, fate: Fate): EventBatch {
    if (batch.size === 0) return batch;
    const { keys, seen, nowMs } = this.#parts;
    keys.read(batch);
    const number = this.#lastNumber = this.#lastNumber === LAST_NUMBER ? 1 : this.#lastNumber + 1;
    const arrival: Arrival = { words: keys.words, at: 0, timeMs: nowMs(), batch: number };
    seen.expire(arrival.timeMs);
    const kept = this.#meetAll(batch.size, arrival, fate);
    return kept.length === batch.size ? batch : batch.select(kept);
  }

  /** Places of the events that pass. */
  #meetAll(size: number, arrival: Arrival, fate: Fate): Uint32Array {
    const { keys: { found, words }, seen, counters } = this.#parts;
    const kept = new Uint32Array(size);
    const holders = new Set<number>();
    let [passed, fresh] = [0, 0];
    for (let index = 0; index < size; index++) {
      arrival.at = index * KEY_WORDS;
      const holder = found[index] === 0 ? FRESH : seen.meet(arrival);
      if (holder !== FRESH) {
        if (holder !== arrival.batch) holders.add(holder);
        continue;
      }
      kept[passed++] = index;
      // Keys that came first move together at the front, where the next batch overwrites them.
      if (found[index] === 0) continue;
      if (fresh < index) words.copyWithin(fresh * KEY_WORDS, arrival.at, arrival.at + KEY_WORDS);
      fresh++;
    }
    if (passed < size) counters.add("EventDuplicateCount", size - passed);
    if (fresh < passed) counters.add("EventWithoutKeyCount", passed - fresh);
    this.#waitFor(holders, fate);
    if (fresh > 0) this.#follow({ ...arrival, words: words.slice(0, fresh * KEY_WORDS) }, fate);
    return kept.subarray(0, passed);
  }

  #waitFor(holders: ReadonlySet<number>, fate: Fate): void {
    for (const holder of holders) {
      const settled = this.#open.get(holder);
      if (settled !== undefined) fate.waitFor(settled);
    }
  }

  #follow({ words, timeMs, batch }: Arrival, { settled }: Fate): void {
    this.#open.set(batch, settled);
    settled.then(() => {
      this.#open.delete(batch);
      this.#parts.log.add(words, timeMs);
    }, () => {
      this.#open.delete(batch);
      for (let at = 0; at < words.length; at += KEY_WORDS) this.#parts.seen.forget(words, at, batch);
    });
  }
}
