// Keys lie in a ring in the order of their arrival, so the oldest leave first; a table of open addresses points into it.
// Typed arrays only: about 40 bytes for each key, and nothing for the garbage collector to walk through.
import { KEY_WORDS } from "./key_hash.ts";

/** The answer for a key that was not known, and is now. */
export const FRESH = -1;

/** How much is remembered. */
export interface Window {
  readonly maxKeys: number;
  /** 0: as long as there is room. */
  readonly windowMs: number;
}

/** A key that arrives. */
export interface Arrival {
  readonly words: Uint32Array;
  /** Index of the first word of the key. */
  at: number;
  readonly timeMs: number;
  /** Number of the batch that carries it. */
  readonly batch: number;
}

const FIRST_KEYS = 1024;

/** The keys that arrived within the window, each with the number of the batch that brought it. */
export class SeenKeys {
  readonly #maxKeys: number;
  readonly #windowMs: number;
  #words: Uint32Array;
  #times: Float64Array;
  #batches: Uint32Array;
  /** Place in the ring plus 1; 0 is free. */
  #table: Uint32Array;
  #head = 0;
  #size = 0;

  constructor({ maxKeys, windowMs }: Window) {
    const places = Math.min(maxKeys, FIRST_KEYS);
    this.#maxKeys = maxKeys;
    this.#windowMs = windowMs;
    this.#words = new Uint32Array(places * KEY_WORDS);
    this.#times = new Float64Array(places);
    this.#batches = new Uint32Array(places);
    this.#table = newTable(places);
  }

  /** Keys in the ring; those that were forgotten leave with their age. */
  get size(): number {
    return this.#size;
  }

  /** Notes a key as brought by its batch and gives `FRESH`; or gives the number of the batch that brought it before. */
  meet(arrival: Arrival): number {
    const mask = this.#table.length - 1;
    const { words, at } = arrival;
    for (let slot = words[at]! & mask;; slot = slot + 1 & mask) {
      const place = this.#table[slot]! - 1;
      if (place < 0) break;
      if (this.#isAt(place, words, at)) return this.#batches[place]!;
    }
    this.#add(arrival);
    return FRESH;
  }

  /** Forgets a key, unless another batch has brought it since. */
  forget(words: Uint32Array, at: number, batch: number): void {
    const mask = this.#table.length - 1;
    for (let slot = words[at]! & mask;; slot = slot + 1 & mask) {
      const place = this.#table[slot]! - 1;
      if (place < 0) return;
      if (!this.#isAt(place, words, at)) continue;
      if (this.#batches[place] === batch) this.#free(slot);
      return;
    }
  }

  /** Lets go of the keys that are older than the window. */
  expire(nowMs: number): void {
    if (this.#windowMs === 0 || this.#size === 0) return;
    const limitMs = nowMs - this.#windowMs;
    if (this.#times[this.#placeOf(this.#size - 1)]! <= limitMs) return this.#clear();
    while (this.#times[this.#head]! <= limitMs) this.#dropOldest();
  }

  #isAt(place: number, words: Uint32Array, at: number): boolean {
    const own = place * KEY_WORDS;
    return this.#words[own] === words[at] && this.#words[own + 1] === words[at + 1] &&
      this.#words[own + 2] === words[at + 2] && this.#words[own + 3] === words[at + 3];
  }

  #placeOf(age: number): number {
    const place = this.#head + age;
    return place < this.#times.length ? place : place - this.#times.length;
  }

  #add({ words, at, timeMs, batch }: Arrival): void {
    if (this.#size === this.#maxKeys) this.#dropOldest();
    else if (this.#size === this.#times.length) this.#grow();
    const place = this.#placeOf(this.#size++);
    for (let word = 0; word < KEY_WORDS; word++) this.#words[place * KEY_WORDS + word] = words[at + word]!;
    this.#times[place] = timeMs;
    this.#batches[place] = batch;
    this.#point(place);
  }

  #point(place: number): void {
    const mask = this.#table.length - 1;
    let slot = this.#words[place * KEY_WORDS]! & mask;
    while (this.#table[slot] !== 0) slot = slot + 1 & mask;
    this.#table[slot] = place + 1;
  }

  /** Where the table points to a place of the ring; nowhere when the key was forgotten. */
  #slotOf(place: number): number | undefined {
    const mask = this.#table.length - 1;
    for (let slot = this.#words[place * KEY_WORDS]! & mask; this.#table[slot] !== 0; slot = slot + 1 & mask) {
      if (this.#table[slot] === place + 1) return slot;
    }
    return undefined;
  }

  #dropOldest(): void {
    const slot = this.#slotOf(this.#head);
    if (slot !== undefined) this.#free(slot);
    this.#head = this.#placeOf(1);
    this.#size--;
  }

  /** Moves those behind a freed slot forward, so that no search ends too early. */
  #free(slot: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let hole = slot;
    for (let next = slot + 1 & mask; table[next] !== 0; next = next + 1 & mask) {
      const home = this.#words[(table[next]! - 1) * KEY_WORDS]! & mask;
      if ((next - home & mask) < (next - hole & mask)) continue;
      table[hole] = table[next]!;
      hole = next;
    }
    table[hole] = 0;
  }

  #clear(): void {
    this.#table.fill(0);
    this.#head = 0;
    this.#size = 0;
  }

  /** Twice the room; what was forgotten stays behind. */
  #grow(): void {
    const places = Math.min(this.#maxKeys, this.#times.length * 2);
    const old = { words: this.#words, times: this.#times, batches: this.#batches };
    const live = this.#livePlaces();
    this.#words = new Uint32Array(places * KEY_WORDS);
    this.#times = new Float64Array(places);
    this.#batches = new Uint32Array(places);
    this.#table = newTable(places);
    this.#head = 0;
    this.#size = 0;
    for (const place of live) {
      const [timeMs, batch] = [old.times[place]!, old.batches[place]!];
      this.#add({ words: old.words, at: place * KEY_WORDS, timeMs, batch });
    }
  }

  /** Places of keys that are not forgotten, from the oldest on. */
  #livePlaces(): Uint32Array {
    const live = new Uint32Array(this.#size);
    let count = 0;
    for (let age = 0; age < this.#size; age++) {
      const place = this.#placeOf(age);
      if (this.#slotOf(place) !== undefined) live[count++] = place;
    }
    return live.subarray(0, count);
  }
}

/** At most half full, with a power of two slots. */
function newTable(places: number): Uint32Array {
  return new Uint32Array(2 ** Math.ceil(Math.log2(places * 2)));
}
