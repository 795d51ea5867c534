import { Buffer, isAscii } from "node:buffer";
import type { EventBatch } from "./event_batch.ts";

/** Bytes that become text at once: short-lived, small garbage, and what a slice of it keeps alive is small, too. */
const PIECE_BYTES = 64 * 1024;

/**
 * The bodies of a batch as text, one by one, best from front to back: a slice of latin1 text for a body in ASCII, which
 * costs next to nothing, and decoded UTF-8 for the others.
 */
export class BodyTexts {
  /** Whether the batch holds no bytes beyond ASCII, or nobody looks at them. */
  readonly allPlain: boolean;
  readonly #batch: EventBatch;
  readonly #bytes: Buffer;
  #text = "";
  #from = 0;
  #to = 0;
  /** Whether the piece holds bytes beyond ASCII that somebody looks at. */
  #isMixed = false;

  /** @param asLatin1 Bytes beyond ASCII become the characters with their codes, for whoever does not look at them. */
  constructor(batch: EventBatch, asLatin1 = false) {
    const { buffer, byteOffset, length } = batch.block;
    const start = batch.size === 0 ? 0 : batch.starts[0]!;
    this.#batch = batch;
    this.#bytes = Buffer.from(buffer, byteOffset, length);
    this.allPlain = asLatin1 || isAscii(this.#bytes.subarray(start, start + batch.spanBytes));
  }

  /** The body of an event. */
  at(index: number): string {
    const start = this.#batch.starts[index]!;
    const end = this.#batch.ends[index]!;
    if (start < this.#from || end > this.#to) this.#load(start, end);
    if (this.#isMixed && this.isWide(index)) return this.#bytes.toString("utf8", start, end);
    return this.#text.slice(start - this.#from, end - this.#from);
  }

  /** Whether the body holds bytes beyond ASCII that somebody looks at. */
  isWide(index: number): boolean {
    if (this.allPlain) return false;
    const start = this.#batch.starts[index]!;
    const end = this.#batch.ends[index]!;
    if (start < this.#from || end > this.#to) this.#load(start, end);
    return this.#isMixed && !isAscii(this.#bytes.subarray(start, end));
  }

  #load(start: number, end: number): void {
    this.#from = start;
    this.#to = Math.min(Math.max(end, start + PIECE_BYTES), this.#bytes.length);
    this.#text = this.#bytes.toString("latin1", start, this.#to);
    this.#isMixed = !this.allPlain && !isAscii(this.#bytes.subarray(start, this.#to));
  }
}
