import { bool, type Column, defineCodec, type EventBatch } from "sluice/plugin";
import { ByteWriter } from "../../protocols/byte_writer.ts";
import { javaMapOrder } from "../../protocols/java_map_order.ts";

const NEWLINE = 10;

type NamedColumn = readonly [name: string, column: Column];

/** Writes `{k=v, k2=v2} ` of one event. */
function writeHeaders(writer: ByteWriter, columns: readonly NamedColumn[], index: number): void {
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

/** Gives the columns of each event in the order of Flume's maps, which depends on how many headers it has. */
function orderOf({ headers }: EventBatch): (index: number) => readonly NamedColumn[] {
  const columns = [...headers];
  const [always, sometimes] = [columns.filter(isWhole), columns.filter((column) => !isWhole(column))];
  const ordered = new Map<number, readonly NamedColumn[]>();
  const orderFor = (count: number) => {
    const known = ordered.get(count);
    if (known) return known;
    const made = javaMapOrder(columns, count, ([name]) => name);
    ordered.set(count, made);
    return made;
  };
  if (sometimes.length === 0) {
    const order = orderFor(always.length);
    return () => order;
  }
  return (index) => {
    let count = always.length;
    for (const [, column] of sometimes) if (column[index] !== undefined) count++;
    return orderFor(count);
  };
}

/** Whether every event has the header. */
function isWhole([, column]: NamedColumn): boolean {
  return typeof column === "string" || !column.includes(undefined);
}

function encode(writer: ByteWriter, batch: EventBatch, appendNewline: boolean): readonly Uint8Array[] {
  const { block, starts, ends, size } = batch;
  const columnsOf = orderOf(batch);
  writer.reset();
  for (let index = 0; index < size; index++) {
    writeHeaders(writer, columnsOf(index), index);
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
    "people; programs read `json` or `avro_event`. Headers stand in the order of a Java hash map, as in Flume.",
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
