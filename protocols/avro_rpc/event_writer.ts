import { ByteWriter } from "../byte_writer.ts";
import { javaMapOrder } from "../java_map_order.ts";
import type { EventColumns } from "./event_columns.ts";
import { writeText } from "./handshake.ts";

/** The table of a Java HashMap that was filled one by one is never smaller, and three quarters full at most. */
const LEAST_TABLE = 16;
const TABLE_FILL = 0.75;

/** A column of headers made ready. */
interface Part {
  readonly name: string;
  /** The name as it stands on the wire, and behind it the value, if all events share it. */
  readonly bytes: Uint8Array;
  readonly values: readonly (string | undefined)[] | undefined;
}

/** What stands on the wire in front of a value that differs between events. */
interface Slot {
  readonly bytes: Uint8Array;
  readonly values: readonly (string | undefined)[];
}

/**
 * Writes events straight from columns. Headers stand in the order in which Flume's client sends them, that of a Java
 * HashMap, so that the bytes are the same.
 *
 * ```text
 * event    map of headers · varint length of the body · body
 * headers  varint count · count times (text name · text value) · 0; no headers: 0 alone
 * text     varint length · UTF-8
 * ```
 * All varints are zig-zag.
 */
export class EventWriter {
  readonly #writer: ByteWriter;
  readonly #scratch = new ByteWriter();
  #ends: Uint32Array | undefined;

  constructor(writer: ByteWriter) {
    this.#writer = writer;
  }

  /** Writes the events of an `appendBatch`, in one block: `varint count · count events · 0`. */
  writeAll(events: EventColumns): void {
    if (events.size > 0) this.#writer.zigzag(events.size);
    this.writeEach(events);
    this.#writer.zigzag(0);
  }

  /** Writes events one behind the other, such as the only one of an `append`; notes where each ends if that is wanted. */
  writeEach(events: EventColumns, ends?: Uint32Array): void {
    this.#ends = ends;
    const parts = this.#partsOf(events.headers);
    const hasGaps = parts.some(({ values }) => values && hasGap(values, events.size));
    if (hasGaps) this.#writeUneven(events, parts);
    else this.#writeEven(events, inOrder(parts, parts.length));
  }

  /** All events have the same headers, so that all between two values that differ is made once. */
  #writeEven(events: EventColumns, parts: readonly Part[]): void {
    const writer = this.#writer;
    const { slots, end } = this.#slotsOf(parts);
    for (let index = 0; index < events.size; index++) {
      for (const { bytes, values } of slots) {
        writer.copy(bytes, 0, bytes.length);
        writeText(writer, values[index]!);
      }
      writer.copy(end, 0, end.length);
      this.#writeBody(events, index);
    }
  }

  #slotsOf(parts: readonly Part[]): { readonly slots: readonly Slot[]; readonly end: Uint8Array } {
    const scratch = this.#scratch;
    const slots: Slot[] = [];
    scratch.reset();
    if (parts.length > 0) scratch.zigzag(parts.length);
    for (const { bytes, values } of parts) {
      scratch.copy(bytes, 0, bytes.length);
      if (!values) continue;
      slots.push({ bytes: scratch.written.slice(), values });
      scratch.reset();
    }
    scratch.zigzag(0);
    return { slots, end: scratch.written.slice() };
  }

  #writeUneven(events: EventColumns, parts: readonly Part[]): void {
    const writer = this.#writer;
    const orders = new Map<number, readonly Part[]>();
    for (let index = 0; index < events.size; index++) {
      let count = 0;
      for (const { values } of parts) if (!values || values[index] !== undefined) count++;
      let order = orders.get(count);
      if (!order) orders.set(count, order = inOrder(parts, count));
      if (count > 0) writer.zigzag(count);
      for (const { bytes, values } of order) {
        const value = values?.[index];
        if (values && value === undefined) continue;
        writer.copy(bytes, 0, bytes.length);
        if (value !== undefined) writeText(writer, value);
      }
      writer.zigzag(0);
      this.#writeBody(events, index);
    }
  }

  #writeBody({ block, starts, ends }: EventColumns, index: number): void {
    const start = starts[index]!;
    const end = ends[index]!;
    this.#writer.zigzag(end - start);
    this.#writer.copy(block, start, end);
    if (this.#ends) this.#ends[index] = this.#writer.length;
  }

  #partsOf(headers: EventColumns["headers"]): readonly Part[] {
    const scratch = this.#scratch;
    return Array.from(headers, ([name, column]) => {
      scratch.reset();
      writeText(scratch, name);
      if (typeof column === "string") writeText(scratch, column);
      const values = typeof column === "string" ? undefined : column;
      return { name, bytes: scratch.written.slice(), values };
    });
  }
}

function hasGap(values: readonly (string | undefined)[], size: number): boolean {
  for (let index = 0; index < size; index++) if (values[index] === undefined) return true;
  return false;
}

/** The order of an event that has so many of the headers. */
function inOrder(parts: readonly Part[], count: number): readonly Part[] {
  if (parts.length < 2) return parts;
  let table = LEAST_TABLE;
  while (count > table * TABLE_FILL) table *= 2;
  // The map grows as it is filled; this is how many entries a map of this table could be copied with.
  return javaMapOrder(parts, table * TABLE_FILL - 1, ({ name }) => name);
}
