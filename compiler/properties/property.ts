import type { Place } from "../tree.ts";
import type { Piece } from "./lines.ts";
import { cutRemarks } from "./remarks.ts";

/** A property as it stands in a file. */
export interface Property {
  readonly key: string;
  /** Without escapes, remarks and the blanks around it. */
  readonly value: string;
  /** Where the key begins. */
  readonly place: Place;
  readonly valuePlace: Place;
  /** What stands behind the value as a comment, and where it begins. */
  readonly remark?: { readonly text: string; readonly place: Place };
  /** Escapes for which Java refuses the whole file: a `\u` without four hexadecimal digits. */
  readonly badEscapes: readonly { readonly text: string; readonly place: Place }[];
}

const KEY = /(?:\\.|[^\\=: \t\f])*/sy;
const SEPARATOR = /[ \t\f]*[=:]?[ \t\f]*/y;
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|(.))/gs;
const CONTROLS: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", f: "\f" };

/**
 * Reads a property from the pieces of its logical line, with the escapes of `java.util.Properties.load`. `file` goes into
 * its places.
 */
export function readProperty(pieces: readonly Piece[], file?: string): Property {
  const text = pieces.map((piece) => piece.text).join("");
  const keyEnd = endOf(KEY, text, 0);
  const start = endOf(SEPARATOR, text, keyEnd);
  const { kept, remark, offset } = cutRemarks(pieces, start);
  const key = unescape(text.slice(0, keyEnd)).trim();
  const at = (offset: number): Place => ({
    ...placeAt(pieces, offset),
    ...file !== undefined && { file },
    property: key,
  });
  return {
    key,
    value: unescape(kept).trim(),
    place: at(0),
    valuePlace: at(start),
    ...remark !== undefined && { remark: { text: remark, place: at(offset) } },
    badEscapes: Array.from(text.matchAll(ESCAPE)).filter(([, , character]) => character === "u")
      .map(({ index }) => ({ text: text.slice(index, index + 6), place: at(index) })),
  };
}

function endOf(expression: RegExp, text: string, from: number): number {
  expression.lastIndex = from;
  return from + expression.exec(text)![0].length;
}

function unescape(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(
    ESCAPE,
    (_, code: string | undefined, character: string) =>
      code === undefined ? CONTROLS[character] ?? character : String.fromCharCode(parseInt(code, 16)),
  );
}

/** Where a character of the joined text stands in the file; what a line ends with belongs to the next one. */
function placeAt(pieces: readonly Piece[], offset: number): Place {
  let left = offset;
  for (const { line, column, text } of pieces.slice(0, -1)) {
    if (left < text.length) return { line, column: column + left };
    left -= text.length;
  }
  const { line, column } = pieces.at(-1)!;
  return { line, column: column + left };
}
