import type { Column, Encoder, EventBatch } from "sluice/plugin";
import { ByteWriter } from "../../../protocols/byte_writer.ts";
import { writeJsonBytes, writeJsonText } from "../../../protocols/json_text.ts";

/** The shape of the JSON that events become. */
export interface JsonShape {
  /** Key of the body. */
  readonly bodyField: string;
  /** Key of the headers; not used when they are flat. */
  readonly headersField: string;
  /** Headers stand beside the body, not below a key of their own. */
  readonly flatHeaders: boolean;
  /** A body that is JSON is embedded as JSON. */
  readonly parseBody: boolean;
}

/** A header column made ready: `"name":` in front of each value, or name and value when all are the same. */
interface Part {
  readonly prefix: Uint8Array;
  readonly values: readonly (string | undefined)[] | undefined;
}

const NEWLINE = 10;
const COMMA = 44;
const UTF8 = new TextEncoder();

/** Writes events as JSON, one on each line. */
export function jsonEncoder(shape: JsonShape): Encoder {
  const writer = new ByteWriter();
  const events = new EventWriter(writer, shape);
  return {
    extension: "json",
    contentType: "application/x-ndjson",
    encode(batch) {
      writer.reset();
      events.write(batch);
      return batch.size === 0 ? [] : [writer.written];
    },
  };
}

class EventWriter {
  readonly #writer: ByteWriter;
  readonly #shape: JsonShape;
  readonly #open: Uint8Array;
  readonly #between: Uint8Array;
  readonly #betweenNone: Uint8Array;

  constructor(writer: ByteWriter, shape: JsonShape) {
    const body = `${JSON.stringify(shape.bodyField)}:`;
    this.#writer = writer;
    this.#shape = shape;
    this.#open = UTF8.encode(shape.flatHeaders ? "{" : `{${JSON.stringify(shape.headersField)}:{`);
    this.#between = UTF8.encode(shape.flatHeaders ? `,${body}` : `},${body}`);
    this.#betweenNone = UTF8.encode(shape.flatHeaders ? body : `},${body}`);
  }

  write(batch: EventBatch): void {
    const { block, starts, ends, size } = batch;
    const parts = this.#parts(batch.headers);
    for (let index = 0; index < size; index++) {
      this.#put(this.#open);
      const hasHeaders = this.#writeHeaders(parts, index);
      this.#put(hasHeaders ? this.#between : this.#betweenNone);
      if (!this.#shape.parseBody || !this.#embed(batch.text(index))) {
        writeJsonBytes(this.#writer, { block, start: starts[index]!, end: ends[index]! });
      }
      this.#put(CLOSE);
    }
  }

  #put(bytes: Uint8Array): void {
    this.#writer.copy(bytes, 0, bytes.length);
  }

  #parts(headers: ReadonlyMap<string, Column>): readonly Part[] {
    const parts: Part[] = [];
    for (const [name, column] of headers) {
      // The body wins over a header of its name.
      if (this.#shape.flatHeaders && name === this.#shape.bodyField) continue;
      const key = `${JSON.stringify(name)}:`;
      const isSame = typeof column === "string";
      const prefix = UTF8.encode(isSame ? key + JSON.stringify(column.toWellFormed()) : key);
      parts.push({ prefix, values: isSame ? undefined : column });
    }
    return parts;
  }

  #writeHeaders(parts: readonly Part[], index: number): boolean {
    let hasAny = false;
    for (const { prefix, values } of parts) {
      const value = values?.[index];
      if (values && value === undefined) continue;
      if (hasAny) this.#writer.byte(COMMA);
      this.#put(prefix);
      if (value !== undefined) writeJsonText(this.#writer, value);
      hasAny = true;
    }
    return hasAny;
  }

  /** Writes a body that is JSON as it is, brought to one line. */
  #embed(text: string): boolean {
    try {
      const value: unknown = JSON.parse(text);
      this.#writer.text(/[\r\n]/.test(text) ? JSON.stringify(value) : text);
      return true;
    } catch {
      return false;
    }
  }
}

const CLOSE = Uint8Array.of(125, NEWLINE);
