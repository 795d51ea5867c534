import { Buffer, isUtf8 } from "node:buffer";
import type { TextColumn } from "../client.ts";

/** What stands in the text for bytes that are no UTF-8. */
const REPLACEMENT = "\uFFFD";
/** The header that carries the exact bytes of a text that is no UTF-8. */
const EXACT_SUFFIX = ".base64";
/** Where the exact bytes of a key go. */
const EXACT_KEY = "key.base64";
/** Cells that the columns of a chunk may always have together; more must be covered by bytes that were sent. */
const FREE_CELLS = 1024 * 1024;

/** One text for each event in the making; nothing is kept for each as long as all are equal. */
class Column {
  readonly #block: Buffer;
  #value: string | undefined;
  #valueStart = 0;
  /** Nothing is as long as no value. */
  #valueBytes = -1;
  /** The last value was no UTF-8. */
  isBroken = false;
  /** One behind the last event that has a text. */
  #count = 0;
  #cells: (string | undefined)[] | undefined;

  constructor(block: Buffer) {
    this.#block = block;
  }

  /** Sets the text of an event to a range of the block; events come in order, and the later text of an event wins. */
  set(event: number, start: number, end: number): void {
    if (this.#valueBytes !== end - start || !isSame(this.#block, this.#valueStart, { start, end })) {
      const text = this.#block.toString("utf8", start, end);
      this.isBroken = text.includes(REPLACEMENT) && !isUtf8(this.#block.subarray(start, end));
      this.#valueStart = start;
      this.#valueBytes = end - start;
      this.#change(text);
    }
    this.#put(event);
  }

  /** Sets a text that does not lie in the block. */
  setText(event: number, text: string): void {
    this.#valueBytes = -1;
    if (text !== this.#value) this.#change(text);
    this.#put(event);
  }

  finish(size: number): TextColumn {
    if (this.#count < size) this.#pad(size);
    // An event that was left out in the end may have begun.
    if (this.#cells && this.#cells.length > size) this.#cells.length = size;
    return this.#cells ?? this.#value!;
  }

  #change(text: string): void {
    if (this.#count > 0) this.#pad(this.#count);
    this.#value = text;
  }

  #put(event: number): void {
    if (this.#count < event) this.#pad(event);
    if (this.#cells) this.#cells[event] = this.#value;
    this.#count = event + 1;
  }

  /** From now on there is a cell for each event: what was equal so far, and nothing up to `event`. */
  #pad(event: number): void {
    if (!this.#cells) {
      this.#cells = [];
      for (let index = 0; index < this.#count; index++) this.#cells.push(this.#value);
    }
    while (this.#cells.length < event) this.#cells.push(undefined);
  }
}

/** Whether the bytes at `known` are those from `start` to `end`. */
function isSame(block: Buffer, known: number, { start, end }: { start: number; end: number }): boolean {
  for (let at = start, other = known; at < end; at++, other++) if (block[at] !== block[other]) return false;
  return true;
}

/** A header, and its name as it lies in the block. */
class HeaderInMaking extends Column {
  readonly place: number;
  readonly nameStart: number;
  readonly nameBytes: number;
  readonly name: string;

  constructor(block: Buffer, place: number, at: { name: string; start: number; end: number }) {
    super(block);
    this.place = place;
    this.name = at.name;
    this.nameStart = at.start;
    this.nameBytes = at.end - at.start;
  }
}

/**
 * Gathers keys and headers that lie as UTF-8 in a block, event after event, into columns. Events mostly have the names of the
 * event before, and often its texts, so bytes are compared before text is made of them.
 *
 * A text that is no UTF-8 has U+FFFD for its bad bytes, and its exact bytes stand as base64 in a header of its own:
 * `<name>.base64`, of a key `key.base64`. A header that is null is an empty text. Of headers with one name the last one stays.
 */
export class TextColumns {
  readonly #block: Buffer;
  readonly #most: number;
  #keys: Column | undefined;
  readonly #headers: HeaderInMaking[] = [];
  readonly #byName = new Map<string, HeaderInMaking>();
  #header: HeaderInMaking | undefined;
  /** The place of the header that probably comes next. */
  #expected = 0;

  constructor(block: Uint8Array, maxCells = Math.max(FREE_CELLS, block.length)) {
    this.#block = Buffer.from(block.buffer, block.byteOffset, block.length);
    this.#most = maxCells;
  }

  /** Whether the columns would stay within what the bytes justify; an event alone always may come. */
  hasRoom(event: number, headers: number): boolean {
    return event === 0 || (event + 1) * Math.max(this.#headers.length, headers) <= this.#most;
  }

  /** Sets the key of an event. Events come in order. */
  key(event: number, start: number, end: number): void {
    this.#keys ??= new Column(this.#block);
    this.#keys.set(event, start, end);
    if (this.#keys.isBroken) this.#exact(EXACT_KEY).setText(event, this.#base64(start, end));
  }

  /** Says that the headers of another event come next. */
  startHeaders(): void {
    this.#expected = 0;
  }

  /** Names the header whose value comes next. */
  name(start: number, end: number): void {
    const expected = this.#headers[this.#expected];
    const isExpected = expected?.nameBytes === end - start &&
      isSame(this.#block, expected.nameStart, { start, end });
    this.#header = isExpected ? expected : this.#find(start, end);
    this.#expected = this.#header.place + 1;
  }

  /** Sets the header named last. */
  value(event: number, start: number, end: number): void {
    const header = this.#header!;
    header.set(event, start, end);
    if (header.isBroken) this.#exact(header.name + EXACT_SUFFIX).setText(event, this.#base64(start, end));
  }

  /** The keys; undefined when no event has one. */
  keys(size: number): TextColumn | undefined {
    return this.#keys?.finish(size);
  }

  /** The headers; undefined when there are none. */
  headers(size: number): ReadonlyMap<string, TextColumn> | undefined {
    if (this.#headers.length === 0) return undefined;
    return new Map(this.#headers.map((header) => [header.name, header.finish(size)]));
  }

  #find(start: number, end: number): HeaderInMaking {
    const name = this.#block.toString("utf8", start, end);
    return this.#byName.get(name) ?? this.#make({ name, start, end });
  }

  #exact(name: string): HeaderInMaking {
    // No name lies in the block.
    return this.#byName.get(name) ?? this.#make({ name, start: 0, end: -1 });
  }

  #make(at: { name: string; start: number; end: number }): HeaderInMaking {
    const made = new HeaderInMaking(this.#block, this.#headers.length, at);
    this.#headers.push(made);
    this.#byName.set(at.name, made);
    return made;
  }

  #base64(start: number, end: number): string {
    return this.#block.toString("base64", start, end);
  }
}
