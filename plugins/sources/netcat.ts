import {
  BlockPool,
  bool,
  type Config,
  type Context,
  defineSource,
  type Emit,
  host,
  int,
  port,
  text,
} from "sluice/plugin";
import { Connection, type ConnectionParts } from "./_netcat/connection.ts";
import { LineLimit } from "./_netcat/line_limit.ts";
import { clientFields } from "./_tcp/client_fields.ts";
import { serveTcp } from "./_tcp/server.ts";

const BLOCK_BYTES = 256 * 1024;
const MAX_BLOCKS = 8;

const config = {
  bind: host().describe("Address to listen on."),
  port: port().describe("TCP port to listen on; 0 picks a free one."),
  "max-line-length": int({ min: 1 }, { unit: "characters" }).default(512)
    .describe("Longest line with its newline; a longer one is answered FAILED and ends the connection."),
  "ack-every-event": bool().default(true).describe(
    "Answer OK for every event, FAILED and the reason when it is refused.",
  ),
  encoding: text().default("utf-8").describe("Charset of what clients send; bodies are UTF-8 in any case."),
  ...clientFields,
};

export default defineSource({
  name: "netcat",
  aliases: ["org.apache.flume.source.NetcatSource"],
  summary: "Listens on a TCP port and turns each line into an event.",
  about:
    "With `ack-every-event` each line is answered once its event is committed, in order; lines that arrive together are " +
    "committed together, and all of them answered FAILED when the channel refuses. Without it a full channel stops the " +
    "reading, and TCP holds the sender back: nothing is refused, but what the kernel holds is lost at a crash. As in Flume a " +
    "carriage return stays in the body, an empty line is an empty event, and a last line without newline is dropped. Unlike " +
    "Flume, UTF-8 is not decoded and encoded again: bytes that are no UTF-8 reach the body as they came.",
  config,
  check: ({ encoding }) =>
    isEncoding(encoding) ? [] : [{
      key: "encoding",
      text: `encoding "${encoding}" is not known`,
      fix: "write a label such as utf-8, iso-8859-1, gbk or utf-16le",
    }],
  examples: [{
    title: "Lines from nc to the log",
    yaml: `source: { type: netcat, bind: 127.0.0.1, port: 44444 }
sink: { type: logger }`,
  }],
  create(settings, context) {
    const isAnswering = settings["ack-every-event"];
    return { answers: isAnswering, run: (emit) => serve(emit, settings, context) };
  },
});

function isEncoding(label: string): boolean {
  try {
    return new TextDecoder(label) !== undefined;
  } catch {
    return false;
  }
}

async function serve(emit: Emit, settings: Config<typeof config>, context: Context): Promise<void> {
  const { encoding, bind, port, maxConnections, idleTimeout } = settings;
  const shared: Omit<ConnectionParts, "decoder"> = {
    emit,
    context,
    pool: new BlockPool({ blockBytes: BLOCK_BYTES, maxBlocks: MAX_BLOCKS }),
    limit: new LineLimit(settings["max-line-length"]),
    isAnswering: settings["ack-every-event"],
  };
  const isUtf8 = new TextDecoder(encoding).encoding === "utf-8";
  await serveTcp({
    bind,
    port,
    maxConnections,
    idleTimeoutMs: idleTimeout * 1000,
    farewell: new TextEncoder().encode("FAILED: Too many connections\n"),
    open: (conn) =>
      new Connection(conn, { ...shared, decoder: isUtf8 ? undefined : new TextDecoder(encoding) }),
  }, context);
}
