// Values are read by the library `thrift`: it is sound on bytes that are all there, and too slow for anything but what is
// left of Flume 0.9.4.
import { Buffer } from "node:buffer";
import BinaryProtocol from "thrift/lib/nodejs/lib/thrift/binary_protocol.js";
import FramedTransport from "thrift/lib/nodejs/lib/thrift/framed_transport.js";
import Underrun from "thrift/lib/nodejs/lib/thrift/input_buffer_underrun_error.js";
import { type CallHead, TYPES } from "./types.ts";

/** An event of Flume 0.9.4, with its fields as the headers that Flume makes of them. */
export interface LegacyEvent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A call of ThriftFlumeEventServer that arrived. */
export interface LegacyCall {
  readonly head: CallHead;
  /** Of an `append` that brought one. */
  readonly event: LegacyEvent | undefined;
  /** What the call took of the bytes. */
  readonly byteLength: number;
}

/** What the library reads from; it is the same bytes for both. */
interface Values {
  // deno-lint-ignore no-explicit-any
  readonly protocol: any;
  readonly transport: { readonly readPos: number };
}

const PRIORITIES = ["FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"];
const VERSION_1 = 0x8001;
const MAX_NAME_BYTES = 1024;
/** A call is read anew whenever more of its bytes have come, so one reading must not take long. */
const MAX_FIELDS = 1024;

/**
 * Reads the call at the start of some bytes, in the binary protocol without frames; nothing when more must come.
 * @throws {RangeError} when they are no such call.
 */
export function decodeLegacyCall(bytes: Uint8Array): LegacyCall | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.length < 4) return undefined;
  const first = buffer.readInt32BE(0);
  if (first < 0 ? first >>> 16 !== VERSION_1 : first > MAX_NAME_BYTES) {
    throw new RangeError(`No Thrift: the first number is ${first}`);
  }
  // The length of a frame looks like that of a name, until the name begins.
  if (first >= 0 && buffer.length > 4) methodOf(buffer.toString("latin1", 4, 4 + first));
  const transport = new FramedTransport(buffer);
  const protocol = new BinaryProtocol(transport);
  try {
    const { fname, mtype, rseqid } = protocol.readMessageBegin();
    const head = { kind: mtype, name: methodOf(fname), sequence: rseqid };
    const event = readArgument({ protocol, transport }, head.name);
    return { head, event, byteLength: transport.readPos };
  } catch (cause) {
    if (cause instanceof Underrun) return undefined;
    if (cause instanceof RangeError) throw cause;
    throw new RangeError(`No Thrift before offset ${transport.readPos}`, { cause });
  }
}

/** The older head without a version gives bytes. */
function methodOf(name: string | Uint8Array): string {
  const text = String(name);
  if (/^[\w.:]+$/.test(text)) return text;
  throw new RangeError(`No Thrift: ${JSON.stringify(text.slice(0, 32))} is no name of a method`);
}

function readArgument(values: Values, name: string): LegacyEvent | undefined {
  let event: LegacyEvent | undefined;
  readStruct(values, (id, type) => {
    if (name !== "append" || id !== 1 || type !== TYPES.struct) return false;
    event = readEvent(values);
    return true;
  });
  return event;
}

/** Fields of the event win over those of its map with the same name, unless the map comes later: as in Flume. */
function readEvent(values: Values): LegacyEvent {
  const { protocol } = values;
  let [timestamp, nanos, fields] = ["0", "0", new Map<string, string>()];
  let [host, priority, body]: [string?, string?, Uint8Array?] = [];
  const readers: Readonly<Record<string, () => void>> = {
    [`1 ${TYPES.i64}`]: () => timestamp = readI64(values),
    [`2 ${TYPES.i32}`]: () => priority = priorityOf(protocol.readI32()),
    [`3 ${TYPES.binary}`]: () => body = protocol.readBinary(),
    [`4 ${TYPES.i64}`]: () => nanos = readI64(values),
    [`5 ${TYPES.binary}`]: () => host = protocol.readString(),
    [`6 ${TYPES.map}`]: () => fields = readFields(values),
  };
  readStruct(values, (id, type) => {
    const read = readers[`${id} ${type}`];
    read?.();
    return read !== undefined;
  });
  const own = { host, timestamp, pri: priority, nanos };
  const named = Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    headers: Object.fromEntries([...named, ...fields, ["FlumeOG", "yes"]]),
    body: body ?? new Uint8Array(0),
  };
}

/** Gives each field to `take`, and skips those that it does not read. */
function readStruct({ protocol }: Values, take: (id: number, type: number) => boolean): void {
  for (let field = protocol.readFieldBegin(); field.ftype !== TYPES.stop; field = protocol.readFieldBegin()) {
    if (!take(field.fid, field.ftype)) protocol.skip(field.ftype);
  }
}

function readI64({ protocol }: Values): string {
  const { buffer, offset } = protocol.readI64();
  return String(Buffer.from(buffer).readBigInt64BE(offset));
}

function priorityOf(value: number): string {
  return PRIORITIES[value] ?? String(value);
}

function readFields({ protocol }: Values): Map<string, string> {
  const { ktype, vtype, size } = protocol.readMapBegin();
  if (size < 0 || size > MAX_FIELDS) {
    throw new RangeError(`An event with ${size} fields; ${MAX_FIELDS} are allowed`);
  }
  if (size > 0 && (ktype !== TYPES.binary || vtype !== TYPES.binary)) {
    throw new RangeError(`An event whose fields have the types ${ktype} and ${vtype}`);
  }
  const fields = new Map<string, string>();
  for (let index = 0; index < size; index++) fields.set(protocol.readString(), protocol.readString());
  return fields;
}
