import { AvroCursor } from "../../avro_rpc/cursor.ts";
import type { EventColumns } from "../../avro_rpc/event_columns.ts";
import { EventWriter } from "../../avro_rpc/event_writer.ts";
import { ByteWriter } from "../../byte_writer.ts";
import { HeaderColumns } from "../../header_columns.ts";
import type { RecordBodies } from "../client.ts";

// Flume puts whole events into Kafka's values (useFlumeEventFormat, parseAsFlumeEvent) as the binary encoding of its Avro type
// AvroFlumeEvent {headers: map of strings, body: bytes}, with neither a container nor a schema around it. `EventWriter` shows the
// bytes. As for Flume, what follows behind the body is not looked at.

/** An empty name and an empty value. */
const LEAST_HEADER_BYTES = 2;
/** A few headers in front of each body. */
const EXPECTED_HEADER_BYTES = 64;

/** Writes events, headers and all, as values of records. */
export function encodeFlumeEvents(events: EventColumns): RecordBodies {
  const { size } = events;
  const starts = new Uint32Array(size);
  const ends = new Uint32Array(size);
  const writer = new ByteWriter();
  // About what will be needed: growing would copy.
  let bytes = size * EXPECTED_HEADER_BYTES;
  for (let index = 0; index < size; index++) bytes += events.ends[index]! - events.starts[index]!;
  writer.reserve(bytes);
  new EventWriter(writer).writeEach(events, ends);
  if (size > 1) starts.set(ends.subarray(0, size - 1), 1);
  return { block: writer.written, starts, ends, size };
}

/** A value that is no Flume event. */
export interface FlumeEventFault {
  readonly index: number;
  readonly reason: string;
}

/** Events that were read, and what could not be read. */
export interface DecodedFlumeEvents {
  /** Of a value that is no event, the body is all of it, and there are no headers. */
  readonly events: EventColumns;
  readonly faults: readonly FlumeEventFault[];
}

/**
 * Reads events from values of records. Bodies are not copied: they are ranges of the same block.
 * @throws {RangeError} when the columns of their headers would take far more memory than the bytes.
 */
export function decodeFlumeEvents({ block, starts, ends, size }: RecordBodies): DecodedFlumeEvents {
  const cursor = new AvroCursor(block);
  const headers = new HeaderColumns(block, size);
  const bodyStarts = new Uint32Array(size);
  const bodyEnds = new Uint32Array(size);
  const faults: FlumeEventFault[] = [];
  for (let index = 0; index < size; index++) {
    const [start, end] = [starts[index]!, ends[index]!];
    const reason = faultOf(cursor, start, end);
    if (reason !== undefined) faults.push({ index, reason });
    else readHeaders(cursor, headers, { index, start });
    const bodyBytes = reason === undefined ? cursor.length() : end - start;
    bodyStarts[index] = reason === undefined ? cursor.at : start;
    bodyEnds[index] = bodyStarts[index]! + bodyBytes;
  }
  const events = { block, starts: bodyStarts, ends: bodyEnds, size, headers: headers.columns() };
  return { events, faults };
}

/** Passes over an event, so that nothing is kept of one that is damaged; says what is wrong with it. */
function faultOf(cursor: AvroCursor, start: number, end: number): string | undefined {
  cursor.at = start;
  try {
    skipHeaders(cursor, end);
    cursor.skip();
  } catch (cause) {
    return `No Flume event (is it one?): ${(cause as Error).message}`;
  }
  if (cursor.at <= end) return undefined;
  return `No Flume event: ${cursor.at - start} bytes announced in a value of ${end - start}`;
}

function skipHeaders(cursor: AvroCursor, end: number): void {
  for (let count = nextBlock(cursor); count > 0; count = nextBlock(cursor)) {
    for (; count > 0; count--) {
      cursor.skip();
      cursor.skip();
      // What lies behind belongs to other values: no reason to walk on.
      if (cursor.at > end) {
        throw new RangeError(`${cursor.at - end} bytes of headers beyond the end of the value`);
      }
    }
  }
}

function readHeaders(
  cursor: AvroCursor,
  headers: HeaderColumns,
  { index, start }: { readonly index: number; readonly start: number },
): void {
  cursor.at = start;
  headers.startEvent(index);
  for (let count = nextBlock(cursor); count > 0; count = nextBlock(cursor)) {
    for (; count > 0; count--) {
      const nameBytes = cursor.length();
      headers.name(cursor.at, cursor.at += nameBytes);
      const valueBytes = cursor.length();
      headers.value(cursor.at, cursor.at += valueBytes);
    }
  }
}

function nextBlock(cursor: AvroCursor): number {
  return cursor.blockCount(LEAST_HEADER_BYTES);
}
