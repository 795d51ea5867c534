import type { ByteWriter } from "./byte_writer.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5C;

/** What to do with a byte inside a JSON string: 0 copies it, 1 writes `\u00XX`, 2 looks at more bytes, others stand after a `\`. */
const ACTIONS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return 2;
  if (byte === QUOTE || byte === BACKSLASH) return byte;
  const short = { 8: "b", 9: "t", 10: "n", 12: "f", 13: "r" }[byte];
  return short?.charCodeAt(0) ?? (byte < 0x20 ? 1 : 0);
});
const HEX = new TextEncoder().encode("0123456789abcdef");

/** A run of UTF-8 inside a block. */
export interface ByteRange {
  readonly block: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Writes bytes as a JSON string; bytes that are not UTF-8 become U+FFFD, as a text decoder would have it. */
export function writeJsonBytes(writer: ByteWriter, { block, start, end }: ByteRange): void {
  const target = writer.reserve((end - start) * 6 + 2);
  let at = writer.length;
  target[at++] = QUOTE;
  for (let from = start; from < end; from++) {
    const byte = block[from]!;
    // Written in any case: nearly all bytes need nothing else, and the loop is as short as can be.
    target[at] = byte;
    const action = ACTIONS[byte]!;
    if (action === 0) at++;
    else if (action > 2) {
      target[at] = BACKSLASH;
      target[at + 1] = action;
      at += 2;
    } else if (action === 1) at = writeEscape(target, at, byte);
    else {
      at = writeWide(target, at, { block, start: from, end });
      break;
    }
  }
  target[at++] = QUOTE;
  writer.advance(at);
}

/** Writes what follows from the first byte beyond ASCII on. */
function writeWide(target: Uint8Array, offset: number, { block, start, end }: ByteRange): number {
  let at = offset;
  for (let from = start; from < end;) {
    const byte = block[from]!;
    const action = ACTIONS[byte]!;
    if (action === 0) target[at++] = byte;
    else if (action !== 2) at = writeEscape(target, at, byte);
    const size = action === 2 ? characterBytes(block, from, end) : 1;
    if (size < 0) at = writeReplacement(target, at);
    else if (action === 2) { for (let n = 0; n < size; n++) target[at++] = block[from + n]!; }
    from += Math.abs(size);
  }
  return at;
}

/** Writes text as a JSON string. */
export function writeJsonText(writer: ByteWriter, value: string): void {
  const target = writer.reserve(value.length + 2);
  let at = writer.length;
  target[at++] = QUOTE;
  for (let from = 0; from < value.length; from++) {
    const code = value.charCodeAt(from);
    if (code >= 0x80 || ACTIONS[code] !== 0) return writer.text(JSON.stringify(value.toWellFormed()));
    target[at++] = code;
  }
  target[at++] = QUOTE;
  writer.advance(at);
}

function writeEscape(target: Uint8Array, at: number, byte: number): number {
  const action = ACTIONS[byte]!;
  target[at] = BACKSLASH;
  if (action !== 1) {
    target[at + 1] = action;
    return at + 2;
  }
  target[at + 1] = 0x75;
  target[at + 2] = 0x30;
  target[at + 3] = 0x30;
  target[at + 4] = HEX[byte >> 4]!;
  target[at + 5] = HEX[byte & 15]!;
  return at + 6;
}

function writeReplacement(target: Uint8Array, at: number): number {
  target[at] = 0xEF;
  target[at + 1] = 0xBF;
  target[at + 2] = 0xBD;
  return at + 3;
}

/** Length of the UTF-8 character at an offset; negative: so many bytes that belong to none. */
function characterBytes(block: Uint8Array, at: number, end: number): number {
  const lead = block[at]!;
  if (lead < 0xC2 || lead > 0xF4) return -1;
  const size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  let low = lead === 0xE0 ? 0xA0 : lead === 0xF0 ? 0x90 : 0x80;
  let high = lead === 0xED ? 0x9F : lead === 0xF4 ? 0x8F : 0xBF;
  for (let n = 1; n < size; n++) {
    const next = at + n < end ? block[at + n]! : 0;
    if (next < low || next > high) return -n;
    [low, high] = [0x80, 0xBF];
  }
  return size;
}
