import type { ByteWriter } from "../byte_writer.ts";
import type { AvroCursor } from "./cursor.ts";

// The first call on a connection and its answer begin with a handshake (Avro 1.11 specification, "Handshake"):
//
//   HandshakeRequest   16 bytes client hash · union null/string client protocol · 16 bytes server hash · union null/map meta
//   HandshakeResponse  enum match · union null/string server protocol · union null/16 bytes server hash · union null/map meta
//
// A union is a varint (0 null, 1 the other) and the value; a map of bytes is blocks of entries, 0 at the end.

const HASH_BYTES = 16;

/** What a client shows of itself. */
export interface HandshakeRequest {
  readonly clientHash: Uint8Array;
  readonly clientProtocol?: string | undefined;
  /** What it believes the server's hash to be. */
  readonly serverHash: Uint8Array;
  readonly meta: ReadonlyMap<string, Uint8Array>;
}

/** `NONE`: the server wants the client's protocol text. `CLIENT`: the client should know the server's. */
export type HandshakeMatch = "BOTH" | "CLIENT" | "NONE";

/** What a server answers. */
export interface HandshakeResponse {
  readonly match: HandshakeMatch;
  readonly serverProtocol?: string | undefined;
  readonly serverHash?: Uint8Array | undefined;
  readonly meta?: ReadonlyMap<string, Uint8Array> | undefined;
}

const MATCHES: readonly HandshakeMatch[] = ["BOTH", "CLIENT", "NONE"];

/** Writes a request as Flume's client does: its meta is a map even when it is empty. */
export function writeHandshakeRequest(writer: ByteWriter, request: HandshakeRequest): void {
  writer.copy(request.clientHash, 0, HASH_BYTES);
  writeOptionalText(writer, request.clientProtocol);
  writer.copy(request.serverHash, 0, HASH_BYTES);
  writer.zigzag(1);
  writeBytesMap(writer, request.meta);
}

/** Reads a request. */
export function readHandshakeRequest(cursor: AvroCursor): HandshakeRequest {
  return {
    clientHash: cursor.take(HASH_BYTES),
    clientProtocol: readUnion(cursor) ? cursor.text() : undefined,
    serverHash: cursor.take(HASH_BYTES),
    meta: readUnion(cursor) ? cursor.bytesMap() : new Map(),
  };
}

/** Writes a response; a meta that is absent is null, as Flume's always is. */
export function writeHandshakeResponse(writer: ByteWriter, response: HandshakeResponse): void {
  writer.zigzag(MATCHES.indexOf(response.match));
  writeOptionalText(writer, response.serverProtocol);
  writer.zigzag(response.serverHash ? 1 : 0);
  if (response.serverHash) writer.copy(response.serverHash, 0, HASH_BYTES);
  writer.zigzag(response.meta ? 1 : 0);
  if (response.meta) writeBytesMap(writer, response.meta);
}

/** Reads a response. */
export function readHandshakeResponse(cursor: AvroCursor): HandshakeResponse {
  const match = MATCHES[cursor.long()];
  if (!match) throw new RangeError(`Byte ${cursor.at}: no answer to a handshake`);
  return {
    match,
    serverProtocol: readUnion(cursor) ? cursor.text() : undefined,
    serverHash: readUnion(cursor) ? cursor.take(HASH_BYTES) : undefined,
    meta: readUnion(cursor) ? cursor.bytesMap() : undefined,
  };
}

/** Writes a map of bytes in one block, such as the metadata of a call. */
export function writeBytesMap(writer: ByteWriter, entries: ReadonlyMap<string, Uint8Array>): void {
  if (entries.size > 0) writer.zigzag(entries.size);
  for (const [key, value] of entries) {
    writeText(writer, key);
    writer.zigzag(value.length);
    writer.copy(value, 0, value.length);
  }
  writer.zigzag(0);
}

/** Writes a string: its length in bytes and its UTF-8. */
export function writeText(writer: ByteWriter, value: string): void {
  const start = writer.length;
  writer.zigzag(value.length);
  const textStart = writer.length;
  writer.text(value);
  // Mostly ASCII, whose length in bytes is that of the text.
  if (writer.length - textStart === value.length) return;
  const bytes = writer.length - textStart;
  writer.advance(start);
  writer.zigzag(bytes);
  writer.text(value);
}

function writeOptionalText(writer: ByteWriter, value: string | undefined): void {
  writer.zigzag(value === undefined ? 0 : 1);
  if (value !== undefined) writeText(writer, value);
}

function readUnion(cursor: AvroCursor): boolean {
  const place = cursor.long();
  if (place === 0 || place === 1) return place === 1;
  throw new RangeError(`Byte ${cursor.at}: a union has no type ${place}`);
}
