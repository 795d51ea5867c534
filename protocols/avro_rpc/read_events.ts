// Events of calls. This is the hot path, so bytes become columns without an object for each event; avsc would make one,
// and one string for each header.
import { HeaderColumns } from "../header_columns.ts";
import type { AvroCursor } from "./cursor.ts";
import type { EventColumns } from "./event_columns.ts";

/** An empty map and an empty body. */
const LEAST_EVENT_BYTES = 2;
/** An empty name and an empty value. */
const LEAST_HEADER_BYTES = 2;

/**
 * Reads the one event of an `append`; `EventWriter` shows the bytes. Bodies are not copied: they lie in the cursor's bytes.
 * @throws {RangeError} when the bytes are no event.
 */
export function readEvent(cursor: AvroCursor): EventColumns {
  const reader = new EventReader(cursor, 1);
  reader.read(1);
  return reader.columns();
}

/**
 * Reads the events of an `appendBatch`.
 * @throws {RangeError} when the bytes are no events, or their header columns would take far more memory than the bytes.
 */
export function readEvents(cursor: AvroCursor): EventColumns {
  const start = cursor.at;
  const count = cursor.blockCount(LEAST_EVENT_BYTES);
  cursor.at = start;
  const events = readBlocks(cursor, count);
  if (events) return events;
  // Several blocks: nobody known sends them, so their events may be read twice.
  cursor.at = start;
  const size = countEvents(cursor);
  cursor.at = start;
  return readBlocks(cursor, size)!;
}

/** Nothing when there are more events than that. */
function readBlocks(cursor: AvroCursor, size: number): EventColumns | undefined {
  const reader = new EventReader(cursor, size);
  for (let count = nextBlock(cursor); count > 0; count = nextBlock(cursor)) {
    if (reader.size + count > size) return undefined;
    reader.read(count);
  }
  return reader.columns();
}

function nextBlock(cursor: AvroCursor): number {
  return cursor.blockCount(LEAST_EVENT_BYTES);
}

function countEvents(cursor: AvroCursor): number {
  let size = 0;
  for (let count = nextBlock(cursor); count > 0; count = nextBlock(cursor)) {
    size += count;
    for (let index = 0; index < count; index++) skipEvent(cursor);
  }
  return size;
}

function skipEvent(cursor: AvroCursor): void {
  for (let count = cursor.blockCount(LEAST_HEADER_BYTES); count > 0;) {
    for (let texts = count * 2; texts > 0; texts--) cursor.skip();
    count = cursor.blockCount(LEAST_HEADER_BYTES);
  }
  cursor.skip();
}

class EventReader {
  readonly #cursor: AvroCursor;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #headers: HeaderColumns;
  /** Events read so far. */
  size = 0;

  constructor(cursor: AvroCursor, size: number) {
    this.#cursor = cursor;
    this.#starts = new Uint32Array(size);
    this.#ends = new Uint32Array(size);
    this.#headers = new HeaderColumns(cursor.bytes, size);
  }

  /** Reads the next so many events. */
  read(count: number): void {
    const cursor = this.#cursor;
    for (const end = this.size + count; this.size < end; this.size++) {
      this.#headers.startEvent(this.size);
      for (
        let headers = cursor.blockCount(LEAST_HEADER_BYTES);
        headers > 0;
        headers = cursor.blockCount(LEAST_HEADER_BYTES)
      ) this.#readHeaders(headers);
      const bytes = cursor.length();
      this.#starts[this.size] = cursor.at;
      this.#ends[this.size] = cursor.at += bytes;
    }
  }

  columns(): EventColumns {
    return {
      block: this.#cursor.bytes,
      starts: this.#starts,
      ends: this.#ends,
      size: this.size,
      headers: this.#headers.columns(),
    };
  }

  #readHeaders(count: number): void {
    const cursor = this.#cursor;
    const headers = this.#headers;
    for (let left = count; left > 0; left--) {
      const nameBytes = cursor.length();
      headers.name(cursor.at, cursor.at += nameBytes);
      const valueBytes = cursor.length();
      headers.value(cursor.at, cursor.at += valueBytes);
    }
  }
}
