import { Buffer } from "node:buffer";
import type { EventBatch, Pattern } from "sluice/plugin";
import { hashKey, KEY_WORDS, type KeyPlace } from "./key_hash.ts";

/** What the key of an event is: a header, the first group of a pattern, or else the body. */
export interface KeyChoice {
  readonly header: string | undefined;
  readonly regex: Pattern | undefined;
}

const FIRST_BYTES = 1024;

/** Finds the keys of the events of a batch. */
export class EventKeys {
  /** The keys of the last batch, one behind another. */
  words: Uint32Array = new Uint32Array(0);
  /** Events of the last batch that have a key: 1 for yes. */
  found: Uint8Array = new Uint8Array(0);
  readonly #choice: KeyChoice;
  readonly #secret: Uint32Array;
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);

  constructor(choice: KeyChoice, secret: Uint32Array) {
    this.#choice = choice;
    this.#secret = secret;
  }

  /** What the keys are made of, in words: keys of different choices have nothing to do with each other. */
  static textOf({ header, regex }: KeyChoice): string {
    if (header !== undefined) return `header ${header}`;
    return regex === undefined ? "body" : `regex ${regex}`;
  }

  /** Fills `words` and `found`. */
  read(batch: EventBatch): void {
    const { size } = batch;
    if (this.found.length < size) {
      this.words = new Uint32Array(size * KEY_WORDS);
      this.found = new Uint8Array(size);
    }
    this.found.fill(0, 0, size);
    const { header, regex } = this.#choice;
    if (header !== undefined) this.#readHeader(batch, header);
    else if (regex !== undefined) regex.execAll(batch, (index, match) => this.#note(index, keyIn(match)));
    else this.#readBodies(batch);
  }

  #readBodies(batch: EventBatch): void {
    for (let index = 0; index < batch.size; index++) {
      this.found[index] = 1;
      hashKey(batch.body(index), this.#secret, this.#placeOf(index));
    }
  }

  #readHeader(batch: EventBatch, name: string): void {
    const column = batch.headers.get(name);
    if (column === undefined) return;
    for (let index = 0; index < batch.size; index++) {
      this.#note(index, typeof column === "string" ? column : column[index]);
    }
  }

  /** An empty text is what a sender without an identifier writes, so it is none. */
  #note(index: number, key: string | undefined): void {
    if (key === undefined || key === "") return;
    this.found[index] = 1;
    if (this.#bytes.length < key.length * 3) this.#bytes = Buffer.allocUnsafe(key.length * 3);
    const length = this.#bytes.write(key, "utf8");
    hashKey(this.#bytes.subarray(0, length), this.#secret, this.#placeOf(index));
  }

  #placeOf(index: number): KeyPlace {
    return { words: this.words, at: index * KEY_WORDS };
  }
}

/** The first group; the whole match where the pattern has no groups. */
function keyIn(match: readonly (string | undefined)[] | null): string | undefined {
  if (match === null) return undefined;
  return match.length > 1 ? match[1] : match[0];
}
