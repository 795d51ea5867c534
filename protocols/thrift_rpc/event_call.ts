import { HeaderColumns } from "../header_columns.ts";
import { BinaryReader } from "./binary_reader.ts";
import { CompactReader } from "./compact_reader.ts";
import type { ThriftReader } from "./reader.ts";
import { type CallHead, type ThriftProtocol, TYPES } from "./types.ts";

/** Events of a call by column; bodies lie in the frame. */
export interface CalledEvents {
  readonly size: number;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly headers: HeaderColumns;
}

/** What Thrift tells a caller that spoke Thrift, but not as this service wants it: a TApplicationException. */
export interface CallFault {
  readonly type: number;
  readonly text: string;
}

/** A call that arrived: with its events, or with what the caller is told instead. */
export interface EventCall {
  readonly head: CallHead;
  readonly events?: CalledEvents;
  readonly fault?: CallFault;
}

const { struct, list, map, binary } = TYPES;
/** The types of a TApplicationException that Flume's source gives. */
const FAULTS = { unknownMethod: 1, internalError: 6, protocolError: 7 } as const;
/** Field headers, an empty map, an empty body, a stop. */
const MIN_EVENT_BYTES = { compact: 5, binary: 17 } as const;

/** Makes what reads a frame. */
export function readerOf(protocol: ThriftProtocol, frame: Uint8Array): ThriftReader {
  return protocol === "compact" ? new CompactReader(frame) : new BinaryReader(frame);
}

/**
 * Reads a call of Flume's ThriftSourceProtocol: `append(1: ThriftFlumeEvent)` or `appendBatch(1: list<ThriftFlumeEvent>)`,
 * whose event is `1: required map<string, string> headers, 2: required binary body`. Other fields are skipped.
 * @throws {RangeError} when the frame is no Thrift of this protocol.
 */
export function decodeCall(protocol: ThriftProtocol, frame: Uint8Array): EventCall {
  const reader = readerOf(protocol, frame);
  const head = reader.head();
  if (head.name === "append" || head.name === "appendBatch") {
    return { head, ...readArgument(reader, head, MIN_EVENT_BYTES[protocol]) };
  }
  reader.skip(struct);
  return { head, fault: unknownMethod(head) };
}

/** What somebody is told who calls a method that there is not. */
export function unknownMethod({ name }: CallHead): CallFault {
  return { type: FAULTS.unknownMethod, text: `Invalid method name: '${name}'` };
}

type Argument = Pick<EventCall, "events" | "fault">;

function readArgument(reader: ThriftReader, { name }: CallHead, minEventBytes: number): Argument {
  const type = name === "append" ? struct : list;
  let argument: Argument = {
    fault: { type: FAULTS.internalError, text: `Internal error processing ${name}` },
  };
  const outer = reader.enter();
  while (reader.field()) {
    if (reader.fieldId !== 1 || reader.fieldType !== type) {
      reader.skip(reader.fieldType);
      continue;
    }
    argument = readEvents(reader, type === struct ? 1 : readListSize(reader, minEventBytes));
    // The rest cannot be read: it starts in the middle of an event.
    if (argument.fault) return argument;
  }
  reader.leave(outer);
  return argument;
}

function readListSize(reader: ThriftReader, minEventBytes: number): number {
  reader.list();
  const { size, elementType, left } = reader;
  if (size === 0) return 0;
  if (elementType !== struct) throw reader.fault("a batch that is no list of events");
  if (size * minEventBytes > left) throw reader.fault(`${size} events announced, ${left} bytes left`);
  return size;
}

function readEvents(reader: ThriftReader, size: number): Argument {
  const events = {
    size,
    starts: new Uint32Array(size),
    ends: new Uint32Array(size),
    headers: new HeaderColumns(reader.bytes, size),
  };
  for (let index = 0; index < size; index++) {
    const missing = readEvent(reader, events, index);
    if (missing === undefined) continue;
    const text = `Required field '${missing}' was not present! Struct: ThriftFlumeEvent`;
    return { fault: { type: FAULTS.protocolError, text } };
  }
  return { events };
}

/** Answers with the field that is missing. */
function readEvent(reader: ThriftReader, events: CalledEvents, index: number): string | undefined {
  let [hasHeaders, hasBody] = [false, false];
  events.headers.startEvent(index);
  const outer = reader.enter();
  while (reader.field()) {
    const { fieldId, fieldType } = reader;
    if (fieldId === 1 && fieldType === map) {
      readHeaders(reader, events.headers);
      hasHeaders = true;
    } else if (fieldId === 2 && fieldType === binary) {
      const bytes = reader.length();
      events.starts[index] = reader.offset;
      events.ends[index] = reader.offset += bytes;
      hasBody = true;
    } else reader.skip(fieldType);
  }
  reader.leave(outer);
  if (!hasHeaders) return "headers";
  return hasBody ? undefined : "body";
}

function readHeaders(reader: ThriftReader, headers: HeaderColumns): void {
  reader.map();
  const { size } = reader;
  if (size > 0 && (reader.keyType !== binary || reader.elementType !== binary)) {
    throw reader.fault("headers that are no text");
  }
  for (let pair = 0; pair < size; pair++) {
    const nameBytes = reader.length();
    headers.name(reader.offset, reader.offset += nameBytes);
    const valueBytes = reader.length();
    headers.value(reader.offset, reader.offset += valueBytes);
  }
}
