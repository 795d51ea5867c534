import { Buffer } from "node:buffer";
import type { Column, Encoder } from "sluice/plugin";
import { encodeAvroHead } from "../../../protocols/avro_container.ts";
import { ByteWriter } from "../../../protocols/byte_writer.ts";
import { javaMapOrder } from "../../../protocols/java_map_order.ts";
import { type ContainerSettings, encodeBlocks, newHead } from "./block_writer.ts";

/** The schema that Flume's AVRO_EVENT serializer writes. */
export const EVENT_SCHEMA = JSON.stringify({
  type: "record",
  name: "Event",
  fields: [
    { name: "headers", type: { type: "map", values: "string" } },
    { name: "body", type: "bytes" },
  ],
});

/** A header column made ready: the encoded name, and the encoded value when all events have the same. */
interface Part {
  readonly name: string;
  readonly prefix: Uint8Array;
  readonly values: readonly (string | undefined)[] | undefined;
}

/** Writes one container of Flume events. */
export function eventEncoder(settings: ContainerSettings): Encoder {
  const head = newHead(EVENT_SCHEMA, settings);
  const writer = new ByteWriter();
  return {
    extension: "avro",
    contentType: "application/vnd.apache.avro+binary",
    begin: () => encodeAvroHead(head),
    encode(batch) {
      const headers = new HeaderWriter(partsOf(batch.headers));
      const write = (index: number) => {
        headers.write(writer, index);
        const start = batch.starts[index]!;
        const end = batch.ends[index]!;
        writer.zigzag(end - start);
        writer.copy(batch.block, start, end);
      };
      return encodeBlocks(batch, head, { settings, writer, write });
    },
  };
}

/** Writes the headers of the events of one batch, in the order of Flume's maps. */
class HeaderWriter {
  readonly #parts: readonly Part[];
  /** By the number of headers that an event has. */
  readonly #ordered = new Map<number, readonly Part[]>();

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  write(writer: ByteWriter, index: number): void {
    let count = 0;
    for (const { values } of this.#parts) if (!values || values[index] !== undefined) count++;
    if (count > 0) {
      writer.zigzag(count);
      for (const { prefix, values } of this.#inOrder(count)) {
        const value = values?.[index];
        if (values && value === undefined) continue;
        writer.copy(prefix, 0, prefix.length);
        if (value !== undefined) writeString(writer, value);
      }
    }
    writer.byte(0);
  }

  #inOrder(count: number): readonly Part[] {
    const known = this.#ordered.get(count);
    if (known) return known;
    const made = javaMapOrder(this.#parts, count, ({ name }) => name);
    this.#ordered.set(count, made);
    return made;
  }
}

function partsOf(headers: ReadonlyMap<string, Column>): readonly Part[] {
  const writer = new ByteWriter();
  return Array.from(headers, ([name, column]) => {
    writer.reset();
    writeString(writer, name);
    if (typeof column === "string") writeString(writer, column);
    const values = typeof column === "string" ? undefined : column;
    return { name, prefix: writer.written.slice(), values };
  });
}

function writeString(writer: ByteWriter, value: string): void {
  writer.zigzag(Buffer.byteLength(value));
  writer.text(value);
}
