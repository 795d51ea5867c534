import { createHash } from "node:crypto";

/** Stands where a value is absent or empty. */
const NO_VALUE = "no_value";
const NO_VALUE_ENCODED = "no%5Fvalue";
/** Characters that part folders, that HDFS or other systems refuse in names, that print nothing, or that are no text. */
const ODD = /[/\\:%\p{Cc}\p{Cs}]/u;
const EVERY_ODD = new RegExp(ODD, "gu");
/** Names that mean another place, or that HDFS keeps for itself. */
const RESERVED: readonly string[] = [".", "..", ".reserved", ".snapshot"];
const MAX_NAME_BYTES = 200;
const CUT_BYTES = 160;
/** What a shortened name ends in; a name that ends so by itself is treated like a long one, or the two could meet. */
const HASH_END = /~[0-9a-f]{32}$/;
const MAX_FOLDERS = 16;

const UTF8 = new TextEncoder();

/** A value as a part of one name: odd characters percent-encoded, byte by byte, so that different values stay different. */
export function encodeValue(value: string): string {
  if (value === "") return NO_VALUE;
  if (value === NO_VALUE) return NO_VALUE_ENCODED;
  return ODD.test(value) ? value.replaceAll(EVERY_ODD, encodeOdd) : value;
}

/** A value whose slashes make folders, as in Flume; the first few do, those behind them are encoded. */
export function encodeFolders(value: string): string {
  const names = value.split("/").filter((name) => name !== "");
  if (names.length > MAX_FOLDERS) names.push(names.splice(MAX_FOLDERS - 1).join("/"));
  return names.length === 0 ? NO_VALUE : names.map(encodeValue).join("/");
}

/** Odd characters of a text that no header has made; slashes and percent signs are meant. */
export function encodeColons(text: string): string {
  return text.replaceAll(":", "%3A");
}

/**
 * A whole name that has values in it: it is never hidden or reserved by what a value brings, and never too long. `isOwnStart`:
 * it begins with text of the template.
 */
export function finishName(name: string, isOwnStart: boolean): string {
  const isHidden = name.startsWith(".") && (!isOwnStart || RESERVED.includes(name));
  return shorten(isHidden ? `%2E${name.slice(1)}` : name);
}

/** A long name keeps its start, and a checksum of all of it. */
function shorten(name: string): string {
  if (name.length * 3 <= MAX_NAME_BYTES && !HASH_END.test(name)) return name;
  if (UTF8.encode(name).length <= MAX_NAME_BYTES && !HASH_END.test(name)) return name;
  const { read } = UTF8.encodeInto(name, new Uint8Array(CUT_BYTES));
  const start = name.slice(0, read).replace(/%[0-9A-F]?$/, "");
  return `${start}~${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
}

function encodeOdd(char: string): string {
  if (char.isWellFormed()) return encodeURIComponent(char);
  // Half of a pair has no UTF-8; these are the three bytes that it would have.
  const code = char.charCodeAt(0);
  const bytes = [0xE0 | code >> 12, 0x80 | code >> 6 & 0x3F, 0x80 | code & 0x3F];
  return bytes.map((byte) => `%${byte.toString(16).toUpperCase()}`).join("");
}
