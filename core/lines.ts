import { Buffer } from "node:buffer";
import type { BatchLayout } from "./event_batch.ts";

/** Where the lines of a run of bytes lie. */
export interface LineIndex {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Lines found; the arrays may be longer. */
  readonly size: number;
  readonly layout: BatchLayout;
  /** Bytes that the lines took with their separators; what follows is an unfinished line. */
  readonly consumedBytes: number;
}

/** How lines are found. */
export interface LineOptions {
  /** Nothing follows: an unfinished last line counts. */
  readonly last?: boolean;
  /** Longer lines are cut, and go on in the next event. */
  readonly maxLineBytes?: number;
  /** A carriage return before the newline does not belong to the line. */
  readonly cutReturn?: boolean;
}

/** Bytes that are searched at once: the text of so many is short-lived, small garbage. */
const PIECE_BYTES = 64 * 1024;

/** Finds the lines in some bytes; nothing is copied. Memory: 8 bytes a line. */
export function splitLines(bytes: Uint8Array, options: LineOptions = {}): LineIndex {
  const { last = false, maxLineBytes = Infinity, cutReturn = false } = options;
  const newlines = new NewlineSearch(bytes);
  let starts = new Uint32Array(Math.min(256, bytes.length + 1));
  let ends = new Uint32Array(starts.length);
  let [size, from, layout] = [0, 0, "dense" as BatchLayout];
  while (from < bytes.length) {
    let end = newlines.next(from);
    let next = end + 1;
    if (end < 0) {
      if (!last && bytes.length - from <= maxLineBytes) break;
      end = next = bytes.length;
      if (layout === "dense") layout = "sparse";
    } else if (cutReturn && end > from && bytes[end - 1] === 13) {
      end--;
      if (layout === "dense") layout = "sparse";
    }
    if (end - from > maxLineBytes) {
      end = next = from + maxLineBytes;
      layout = "packed";
    }
    if (size === starts.length) {
      [starts, ends] = [grow(starts, bytes.length, from), grow(ends, bytes.length, from)];
    }
    starts[size] = from;
    ends[size++] = end;
    from = next;
  }
  return { starts, ends, size, layout, consumedBytes: from };
}

/** Finds newlines from front to back: searching a one-byte string is several times faster than searching the bytes. */
class NewlineSearch {
  readonly #bytes: Buffer;
  #text = "";
  #base = 0;

  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    this.#bytes = Buffer.from(buffer, byteOffset, byteLength);
  }

  /** The offset of the first newline at `from`, which never goes back, or behind it; -1 when there is none. */
  next(from: number): number {
    for (;;) {
      const at = this.#text.indexOf("\n", from - this.#base);
      if (at >= 0) return this.#base + at;
      const base = this.#base + this.#text.length;
      if (base >= this.#bytes.length) return -1;
      this.#base = base;
      this.#text = this.#bytes.toString("latin1", base, base + PIECE_BYTES);
    }
  }
}

/** Makes room for as many lines as the bytes will hold if they go on as they began. */
function grow(index: Uint32Array<ArrayBuffer>, bytes: number, done: number): Uint32Array<ArrayBuffer> {
  const expected = Math.ceil(index.length * (bytes / Math.max(done, 1)) * 1.1);
  const grown = new Uint32Array(Math.max(index.length * 2, Math.min(expected, bytes)));
  grown.set(index);
  return grown;
}
