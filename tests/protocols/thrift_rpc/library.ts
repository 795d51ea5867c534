import { Buffer } from "node:buffer";
import fc from "fast-check";
import BinaryProtocol from "thrift/lib/nodejs/lib/thrift/binary_protocol.js";
import CompactProtocol from "thrift/lib/nodejs/lib/thrift/compact_protocol.js";
import FramedTransport from "thrift/lib/nodejs/lib/thrift/framed_transport.js";
import { type ThriftProtocol, TYPES } from "../../../protocols/thrift_rpc/types.ts";

/** An event as the tests compare it. */
export interface PlainEvent {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: readonly number[];
}

const { i32, i64, bool, double, binary, list, map, set, struct } = TYPES;
const HEADERS = fc.uniqueArray(fc.tuple(fc.string({ unit: "grapheme", maxLength: 60 }), fc.string()), {
  selector: ([name]) => name,
  maxLength: 5,
});
const BODY = fc.uint8Array({ maxLength: 300 }).map((bytes) => Array.from(bytes));

/** Events of whatever content. */
export const PLAIN_EVENTS: fc.Arbitrary<readonly PlainEvent[]> = fc.array(
  fc.record({ headers: HEADERS, body: BODY }),
  { maxLength: 40 },
);

// deno-lint-ignore no-explicit-any
type Protocol = any;

/** Writes an `appendBatch` with the library `thrift`, with its length; on demand with fields that nobody knows. */
export function encodeWithLibrary(
  protocol: ThriftProtocol,
  events: readonly PlainEvent[],
  hasUnknownFields = false,
): Uint8Array {
  let frame = new Uint8Array(0);
  const transport = new FramedTransport(null, (bytes: Uint8Array<ArrayBuffer>) => frame = bytes);
  const writer: Protocol = protocol === "compact"
    ? new CompactProtocol(transport)
    : new BinaryProtocol(transport);
  writer.writeMessageBegin("appendBatch", 1, 7);
  writer.writeStructBegin("args");
  if (hasUnknownFields) writeUnknownFields(writer);
  writer.writeFieldBegin("events", list, 1);
  writer.writeListBegin(struct, events.length);
  for (const event of events) writeEvent(writer, event, hasUnknownFields);
  writer.writeListEnd();
  writer.writeFieldStop();
  writer.writeStructEnd();
  writer.writeMessageEnd();
  writer.flush();
  return frame;
}

function writeEvent(writer: Protocol, { headers, body }: PlainEvent, hasUnknownFields: boolean): void {
  writer.writeStructBegin("event");
  writer.writeFieldBegin("headers", map, 1);
  writer.writeMapBegin(binary, binary, headers.length);
  for (const text of headers.flat()) writer.writeString(text);
  writer.writeMapEnd();
  if (hasUnknownFields) writeUnknownFields(writer);
  writer.writeFieldBegin("body", binary, 2);
  writer.writeBinary(Buffer.from(body));
  writer.writeFieldStop();
  writer.writeStructEnd();
}

/** One field of each kind, with numbers far apart and out of order. */
function writeUnknownFields(writer: Protocol): void {
  writer.writeFieldBegin("flag", bool, 300);
  writer.writeBool(true);
  writer.writeFieldBegin("count", i64, 9);
  writer.writeI64(-123456789);
  writer.writeFieldBegin("share", double, 11);
  writer.writeDouble(0.25);
  writer.writeFieldBegin("flags", list, 12);
  writer.writeListBegin(bool, 20);
  for (let index = 0; index < 20; index++) writer.writeBool(index % 2 === 0);
  writer.writeFieldBegin("nested", struct, 40);
  writer.writeStructBegin("nested");
  writer.writeFieldBegin("names", set, 1);
  writer.writeSetBegin(binary, 2);
  for (const text of ["über", ""]) writer.writeString(text);
  writer.writeFieldBegin("sizes", map, 2);
  writer.writeMapBegin(i32, struct, 1);
  writer.writeI32(70000);
  writer.writeStructBegin("empty");
  writer.writeFieldStop();
  writer.writeStructEnd();
  writer.writeFieldStop();
  writer.writeStructEnd();
}

/** Reads what `encodeWithLibrary` writes, without its length. */
export function decodeWithLibrary(protocol: ThriftProtocol, frame: Uint8Array) {
  const transport = new FramedTransport(Buffer.from(frame));
  const reader: Protocol = protocol === "compact"
    ? new CompactProtocol(transport)
    : new BinaryProtocol(transport);
  const { fname: name, mtype: kind, rseqid: sequence } = reader.readMessageBegin();
  reader.readStructBegin();
  reader.readFieldBegin();
  const { size } = reader.readListBegin();
  const events = Array.from({ length: size }, () => readEvent(reader));
  reader.readFieldBegin();
  return { head: { kind, name, sequence }, events, left: frame.length - transport.readPos };
}

function readEvent(reader: Protocol): PlainEvent {
  reader.readStructBegin();
  reader.readFieldBegin();
  const { size } = reader.readMapBegin();
  const headers = Array.from({ length: size }, () => [reader.readString(), reader.readString()] as const);
  reader.readFieldBegin();
  const body = Array.from(reader.readBinary() as Uint8Array);
  reader.readFieldBegin();
  reader.readStructEnd();
  return { headers, body };
}
