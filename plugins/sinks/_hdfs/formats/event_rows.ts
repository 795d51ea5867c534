import { isUtf8 } from "node:buffer";
import { type EventBatch, PoisonError } from "sluice/plugin";
import type { ByteWriter } from "../../../../protocols/byte_writer.ts";
import { RowFault } from "../../../../protocols/avro_rows/row_fault.ts";
import type { RowField, RowNode } from "../../../../protocols/avro_rows/row_schema.ts";
import { valueWriter } from "../../../../protocols/avro_rows/row_writer.ts";

/** Where the fields of a row come from: a JSON object in the body, or headers and body. */
export type RowsFrom = "json" | "headers";

/** Gives the row of one event, as JSON would. */
type RowOf = (batch: EventBatch, index: number) => unknown;

/** In a schema for headers, the field that takes the body, and the one that takes all headers. */
const [BODY_FIELD, HEADERS_FIELD] = ["body", "headers"];

/** Makes what writes the events of a batch as datums of a schema. */
export class EventRows {
  readonly #rowOf: RowOf;
  readonly #write: (value: unknown, writer: ByteWriter) => void;

  constructor(fields: readonly RowField[], from: RowsFrom) {
    this.#rowOf = from === "json" ? jsonRow : headerRow(fields);
    this.#write = valueWriter({ kind: "struct", fields });
  }

  /**
   * Writes the events; `put` is given what writes one of them.
   * @throws {PoisonError} that names all events that do not fit the schema, with the reason of the first.
   */
  write<T>(batch: EventBatch, writer: ByteWriter, put: (write: (index: number) => void) => T): T {
    const faults = new Map<number, string>();
    const written = put((index) => {
      const start = writer.length;
      try {
        this.#write(this.#rowOf(batch, index), writer);
      } catch (cause) {
        if (!(cause instanceof RowFault || cause instanceof SyntaxError)) throw cause;
        faults.set(index, cause instanceof RowFault ? cause.toString() : cause.message);
        writer.advance(start);
      }
    });
    if (faults.size === 0) return written;
    const [reason] = faults.values();
    throw new PoisonError(`The event does not fit the schema: ${reason}`, [...faults.keys()]);
  }
}

function jsonRow(batch: EventBatch, index: number): unknown {
  const text = batch.text(index);
  if (text.includes("\uFFFD") && !isUtf8(batch.body(index))) {
    throw new SyntaxError("The body is no text in UTF-8");
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`The body is no JSON: ${(cause as Error).message}`);
  }
}

function headerRow(fields: readonly RowField[]): RowOf {
  const sources = fields.map(({ name, node }) => [name, sourceOf(name, node)] as const);
  return (batch, index) => {
    // A field may be called as something that every object has.
    const row: Record<string, unknown> = Object.create(null);
    for (const [name, source] of sources) row[name] = source(batch, index);
    return row;
  };
}

function sourceOf(name: string, node: RowNode): RowOf {
  if (name === BODY_FIELD) return (batch, index) => batch.body(index);
  const isMap = node.kind === "map" ||
    (node.kind === "union" && node.branches.some(({ kind }) => kind === "map"));
  if (name === HEADERS_FIELD && isMap) return (batch, index) => batch.event(index).headers;
  return (batch, index) => batch.header(index, name);
}
