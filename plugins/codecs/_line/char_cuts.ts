import { type LineIndex, splitLines } from "sluice/plugin";

const RETURN = 13;

/** How lines are cut. */
export interface CutOptions {
  readonly maxLineLength: number;
  readonly cutReturn: boolean;
}

/** The most bytes that tell whether a line must be cut: each UTF-16 unit takes three bytes of UTF-8 at most. */
export function maxUnfinishedBytes({ maxLineLength }: CutOptions): number {
  return (maxLineLength + 2) * 3;
}

/** Finds lines; those longer than the limit in characters are cut there, never inside a character. */
export function splitCharLines(bytes: Uint8Array, last: boolean, options: CutOptions): LineIndex {
  const { maxLineLength, cutReturn } = options;
  const found = splitLines(bytes, { last, cutReturn });
  const hasLongTail = bytes.length - found.consumedBytes > maxLineLength;
  if (!hasLongTail && !hasLongLine(found, maxLineLength)) return found;
  const cuts = new Cuts(bytes, maxLineLength);
  for (let index = 0; index < found.size; index++) cuts.addLine(found.starts[index]!, found.ends[index]!);
  const consumedBytes = cuts.addTail(found.consumedBytes, cutReturn);
  return { ...cuts.index(), layout: cuts.count === found.size ? found.layout : "packed", consumedBytes };
}

function hasLongLine({ starts, ends, size }: LineIndex, maxLineLength: number): boolean {
  for (let index = 0; index < size; index++) if (ends[index]! - starts[index]! > maxLineLength) return true;
  return false;
}

/** Collects the pieces of lines. */
class Cuts {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #bytes: Uint8Array;
  readonly #maxLineLength: number;

  constructor(bytes: Uint8Array, maxLineLength: number) {
    this.#bytes = bytes;
    this.#maxLineLength = maxLineLength;
  }

  get count(): number {
    return this.#starts.length;
  }

  index(): Pick<LineIndex, "starts" | "ends" | "size"> {
    return { starts: Uint32Array.from(this.#starts), ends: Uint32Array.from(this.#ends), size: this.count };
  }

  addLine(start: number, end: number): void {
    this.#add(this.#addPieces({ start, end, isOpen: false }), end);
  }

  /** Takes what is certain of an unfinished line, all but the last piece; gives the offset behind that. */
  addTail(start: number, cutReturn: boolean): number {
    const { length } = this.#bytes;
    // A return at the very end may belong to the separator.
    const end = cutReturn && length > start && this.#bytes[length - 1] === RETURN ? length - 1 : length;
    return this.#addPieces({ start, end, isOpen: true });
  }

  #add(start: number, end: number): void {
    this.#starts.push(start);
    this.#ends.push(end);
  }

  /** Adds all pieces but the last; gives its start. */
  #addPieces({ start, end, isOpen }: Run): number {
    let from = start;
    for (;;) {
      const cut = this.#cutAt({ start: from, end, isOpen });
      if (cut >= end) return from;
      this.#add(from, cut);
      from = cut;
    }
  }

  /** Where the limit is reached; `end` when it is not. Counts as Java does: a character beyond U+FFFF is two. */
  #cutAt({ start, end, isOpen }: Run): number {
    if (end - start <= this.#maxLineLength) return end;
    let units = 0;
    for (let at = start; at < end;) {
      const size = characterBytes(this.#bytes, at, end);
      units += size === 4 ? 2 : 1;
      if (units > this.#maxLineLength && at > start) return at;
      // What the rest of the character will be decides how often it counts.
      if (isOpen && size === 0) return end;
      at += size || 1;
    }
    return end;
  }
}

/** A run of bytes; open when more bytes may follow. */
interface Run {
  readonly start: number;
  readonly end: number;
  readonly isOpen: boolean;
}

/** Length of the character at an offset; 1 for a byte that begins none, 0 when the end comes first. */
function characterBytes(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at]!;
  if (lead < 0xC2 || lead > 0xF4) return 1;
  const size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  for (let n = 1; n < size; n++) {
    if (at + n >= end) return 0;
    if ((bytes[at + n]! & 0xC0) !== 0x80) return 1;
  }
  return size;
}
