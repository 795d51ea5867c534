import { Buffer } from "node:buffer";
import type { Pattern } from "sluice/plugin";

/** What ends a command, or is not allowed in one (RFC 2812 section 2.3.1). */
const FORBIDDEN = /[\r\n\0]+/g;

/** The lines that a body is said in: one, or, with a separator, one for each part. Empty ones cannot be said. */
export function linesOf(body: string, separator: Pattern | undefined): string[] {
  const parts = separator ? split(body, separator) : [body];
  return parts.map((part) => part.replaceAll(FORBIDDEN, " ")).filter((part) => part !== "");
}

/** Splits as Java does: at each match of an expression. */
function split(text: string, separator: Pattern): string[] {
  const marked = separator.replaceAll(text.replaceAll("\0", " "), () => "\0");
  return marked === undefined ? [text] : marked.split("\0");
}

/** Cuts a line into pieces of so many bytes at most; characters stay whole. */
export function cut(line: string, maxBytes: number): Buffer[] {
  const bytes = Buffer.from(line);
  const pieces: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    let end = Math.min(start + maxBytes, bytes.length);
    while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--;
    pieces.push(bytes.subarray(start, end));
    start = end;
  }
  return pieces;
}
