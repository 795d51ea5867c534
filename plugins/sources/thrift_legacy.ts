import {
  bytes,
  type Config,
  type Context,
  defineSource,
  duration,
  type Emit,
  host,
  int,
  port,
} from "sluice/plugin";
import { serveTcp } from "./_tcp/server.ts";
import { LegacyConnection } from "./_thrift_legacy/connection.ts";

const config = {
  host: host().describe("Address to listen on."),
  port: port().describe("TCP port to listen on; 0 picks a free one."),
  maxEventBytes: bytes().default(1024 * 1024).describe(
    "Longest event; a client that sends a longer one is closed. Flume 0.9.4 itself stops at 32 KiB.",
  ),
  maxConnections: int({ min: 1 }, { unit: "connections" }).default(256)
    .describe("Clients at once; more are closed."),
  idleTimeout: duration("s").default(0).describe(
    "Close clients that have sent nothing for so long; 0 never does.",
  ),
};

export default defineSource({
  name: "thrift_legacy",
  aliases: ["thriftLegacy", "org.apache.flume.source.thriftLegacy.ThriftLegacySource"],
  summary: "Receives events from agents of Flume 0.9.4 by Thrift.",
  about:
    "Speaks ThriftFlumeEventServer (oneway `append`, `close`) in the binary protocol without frames. Fields of an event become the " +
    "headers `host`, `timestamp`, `pri`, `nanos`, the entries of its map headers of the same name, and `FlumeOG` says `yes`. Nothing is " +
    "answered to an event: a full channel stops the reading, and TCP holds the sender back; what the kernel holds is lost at a crash. " +
    "Unlike Flume, which drops events that a full channel refuses and events without priority or map, these are kept here; a priority " +
    "that is not known stays a number, and a host that is not sent gives no header.",
  config,
  examples: [{
    title: "Take over from the last agents of Flume 0.9.4",
    yaml: `source: { type: thrift_legacy, host: 127.0.0.1, port: 35861 }
channel: { type: memory, capacity: 10000, transactionCapacity: 1000 }
sink: { type: file_roll, directory: out }`,
  }],
  create: (settings, context) => ({ run: (emit) => serve(emit, settings, context) }),
});

async function serve(emit: Emit, settings: Config<typeof config>, context: Context): Promise<void> {
  const { host: bind, port, maxEventBytes, maxConnections, idleTimeout } = settings;
  await serveTcp({
    bind,
    port,
    maxConnections,
    idleTimeoutMs: idleTimeout * 1000,
    open: (conn) => new LegacyConnection(conn, { emit, context, maxEventBytes }),
  }, context);
}
