import type { ByteWriter } from "../byte_writer.ts";
import type { AvroCursor } from "./cursor.ts";
import { writeBytesMap, writeText } from "./handshake.ts";

// Behind the handshake of the first call, or at once (Avro 1.11 specification, "Call Format"):
//
//   call    map of bytes metadata · string name · parameters
//   answer  map of bytes metadata · boolean error · the response, or union 0 = string error
//
// Flume cuts an answer into buffers: handshake (maybe empty) · metadata · the rest; a call into head · parameters.

/** What a source says to events. */
export type Status = "OK" | "FAILED" | "UNKNOWN";

const STATUSES: readonly Status[] = ["OK", "FAILED", "UNKNOWN"];

/** What stands in front of the parameters of a call. */
export interface CallHead {
  readonly meta: ReadonlyMap<string, Uint8Array>;
  readonly name: string;
}

/** Writes the head of a call. */
export function writeCallHead(writer: ByteWriter, { meta, name }: CallHead): void {
  writeBytesMap(writer, meta);
  writeText(writer, name);
}

/** Reads the head of a call. */
export function readCallHead(cursor: AvroCursor): CallHead {
  return { meta: cursor.bytesMap(), name: cursor.text() };
}

/** An answer behind its handshake. */
export type Answer = { readonly status: Status } | { readonly error: string };

/** Writes the error flag and what follows; the metadata is a part of its own. */
export function writeAnswer(writer: ByteWriter, answer: Answer): void {
  const isError = "error" in answer;
  writer.byte(isError ? 1 : 0);
  if (!isError) return writer.zigzag(STATUSES.indexOf(answer.status));
  writer.zigzag(0);
  writeText(writer, answer.error);
}

/** Writes the answer of a call that gives nothing: no error, and null has no bytes. */
export function writeNullAnswer(writer: ByteWriter): void {
  writer.byte(0);
}

/** Reads metadata and answer; nobody known sends metadata. */
export function readAnswer(cursor: AvroCursor): Answer {
  cursor.bytesMap();
  const isError = cursor.take(1)[0] === 1;
  const place = cursor.long();
  if (!isError) {
    const status = STATUSES[place];
    if (status) return { status };
    throw new RangeError(`Byte ${cursor.at}: an answer of status ${place}`);
  }
  if (place !== 0) throw new RangeError(`Byte ${cursor.at}: an error of an unknown type`);
  return { error: cursor.text() };
}
