import type { Buffer } from "node:buffer";
import type { RowNode } from "./row_schema.ts";

/** What a reader is at: bytes that hold whole datums, and the offset of the next value. */
export interface DatumCursor {
  readonly bytes: Buffer;
  at: number;
}

/**
 * Reads a value that `valueWriter` has written: whole numbers of 64 bits, times and decimals as bigint, bytes as a view of
 * the cursor's bytes, a map as a Map.
 */
export type ReadValue = (cursor: DatumCursor) => unknown;

/** Makes what reads values of a type. */
export function valueReader(node: RowNode): ReadValue {
  switch (node.kind) {
    case "struct":
      return structReader(node.fields.map(({ name, node }) => [name, valueReader(node)]));
    case "list":
      return listReader(valueReader(node.of));
    case "map":
      return mapReader(valueReader(node.of));
    case "union": {
      const reads = node.branches.map(valueReader);
      return (cursor) => reads[readInt(cursor)]!(cursor);
    }
    case "enum":
      return (cursor) => node.symbols[readInt(cursor)];
    case "fixed":
      return (cursor) => take(cursor, node.bytes);
    case "decimal":
      return (cursor) => readWhole(take(cursor, node.bytes ?? readInt(cursor)));
    case "timestamp":
    case "local_timestamp":
      return readLong;
    case "time":
      return node.unit === "millis" ? readInt : readLong;
    default:
      return SIMPLE[node.kind];
  }
}

const SIMPLE = {
  null: () => null,
  boolean: (cursor) => cursor.bytes[cursor.at++] === 1,
  int: readInt,
  long: readLong,
  float: (cursor) => cursor.bytes.readFloatLE((cursor.at += 4) - 4),
  double: (cursor) => cursor.bytes.readDoubleLE((cursor.at += 8) - 8),
  bytes: (cursor) => take(cursor, readInt(cursor)),
  string: readText,
  uuid: readText,
  date: readInt,
} satisfies Record<string, ReadValue>;

/** A zig-zag varint that a double holds. */
function readInt(cursor: DatumCursor): number {
  const raw = readVarint(cursor);
  return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
}

function readLong(cursor: DatumCursor): bigint {
  const { bytes, at } = cursor;
  let end = at;
  while (bytes[end]! > 0x7F) end++;
  // Seven bytes of seven bits are fewer than the 53 of a double.
  if (end - at < 7) return BigInt(readInt(cursor));
  let raw = 0n;
  for (let from = end; from >= at; from--) raw = raw << 7n | BigInt(bytes[from]! & 0x7F);
  cursor.at = end + 1;
  return raw >> 1n ^ -(raw & 1n);
}

function readVarint(cursor: DatumCursor): number {
  const { bytes } = cursor;
  let byte = bytes[cursor.at++]!;
  let raw = byte & 0x7F;
  for (let factor = 128; byte > 0x7F; factor *= 128) {
    byte = bytes[cursor.at++]!;
    raw += (byte & 0x7F) * factor;
  }
  return raw;
}

function readText(cursor: DatumCursor): string {
  const length = readInt(cursor);
  cursor.at += length;
  return cursor.bytes.toString("utf8", cursor.at - length, cursor.at);
}

function take(cursor: DatumCursor, length: number): Uint8Array {
  const { buffer, byteOffset } = cursor.bytes;
  const start = byteOffset + cursor.at;
  cursor.at += length;
  return new Uint8Array(buffer, start, length);
}

/** Two's complement, the big end first. */
function readWhole(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = value << 8n | BigInt(byte);
  return BigInt.asIntN(bytes.length * 8, value);
}

function structReader(fields: readonly (readonly [name: string, read: ReadValue])[]): ReadValue {
  return (cursor) => {
    // A field may be called as something that every object has.
    const value: Record<string, unknown> = Object.create(null);
    for (const [name, read] of fields) value[name] = read(cursor);
    return value;
  };
}

function listReader(read: ReadValue): ReadValue {
  return (cursor) => {
    const list: unknown[] = [];
    for (let count = readInt(cursor); count > 0; count = readInt(cursor)) {
      for (let left = count; left > 0; left--) list.push(read(cursor));
    }
    return list;
  };
}

function mapReader(read: ReadValue): ReadValue {
  return (cursor) => {
    const map = new Map<string, unknown>();
    for (let count = readInt(cursor); count > 0; count = readInt(cursor)) {
      for (let left = count; left > 0; left--) map.set(readText(cursor), read(cursor));
    }
    return map;
  };
}
