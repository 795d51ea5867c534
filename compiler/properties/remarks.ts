import type { Piece } from "./lines.ts";

/** A value without the remarks in it. */
export interface CutValue {
  /** What is left of the joined text behind the place where the value starts, escapes and all. */
  readonly kept: string;
  /** The first remark, without its `#`. */
  readonly remark?: string;
  /** Where in the joined text it begins. */
  readonly offset: number;
}

/** A quote that opens behind something that is no letter, up to the quote that closes it. */
const QUOTED = /(?<![\w\\])(["'])(?:\\.|(?!\1)[^\\])*\1/gs;
/** A `#` between blanks, or between a blank and the end. */
const REMARK = /(?<=[ \t\f])#(?=[ \t\f]|$)/g;

/**
 * Takes off what people write behind a value: white space, `#`, white space, text, up to the end of the line in the file.
 * Java's reader does not know such remarks, so a `#` that begins a value, stands in a word (`#channel`), in quotes or
 * behind a backslash belongs to the value.
 */
export function cutRemarks(pieces: readonly Piece[], start: number): CutValue {
  const text = pieces.map((piece) => piece.text).join("");
  if (!text.includes("#", start + 1)) return { kept: text.slice(start), offset: text.length };
  const quoted = Array.from(
    text.slice(start).matchAll(QUOTED),
    ({ index, 0: { length } }) => [start + index, start + index + length] as const,
  );
  let kept = "";
  let offset = -1;
  let from = 0;
  for (const piece of pieces) {
    const end = from + piece.text.length;
    const begin = Math.max(from, start);
    const at = begin < end ? remarkIn(text.slice(0, end), begin, { start, quoted }) : -1;
    kept += text.slice(begin, Math.max(begin, at < 0 ? end : at));
    if (at >= 0 && offset < 0) offset = at;
    from = end;
  }
  if (offset < 0) return { kept, offset: text.length };
  return { kept, offset, remark: remarkAt(pieces, offset) };
}

function remarkIn(
  text: string,
  begin: number,
  { start, quoted }: { start: number; quoted: readonly (readonly [number, number])[] },
): number {
  REMARK.lastIndex = begin;
  for (let found = REMARK.exec(text); found; found = REMARK.exec(text)) {
    const { index } = found;
    if (index > start && !quoted.some(([from, to]) => from < index && index < to)) return index;
  }
  return -1;
}

function remarkAt(pieces: readonly Piece[], offset: number): string {
  let from = 0;
  for (const { text } of pieces) {
    if (offset < from + text.length) return text.slice(offset - from + 1).trim();
    from += text.length;
  }
  return "";
}
