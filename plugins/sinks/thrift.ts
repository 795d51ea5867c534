import { bool, bytes, choice, type Config, defineSink, int, path, text } from "sluice/plugin";
import { connectTcp } from "../../protocols/tcp_client.ts";
import { rpcFields, rpcTimeouts } from "./_rpc/fields.ts";
import { rpcSink } from "./_rpc/rpc_sink.ts";
import { ThriftClient } from "./_thrift/client.ts";
import { tlsTarget } from "./_tls_client.ts";

/** What Thrift's servers take in a frame where nothing else is said. */
const FRAME_BYTES = 16_384_000;
const NO_KERBEROS = "Kerberos is not spoken here";

const config = {
  ...rpcFields,
  protocol: choice(["compact", "binary"]).default("compact").describe(
    "Encoding of the calls; the next hop must use the same.",
  ),
  maxFrameBytes: bytes().default(FRAME_BYTES).describe(
    "Longest call that the next hop takes; a batch that is longer goes in several calls.",
  ),
  maxConnections: int({}, { ignored: "one call at a time needs one connection, in Flume, too" }).default(5)
    .describe("Size of Flume's connection pool."),
  kerberos: bool().default(false).describe("Use Kerberos: not supported, use TLS."),
  "client-principal": text({ ignored: NO_KERBEROS }).optional().describe("Kerberos principal of the sink."),
  "client-keytab": path({ access: "read", ignored: NO_KERBEROS }).optional().describe("Its key table."),
  "server-principal": text({ ignored: NO_KERBEROS }).optional().describe("Principal of the next hop."),
};

export default defineSink({
  name: "thrift",
  aliases: ["org.apache.flume.sink.ThriftSink"],
  summary: "Sends events to the thrift source of a next hop, Sluice or Flume.",
  about:
    "Each take is one `appendBatch` call of Flume's ThriftSourceProtocol over framed transport, and is delivered once the next hop has " +
    "answered OK. Anything else (FAILED, no answer in time, a broken connection) rolls the take back, and it is sent again over a new " +
    "connection: delivery is at least once, because an answer may get lost behind a commit. An event that makes a call longer than " +
    "`maxFrameBytes` by itself goes to the dead letters, or holds the sink where there are none. Kerberos is not supported.",
  config,
  check: ({ kerberos }: Config<typeof config>) =>
    kerberos
      ? [{
        key: "kerberos",
        text: `${NO_KERBEROS}, so the sink could not connect`,
        fix: "set ssl = true here and at the next hop, and remove kerberos from both",
      }]
      : [],
  examples: [{
    title: "Read lines and send them on",
    yaml: `source: { type: netcat, bind: 127.0.0.1, port: 44444 }
channel: { type: memory, capacity: 10000, transactionCapacity: 1000 }
sink: { type: thrift, hostname: collector.example.org, port: 4141, batch-size: 1000 }`,
  }],
  create(settings, context) {
    const { hostname, port, protocol, maxFrameBytes } = settings;
    const { connectTimeoutMs, requestTimeoutMs } = rpcTimeouts(settings, context);
    const options = { protocol, requestTimeoutMs, maxFrameBytes, target: `${hostname}:${port}` };
    return rpcSink(settings, context, async (signal) => {
      const tls = await tlsTarget(settings);
      const tcp = await connectTcp({ hostname, port, tls, timeoutMs: connectTimeoutMs, signal });
      return new ThriftClient(tcp, options);
    });
  },
});
