import { Buffer } from "node:buffer";
import type { Column, Encoder, EventBatch } from "sluice/plugin";
import type { AvroCompression } from "../../../protocols/avro_compression.ts";
import { type AvroHead, encodeAvroBlock, encodeAvroHead } from "../../../protocols/avro_container.ts";
import { ByteWriter } from "../../../protocols/byte_writer.ts";

/** The schema that Flume's AVRO_EVENT serializer writes. */
export const EVENT_SCHEMA = JSON.stringify({
  type: "record",
  name: "Event",
  fields: [
    { name: "headers", type: { type: "map", values: "string" } },
    { name: "body", type: "bytes" },
  ],
});

/** How containers are written. */
export interface ContainerSettings {
  readonly codec: string;
  readonly compression: AvroCompression;
  /** A block ends at this many bytes, and at the end of each batch. */
  readonly syncIntervalBytes: number;
}

/** A header column made ready: the encoded name, and the encoded value when all events have the same. */
interface Part {
  readonly prefix: Uint8Array;
  readonly values: readonly (string | undefined)[] | undefined;
}

/** Writes one container of Flume events. */
export function eventEncoder({ codec, compression, syncIntervalBytes }: ContainerSettings): Encoder {
  const head: AvroHead = { schema: EVENT_SCHEMA, codec, sync: crypto.getRandomValues(new Uint8Array(16)) };
  const writer = new ByteWriter();

  function writeBlock(batch: EventBatch, from: number, parts: readonly Part[]): number {
    writer.reset();
    let index = from;
    while (index < batch.size && writer.length < syncIntervalBytes) {
      writeEvent(writer, parts, { batch, index: index++ });
    }
    return index;
  }
  async function encodeBlocks(batch: EventBatch): Promise<readonly Uint8Array[]> {
    const parts = partsOf(batch.headers);
    const slices: Uint8Array[] = [];
    for (let from = 0; from < batch.size;) {
      const next = writeBlock(batch, from, parts);
      const packed = await compression.compress(writer.written);
      // Blocks that are not compressed stand in the writer, which the next block uses again.
      const records = next < batch.size && packed.buffer === writer.written.buffer ? packed.slice() : packed;
      slices.push(...encodeAvroBlock(head, next - from, records));
      from = next;
    }
    return slices;
  }
  return {
    extension: "avro",
    contentType: "application/vnd.apache.avro+binary",
    begin: () => encodeAvroHead(head),
    encode: encodeBlocks,
  };
}

function partsOf(headers: ReadonlyMap<string, Column>): readonly Part[] {
  const writer = new ByteWriter();
  return Array.from(headers, ([name, column]) => {
    writer.reset();
    writeString(writer, name);
    if (typeof column === "string") writeString(writer, column);
    return { prefix: writer.written.slice(), values: typeof column === "string" ? undefined : column };
  });
}

function writeEvent(
  writer: ByteWriter,
  parts: readonly Part[],
  { batch, index }: { readonly batch: EventBatch; readonly index: number },
): void {
  let count = 0;
  for (const { values } of parts) if (!values || values[index] !== undefined) count++;
  if (count > 0) {
    writer.zigzag(count);
    for (const { prefix, values } of parts) {
      const value = values?.[index];
      if (values && value === undefined) continue;
      writer.copy(prefix, 0, prefix.length);
      if (value !== undefined) writeString(writer, value);
    }
  }
  writer.byte(0);
  const start = batch.starts[index]!;
  const end = batch.ends[index]!;
  writer.zigzag(end - start);
  writer.copy(batch.block, start, end);
}

function writeString(writer: ByteWriter, value: string): void {
  writer.zigzag(Buffer.byteLength(value));
  writer.text(value);
}
