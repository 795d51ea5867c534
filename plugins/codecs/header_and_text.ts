import { bool, type Column, defineCodec, type EventBatch } from "sluice/plugin";
import { ByteWriter } from "../../protocols/byte_writer.ts";

const NEWLINE = 10;

/** Writes `{k=v, k2=v2} ` of one event. */
function writeHeaders(
  writer: ByteWriter,
  columns: readonly (readonly [string, Column])[],
  index: number,
): void {
  let isFirst = true;
  writer.text("{");
  for (const [name, column] of columns) {
    const value = typeof column === "string" ? column : column[index];
    if (value === undefined) continue;
    if (!isFirst) writer.text(", ");
    writer.text(name);
    writer.text("=");
    writer.text(value);
    isFirst = false;
  }
  writer.text("} ");
}

function encode(writer: ByteWriter, batch: EventBatch, appendNewline: boolean): readonly Uint8Array[] {
  const { block, starts, ends, size } = batch;
  const columns = [...batch.headers];
  writer.reset();
  for (let index = 0; index < size; index++) {
    writeHeaders(writer, columns, index);
    writer.copy(block, starts[index]!, ends[index]!);
    if (appendNewline) writer.byte(NEWLINE);
  }
  return size === 0 ? [] : [writer.written];
}

export default defineCodec({
  name: "header_and_text",
  aliases: [
    "org.apache.flume.serialization.HeaderAndBodyTextEventSerializer$Builder",
    "org.apache.flume.serialization.HeaderAndBodyTextEventSerializer",
  ],
  summary: "Writes headers in map notation, a space, the body and a newline.",
  about:
    "Flume's HEADER_AND_TEXT serializer: `{host=web1, status=200} GET / HTTP/1.1`. Nothing is escaped, so it is for " +
    "people; programs read `json` or `avro_event`. Headers stand in the order in which they were set; in Flume the order " +
    "is that of a Java hash map.",
  config: {
    appendNewline: bool().default(true).describe("Write a newline behind each body."),
  },
  examples: [{
    title: "See what headers events carry",
    yaml: `source: { type: stdin }
interceptors: [{ type: host }]
sink: { type: stdout, codec: header_and_text }`,
  }],
  create: ({ appendNewline }) => ({
    encoder: () => {
      const writer = new ByteWriter();
      return {
        contentType: "text/plain; charset=utf-8",
        encode: (batch) => encode(writer, batch, appendNewline),
      };
    },
  }),
});
