import { Buffer } from "node:buffer";
import type { ProducePart, TextColumn } from "../client.ts";
import { varintBytes, writeVarint } from "./varint.ts";

/** Below this many characters a loop is faster than a call. */
const SHORT = 32;
/** A key that is null, and no headers. */
const NULL_KEY = Uint8Array.of(1);
const NO_HEADERS = Uint8Array.of(0);

type Cells = readonly (string | undefined)[];

/** A header whose values differ between events; `name` as it stands on the wire. */
interface HeaderCells {
  readonly name: Uint8Array;
  readonly cells: Cells;
}

const known = new WeakMap<ProducePart, PartTexts>();

/** The texts of a part, which are made ready once for each part. */
export function textsOf(part: ProducePart): PartTexts {
  if (part.keys === undefined && !part.headers?.size) return PartTexts.NONE;
  let texts = known.get(part);
  if (!texts) known.set(part, texts = new PartTexts(part.keys, part.headers));
  return texts;
}

/** Keys and headers of events as they stand in Kafka's records; what all events share is written once. */
export class PartTexts {
  static readonly NONE = new PartTexts(undefined, undefined);

  /** What every record takes for its key and headers, where that is the same for all. */
  readonly evenBytes: number | undefined;
  readonly #key: Uint8Array;
  readonly #keys: Cells | undefined;
  /** Headers that all events share, behind each other. */
  readonly #shared: Uint8Array;
  readonly #sharedCount: number;
  readonly #columns: readonly HeaderCells[];

  constructor(keys: TextColumn | undefined, headers: ReadonlyMap<string, TextColumn> | undefined) {
    this.#key = typeof keys === "string" ? framed(keys) : NULL_KEY;
    this.#keys = typeof keys === "object" ? keys : undefined;
    const shared: Uint8Array[] = [];
    const columns: HeaderCells[] = [];
    for (const [name, column] of headers ?? []) {
      if (typeof column === "string") shared.push(framed(name), framed(column));
      else columns.push({ name: framed(name), cells: column });
    }
    this.#sharedCount = shared.length / 2;
    this.#columns = columns;
    const isEven = columns.length === 0;
    const count = isEven ? framedCount(this.#sharedCount) : NO_HEADERS;
    this.#shared = shared.length === 0 ? count : Buffer.concat(isEven ? [count, ...shared] : shared);
    if (columns.length > 0 && shared.length === 0) this.#shared = new Uint8Array(0);
    this.evenBytes = isEven && !this.#keys ? this.#key.length + this.#shared.length : undefined;
  }

  /** What the key and the headers of one event take. */
  bytes(index: number): number {
    if (this.evenBytes !== undefined) return this.evenBytes;
    let bytes = this.#shared.length + (this.#keys ? keyBytes(this.#keys[index]) : this.#key.length);
    if (this.#columns.length === 0) return bytes;
    let count = this.#sharedCount;
    for (const { name, cells } of this.#columns) {
      const value = cells[index];
      if (value === undefined) continue;
      count++;
      bytes += name.length + keyBytes(value);
    }
    return bytes + varintBytes(count);
  }

  /** Writes the key where there is room for it; answers the offset behind it. */
  writeKey(target: Buffer, at: number, index: number): number {
    if (!this.#keys) return copy(target, at, this.#key);
    const key = this.#keys[index];
    return key === undefined ? copy(target, at, NULL_KEY) : writeText(target, at, key);
  }

  /** Writes the headers, their number first. */
  writeHeaders(target: Buffer, at: number, index: number): number {
    if (this.#columns.length === 0) return copy(target, at, this.#shared);
    let count = this.#sharedCount;
    for (const { cells } of this.#columns) if (cells[index] !== undefined) count++;
    let end = copy(target, writeVarint(target, at, count), this.#shared);
    for (const { name, cells } of this.#columns) {
      const value = cells[index];
      if (value !== undefined) end = writeText(target, copy(target, end, name), value);
    }
    return end;
  }
}

/** A text with its length in front. */
function framed(text: string): Uint8Array {
  const bytes = Buffer.byteLength(text);
  const target = Buffer.allocUnsafe(varintBytes(bytes) + bytes);
  target.write(text, writeVarint(target, 0, bytes));
  return target;
}

function framedCount(count: number): Uint8Array {
  const target = new Uint8Array(varintBytes(count));
  writeVarint(target, 0, count);
  return target;
}

function keyBytes(text: string | undefined): number {
  if (text === undefined) return NULL_KEY.length;
  const bytes = utf8Bytes(text);
  return varintBytes(bytes) + bytes;
}

function utf8Bytes(text: string): number {
  if (text.length > SHORT) return Buffer.byteLength(text);
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7F) return Buffer.byteLength(text);
  return text.length;
}

function writeText(target: Buffer, at: number, text: string): number {
  const bytes = utf8Bytes(text);
  const start = writeVarint(target, at, bytes);
  if (bytes > text.length || bytes > SHORT) return start + target.write(text, start, "utf8");
  for (let from = 0; from < bytes; from++) target[start + from] = text.charCodeAt(from);
  return start + bytes;
}

function copy(target: Buffer, at: number, bytes: Uint8Array): number {
  if (bytes.length > SHORT) target.set(bytes, at);
  else for (let from = 0; from < bytes.length; from++) target[at + from] = bytes[from]!;
  return at + bytes.length;
}
