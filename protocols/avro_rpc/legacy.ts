// Events of Flume 0.9.4 over Avro's HTTP transport. Each request is a call on its own, handshake and all:
//
//   body       i32 length · buffer · … · i32 0, big-endian; request and answer alike
//   call       handshake request · map metadata · string "append" · event
//   answer     handshake response · map metadata · boolean error · null, or union 0 = string error
//
// avsc reads the events: there are few, and by their sender's schema, whose names and order of fields are its own.
import { Buffer } from "node:buffer";
import avsc from "avsc";
import { AvroSchema } from "../avro_schema.ts";
import { ByteWriter } from "../byte_writer.ts";
import { readCallHead, writeNullAnswer } from "./call.ts";
import { AvroCursor } from "./cursor.ts";
import { type HandshakeRequest, readHandshakeRequest, writeHandshakeResponse } from "./handshake.ts";
import { hashOf } from "./protocol.ts";

/** The hash by which the client of Flume 1's own library knows the protocol. */
const LEGACY_HASH = Uint8Array.fromHex("84f26a5a74af5726d8bc68105669c996");
/** The types of that protocol. */
const LEGACY_TEXT = JSON.stringify({
  protocol: "FlumeOGEventAvroServer",
  namespace: "com.cloudera.flume.handlers.avro",
  types: [
    { type: "enum", name: "Priority", symbols: ["FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"] },
    {
      type: "record",
      name: "AvroFlumeOGEvent",
      fields: [
        { name: "timestamp", type: "long" },
        { name: "priority", type: "Priority" },
        { name: "body", type: "bytes" },
        { name: "nanos", type: "long" },
        { name: "host", type: "string" },
        { name: "fields", type: { type: "map", values: "bytes" } },
      ],
    },
  ],
  messages: { append: { request: [{ name: "evt", type: "AvroFlumeOGEvent" }], response: "null" } },
});
const MAX_KNOWN = 64;

/** An event as Flume 1 sees it. */
export interface LegacyEvent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What a request holds, and what stands in front of the answer. */
export interface LegacyCall {
  readonly handshake: Uint8Array;
  /** Absent: the client must send the call again, with its protocol. */
  readonly event?: LegacyEvent;
}

/** Reads the calls of all clients; knows their protocols by hash. */
export class LegacyCalls {
  readonly #readers = new Map([[LEGACY_HASH.toHex(), new EventReader(LEGACY_TEXT)]]);

  /**
   * Reads the body of a request.
   * @throws {RangeError | SyntaxError} when it is no call with an event.
   */
  read(body: Uint8Array): LegacyCall {
    const cursor = new AvroCursor(joinBuffers(body));
    const request = readHandshakeRequest(cursor);
    const reader = this.#readerFor(request);
    const isKnown = Buffer.compare(request.serverHash, LEGACY_HASH) === 0;
    const writer = new ByteWriter();
    const match = !reader ? "NONE" : isKnown ? "BOTH" : "CLIENT";
    const own = match === "BOTH" ? {} : { serverProtocol: LEGACY_TEXT, serverHash: LEGACY_HASH };
    writeHandshakeResponse(writer, { match, ...own });
    const handshake = writer.written;
    if (!reader) return { handshake };
    const { name } = readCallHead(cursor);
    if (name !== "append") throw new RangeError(`There is no call "${name}", only append`);
    return { handshake, event: reader.read(cursor.take(cursor.bytesLeft)) };
  }

  #readerFor({ clientHash, clientProtocol }: HandshakeRequest): EventReader | undefined {
    const name = clientHash.toHex();
    const known = this.#readers.get(name);
    if (known || clientProtocol === undefined) return known;
    const made = new EventReader(clientProtocol);
    // A hash that is not the text's own could stand for somebody else's.
    if (Buffer.compare(hashOf(clientProtocol), clientHash) !== 0) return made;
    if (this.#readers.size >= MAX_KNOWN) this.#readers.delete([...this.#readers.keys()][1]!);
    this.#readers.set(name, made);
    return made;
  }
}

/** Makes the body of an answer; without a call to answer, the handshake is all. */
export function legacyAnswer({ handshake, event }: LegacyCall): Uint8Array<ArrayBuffer> {
  const answer = new ByteWriter();
  writeNullAnswer(answer);
  const buffers = event ? [handshake, Uint8Array.of(0), answer.written] : [handshake];
  const bytes = new Uint8Array(buffers.reduce((sum, { length }) => sum + 4 + length, 4));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const buffer of buffers) {
    view.setInt32(at, buffer.length);
    bytes.set(buffer, at + 4);
    at += 4 + buffer.length;
  }
  return bytes;
}

function joinBuffers(body: Uint8Array): Uint8Array {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const joined = new Uint8Array(body.length);
  let size = 0;
  for (let at = 0; at + 4 <= body.length;) {
    const bytes = view.getInt32(at);
    at += 4;
    if (bytes === 0) return joined.subarray(0, size);
    if (bytes < 0 || bytes > body.length - at) {
      throw new RangeError(`Byte ${at - 4}: a buffer of ${bytes} bytes where ${body.length - at} are left`);
    }
    joined.set(body.subarray(at, at + bytes), size);
    size += bytes;
    at += bytes;
  }
  throw new RangeError("The body has no end");
}

/** Reads events by the schema of their sender. */
class EventReader {
  readonly #type: avsc.Type;
  readonly #schema: AvroSchema;

  /** @throws {SyntaxError} when the text is no protocol with `append`. */
  constructor(protocolText: string) {
    try {
      const service = avsc.Service.forProtocol(JSON.parse(protocolText), { wrapUnions: true });
      this.#type = service.message("append").requestType;
    } catch (cause) {
      throw new SyntaxError(`Not a protocol with append: ${(cause as Error).message}`, { cause });
    }
    this.#schema = new AvroSchema(JSON.stringify(this.#type.schema()));
  }

  /** @throws {RangeError | SyntaxError} when the bytes are no event. */
  read(bytes: Uint8Array): LegacyEvent {
    // The library believes every count, so these are looked at first.
    const end = this.#schema.skip(bytes, 0);
    let event: Fields;
    try {
      event = Object.values(this.#type.fromBuffer(Buffer.from(bytes.subarray(0, end))))[0] as Fields;
    } catch (cause) {
      throw new RangeError(`Not an event: ${(cause as Error).message}`, { cause });
    }
    const body = event?.["body"];
    if (!(body instanceof Uint8Array)) throw new RangeError("The event has no body of bytes");
    return { headers: headersOf(event), body: new Uint8Array(body) };
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** Flume 1's names for the fields. */
const FIELD_HEADERS = [["host", "host"], ["timestamp", "timestamp"], ["priority", "pri"], [
  "nanos",
  "nanos",
]] as const;

function headersOf(event: Fields): Record<string, string> {
  const pairs: (readonly [string, string])[] = [];
  for (const [field, name] of FIELD_HEADERS) {
    const value = event[field];
    if (value !== undefined && value !== null) pairs.push([name, String(value)]);
  }
  for (const [name, value] of Object.entries(event["fields"] ?? {})) {
    if (value instanceof Uint8Array) pairs.push([name, new TextDecoder().decode(value)]);
  }
  return Object.fromEntries([...pairs, ["FlumeOG", "yes"]]);
}
