import { Buffer, isUtf8 } from "node:buffer";
import type { ByteWriter } from "../byte_writer.ts";
import { RowFault } from "./row_fault.ts";
import type { RowField, RowNode } from "./row_schema.ts";
import { daysOf, decimalOf, longOf, numberOf, ticksOf } from "./row_values.ts";

// Avro's binary encoding (Avro 1.11, section "Binary Encoding"):
//   boolean       1 byte                      int, long  zig-zag varint
//   float, double 4, 8 bytes, small end first
//   bytes, string length as long · bytes      fixed      bytes
//   enum          place of the symbol as int
//   array, map    long: how many · entries · 0   (0 alone when there are none; a map's entry is a string and a value)
//   union         place of the branch as int · value
//   a row         its fields one behind another

/**
 * Writes a value as a datum.
 * @throws {RowFault} when it does not fit; the writer may then hold a part of it.
 */
export type WriteValue = (value: unknown, writer: ByteWriter) => void;

/**
 * Makes what writes values of a type. Numbers and booleans may also be given as text, as headers have them; text and bytes
 * as bytes, as bodies have them.
 */
export function valueWriter(node: RowNode): WriteValue {
  switch (node.kind) {
    case "list":
      return listWriter(valueWriter(node.of));
    case "map":
      return mapWriter(valueWriter(node.of));
    case "struct":
      return structWriter(node.fields);
    case "union":
      return unionWriter(node.branches);
    case "enum":
      return enumWriter(node.symbols);
    case "fixed":
      return fixedWriter(node.bytes);
    case "decimal":
      return (value, writer) => {
        const bytes = decimalOf(value, node);
        if (node.bytes === undefined) writer.zigzag(bytes.length);
        writer.copy(bytes, 0, bytes.length);
      };
    case "timestamp":
    case "local_timestamp":
    case "time":
      return (value, writer) => writer.zigzag(ticksOf(value, node));
    default:
      return SIMPLE[node.kind];
  }
}

const NUMBER = new DataView(new ArrayBuffer(8));
const NUMBER_BYTES = new Uint8Array(NUMBER.buffer);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const SIMPLE = {
  null: (value) => {
    if (value !== null && value !== undefined) throw new RowFault(value, "null");
  },
  boolean: (value, writer) => {
    const isTrue = value === true || value === "true";
    if (!isTrue && value !== false && value !== "false") throw new RowFault(value, "true or false");
    writer.byte(isTrue ? 1 : 0);
  },
  int: (value, writer) => {
    const number = numberOf(value);
    if (number !== (number | 0)) throw new RowFault(value, "a whole number of 32 bits");
    writer.zigzag(number);
  },
  long: (value, writer) => writer.zigzag(longOf(value)),
  float: (value, writer) => {
    NUMBER.setFloat32(0, finite(value), true);
    writer.copy(NUMBER_BYTES, 0, 4);
  },
  double: (value, writer) => {
    NUMBER.setFloat64(0, finite(value), true);
    writer.copy(NUMBER_BYTES, 0, 8);
  },
  bytes: (value, writer) => {
    if (!(value instanceof Uint8Array)) return writeText(value, writer);
    writer.zigzag(value.length);
    writer.copy(value, 0, value.length);
  },
  string: writeText,
  uuid: (value, writer) => {
    if (typeof value !== "string" || !UUID.test(value)) throw new RowFault(value, "a UUID");
    writeText(value, writer);
  },
  date: (value, writer) => writer.zigzag(daysOf(value)),
} satisfies Record<string, WriteValue>;

function finite(value: unknown): number {
  const number = numberOf(value);
  if (Number.isNaN(number)) throw new RowFault(value, "a number");
  return number;
}

function writeText(value: unknown, writer: ByteWriter): void {
  if (typeof value === "string") {
    writer.zigzag(Buffer.byteLength(value));
    return writer.text(value);
  }
  if (!(value instanceof Uint8Array)) throw new RowFault(value, "text");
  if (!isUtf8(value)) throw new RowFault(value, "text in UTF-8");
  writer.zigzag(value.length);
  writer.copy(value, 0, value.length);
}

function enumWriter(symbols: readonly string[]): WriteValue {
  return (value, writer) => {
    const place = symbols.indexOf(value as string);
    if (place < 0) throw new RowFault(value, `one of ${symbols.join(", ")}`);
    writer.zigzag(place);
  };
}

function fixedWriter(length: number): WriteValue {
  return (value, writer) => {
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    if (!(bytes instanceof Uint8Array) || bytes.length !== length) {
      throw new RowFault(value, `${length} bytes`);
    }
    writer.copy(bytes, 0, length);
  };
}

function listWriter(write: WriteValue): WriteValue {
  return (value, writer) => {
    if (!Array.isArray(value)) throw new RowFault(value, "a list");
    if (value.length > 0) writer.zigzag(value.length);
    for (let index = 0; index < value.length; index++) within(index, () => write(value[index], writer));
    writer.byte(0);
  };
}

function mapWriter(write: WriteValue): WriteValue {
  return (value, writer) => {
    if (!isObject(value)) throw new RowFault(value, "an object");
    const entries = Object.entries(value);
    if (entries.length > 0) writer.zigzag(entries.length);
    for (const [key, entry] of entries) {
      writeText(key, writer);
      within(key, () => write(entry, writer));
    }
    writer.byte(0);
  };
}

function structWriter(fields: readonly RowField[]): WriteValue {
  const writes = fields.map(fieldWriter);
  return (value, writer) => {
    if (!isObject(value)) throw new RowFault(value, "an object");
    for (const write of writes) write(value, writer);
  };
}

/** Writes one field of an object, or what stands for it when it is not there. */
function fieldWriter({ name, node, fallback }: RowField): WriteValue {
  const write = valueWriter(node);
  return (value, writer) => {
    const own = Object.hasOwn(value as object, name) ? (value as Record<string, unknown>)[name] : undefined;
    if (own === undefined && fallback) return writer.copy(fallback, 0, fallback.length);
    try {
      write(own, writer);
    } catch (fault) {
      throw fault instanceof RowFault ? fault.within(name) : fault;
    }
  };
}

/** The first branch that takes a value is its own. */
function unionWriter(branches: readonly RowNode[]): WriteValue {
  const writes = branches.map(valueWriter);
  const nullPlace = branches.findIndex(({ kind }) => kind === "null");
  const others = writes.map((_, place) => place).filter((place) => place !== nullPlace);
  return (value, writer) => {
    if (nullPlace >= 0 && (value === null || value === undefined)) return writer.zigzag(nullPlace);
    const start = writer.length;
    let fault: unknown;
    for (const place of others) {
      try {
        writer.zigzag(place);
        return writes[place]!(value, writer);
      } catch (thrown) {
        if (!(thrown instanceof RowFault)) throw thrown;
        fault = thrown;
        writer.advance(start);
      }
    }
    throw others.length === 1 ? fault : new RowFault(value, `of one of ${others.length} types`);
  };
}

function within(step: string | number, write: () => void): void {
  try {
    write();
  } catch (fault) {
    throw fault instanceof RowFault ? fault.within(step) : fault;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Uint8Array);
}
