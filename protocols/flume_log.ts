import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { PbfReader } from "pbf";

// The logs of Flume's file channel, version 3: `log-N` holds entries one behind the other, `log-N.meta` says what `log-N` is.
// Each entry is
//
//   byte operation | int length (big-endian) | header | body | footer
//
// with three protobuf messages, each behind its length as a varint, and an empty footer. The messages are
//   header    1 type, 2 transactionID, 3 writeOrderID            (sfixed32, sfixed64, sfixed64)
//   Put       1 event {1 headers {1 key, 2 value}, 2 body}, 2 checksum (sfixed64: CRC-32 of the body)
//   Take      1 fileID, 2 offset of the Put in that log           (sfixed32, sfixed32)
//   Commit    1 type of what was committed                        (sfixed32)
//   Rollback  nothing

/** Bytes in front of an entry's messages. */
export const ENTRY_HEAD_BYTES = 5;

/** What the first byte of an entry says. */
export const OPERATION = { skipped: 0, entry: 127, end: 128 } as const;

/** An event as Flume wrote it. */
export interface LoggedEvent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** An entry of a log. */
export type LogEntry = { readonly transaction: number; readonly order: number } & EntryBody;

type EntryBody =
  | { readonly kind: "put"; readonly event: LoggedEvent; readonly isIntact: boolean }
  | { readonly kind: "take"; readonly fileId: number; readonly offset: number }
  | { readonly kind: "rollback" }
  | { readonly kind: "commit"; readonly isOfPuts: boolean };

/** What stands beside a log. */
export interface LogMeta {
  readonly version: number;
  readonly isEncrypted: boolean;
}

const TYPES: Readonly<Record<number, EntryBody["kind"]>> = {
  1: "put",
  2: "take",
  3: "rollback",
  4: "commit",
};

/**
 * Reads what stands behind an entry's head; bodies are views.
 * @throws {RangeError} when it is no entry.
 */
export function decodeLogEntry(bytes: Uint8Array): LogEntry {
  try {
    return readEntry(new PbfReader(bytes));
  } catch (cause) {
    throw cause instanceof RangeError ? cause : new RangeError("The entry is damaged", { cause });
  }
}

function readEntry(reader: PbfReader): LogEntry {
  const numbers = readNumbers(reader);
  const [type = 0, transaction, order] = [numbers.get(1), numbers.get(2), numbers.get(3)];
  const kind = TYPES[type];
  if (kind === undefined || transaction === undefined || order === undefined) {
    throw new RangeError("The header of the entry is damaged");
  }
  return { transaction, order, ...decodeBody(kind, reader) };
}

/**
 * Reads `LogFileMetaData`: 1 version, 2 logFileID, 5 encryption.
 * @throws {RangeError} when it is cut off.
 */
export function decodeLogMeta(bytes: Uint8Array): LogMeta {
  const reader = new PbfReader(bytes);
  const end = endOfMessage(reader);
  return reader.readFields<{ version: number; isEncrypted: boolean }>(
    (field, meta, from) => {
      if (field === 1) meta.version = from.readSFixed32();
      if (field === 5) meta.isEncrypted = true;
    },
    { version: 0, isEncrypted: false },
    end,
  );
}

function decodeBody(kind: EntryBody["kind"], reader: PbfReader): EntryBody {
  if (kind === "put") return decodePut(reader);
  const numbers = readNumbers(reader);
  if (kind === "rollback") return { kind };
  if (kind === "commit") return { kind, isOfPuts: numbers.get(1) === 1 };
  const [fileId, offset] = [numbers.get(1), numbers.get(2)];
  if (fileId === undefined || offset === undefined) throw new RangeError("A take names no event");
  return { kind, fileId, offset };
}

function decodePut(reader: PbfReader): EntryBody {
  const end = endOfMessage(reader);
  const put: { event?: LoggedEvent; checksum?: number } = {};
  reader.readFields(
    (field, into, from) => {
      if (field === 1) into.event = readEvent(from);
      if (field === 2) into.checksum = from.readSFixed64();
    },
    put,
    end,
  );
  const { event, checksum } = put;
  if (!event) throw new RangeError("A put has no event");
  return { kind: "put", event, isIntact: checksum === undefined || checksum === crc32(event.body) };
}

function readEvent(reader: PbfReader): LoggedEvent {
  const event: { headers: Record<string, string>; body: Uint8Array } = {
    headers: {},
    body: new Uint8Array(0),
  };
  const end = endOfMessage(reader);
  reader.readFields(
    (field, into, from) => {
      if (field === 1) {
        const [key, value] = readPair(from);
        into.headers[key] = value;
      }
      if (field === 2) into.body = readBytes(from);
    },
    event,
    end,
  );
  return event;
}

function readPair(reader: PbfReader): [string, string] {
  const end = endOfMessage(reader);
  const pair: [string, string] = ["", ""];
  reader.readFields(
    (field, into, from) => {
      if (field === 1 || field === 2) into[field - 1] = Buffer.from(readBytes(from)).toString("utf8");
    },
    pair,
    end,
  );
  return pair;
}

/** All fields of a message that has numbers of fixed width only. */
function readNumbers(reader: PbfReader): Map<number, number> {
  const end = endOfMessage(reader);
  return reader.readFields(
    (field, numbers, from) => {
      // Wire types of protobuf: 1 is 64 bits wide, 5 is 32.
      if (from.type === 1) numbers.set(field, from.readSFixed64());
      else if (from.type === 5) numbers.set(field, from.readSFixed32());
    },
    new Map<number, number>(),
    end,
  );
}

function readBytes(reader: PbfReader): Uint8Array {
  const end = endOfMessage(reader);
  const bytes = reader.buf.subarray(reader.pos, end);
  reader.pos = end;
  return bytes;
}

function endOfMessage(reader: PbfReader): number {
  const end = reader.readVarint() + reader.pos;
  if (end <= reader.length) return end;
  throw new RangeError(`A length goes ${end - reader.length} bytes beyond the end`);
}
