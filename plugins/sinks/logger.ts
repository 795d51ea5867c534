import { defineSink, type EventBatch, int } from "sluice/plugin";

/** Bytes in one line of a dump. */
const ROW_BYTES = 16;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).toUpperCase().padStart(2, "0"));

/** Bytes in hexadecimal, padded to the width of a row, and as text; each row after the first begins with its offset. */
function dump(body: Uint8Array): string {
  const rows: string[] = [];
  for (let from = 0; from < body.length; from += ROW_BYTES) {
    const row = Array.from(body.subarray(from, from + ROW_BYTES));
    const hex = row.map((byte) => `${HEX[byte]} `).join("").padEnd(ROW_BYTES * 3);
    const text = row.map((byte) => byte >= 0x20 && byte < 0x7F ? String.fromCharCode(byte) : ".").join("");
    const offset = from === 0 ? "" : from.toString(16).toUpperCase().padStart(8, "0");
    rows.push(`${offset} ${hex}${text}`);
  }
  return rows.join("\n");
}

function headersText(batch: EventBatch, index: number): string {
  const pairs: string[] = [];
  for (const name of batch.headers.keys()) {
    const value = batch.header(index, name);
    if (value !== undefined) pairs.push(`${name}=${value}`);
  }
  return `{${pairs.join(", ")}}`;
}

export default defineSink({
  name: "logger",
  aliases: ["org.apache.flume.sink.LoggerSink"],
  summary: "Logs each event at level info, for trying things out.",
  about:
    "The line is Flume's: `Event: { headers:{host=web1} body: 68 65 6C 6C 6F … hello }`, the first bytes of the body " +
    "in hexadecimal and as text. Bytes that are not printable ASCII show as a dot. With more than 16 `maxBytesToLog` the " +
    "dump goes on in further lines, each with its offset.",
  config: {
    maxBytesToLog: int({ min: 0 }, { unit: "bytes" }).default(16).describe(
      "Bytes of each body that are shown.",
    ),
  },
  examples: [{
    title: "What comes in on a port",
    yaml: `source: { type: netcat, bind: 127.0.0.1, port: 44444 }
sink: { type: logger }`,
  }],
  create: ({ maxBytesToLog }, { log }) => ({
    write(batch) {
      for (let index = 0; index < batch.size; index++) {
        const body = batch.body(index).subarray(0, maxBytesToLog);
        log.info(`Event: { headers:${headersText(batch, index)} body:${dump(body)} }`);
      }
    },
  }),
});
