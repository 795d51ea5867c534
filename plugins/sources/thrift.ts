import {
  bool,
  bytes,
  choice,
  type Config,
  type Context,
  defineSource,
  type Emit,
  host,
  int,
  path,
  port,
  text,
} from "sluice/plugin";
import { clientFields } from "./_tcp/client_fields.ts";
import { serveTcp } from "./_tcp/server.ts";
import { tlsComplaints, tlsIdentity, tlsServerFields } from "./_tcp/tls_fields.ts";
import { Connection, type ConnectionParts } from "./_thrift/connection.ts";
import { FrameBlocks } from "./_rpc/frame_blocks.ts";
import { endSilent, frameFields } from "./_rpc/frame_wait.ts";
import { MemoryBudget } from "./_rpc/memory_budget.ts";

/** What Thrift itself allows in a frame where nothing else is said. */
const FRAME_BYTES = 16_384_000;
/** What all clients may have under way together: Thrift's own limit, or some of the largest frames. */
const BUDGET_BYTES = 256 * 1024 * 1024;
const BUDGET_FRAMES = 8;
const NO_KERBEROS = "Kerberos is not spoken here";

const config = {
  bind: host().describe("Address to listen on."),
  port: port().describe("TCP port to listen on; 0 picks a free one."),
  protocol: choice(["compact", "binary"]).default("compact").describe(
    "Encoding of the calls; clients must use the same.",
  ),
  threads: int({}, { ignored: "one thread serves all clients" }).optional().describe(
    "Flume's worker threads.",
  ),
  ...tlsServerFields,
  kerberos: bool().default(false).describe("Demand Kerberos: not supported, use TLS."),
  "agent-principal": text({ ignored: NO_KERBEROS }).optional().describe("Kerberos principal of the agent."),
  "agent-keytab": path({ access: "read", ignored: NO_KERBEROS }).optional().describe("Its key table."),
  maxFrameBytes: bytes().default(FRAME_BYTES).describe(
    "Longest call; a client that announces more is closed.",
  ),
  ...clientFields,
  ...frameFields,
};

export default defineSource({
  name: "thrift",
  aliases: ["org.apache.flume.source.ThriftSource"],
  summary: "Receives events from Flume agents and programs by Thrift RPC.",
  about:
    "Speaks Flume's ThriftSourceProtocol (`append`, `appendBatch`) over framed transport. A call is answered OK once its events are " +
    "committed, FAILED when the channel refuses; its batch is one put. A client may send several calls before it reads answers, which " +
    "come in order. What all clients have under way is bounded: beyond " +
    `${
      BUDGET_BYTES / 1024 / 1024
    } MiB (or ${BUDGET_FRAMES} times \`maxFrameBytes\`) clients are closed whose unfinished calls were begun first, then calls are answered FAILED. Whatever is no ` +
    "call ends its connection with a line in the log that says what the client seems to be. Unlike Flume's, the source takes no " +
    "Kerberos, and numbers of more bytes than Thrift's specification allows count as damage.",
  config,
  check: (settings) => [
    ...tlsComplaints(settings),
    ...settings.kerberos
      ? [{
        key: "kerberos",
        text: `${NO_KERBEROS}, so clients that use it could not connect`,
        fix:
          "set ssl = true with a certificate here and ssl = true at the clients, and remove kerberos from both",
      }]
      : [],
  ],
  examples: [{
    title: "Receive from Flume's thrift sinks and write files",
    yaml: `source: { type: thrift, bind: 127.0.0.1, port: 4141 }
channel: { type: memory, capacity: 10000, transactionCapacity: 1000 }
sink: { type: file_roll, directory: out }`,
  }],
  create: (settings, context) => ({
    answers: true,
    countsAppends: true,
    run: (emit) => serve(emit, settings, context),
  }),
});

async function serve(emit: Emit, settings: Config<typeof config>, context: Context): Promise<void> {
  const { bind, port, protocol, maxFrameBytes, maxConnections, idleTimeout } = settings;
  const identity = await tlsIdentity(settings);
  const budget = new MemoryBudget(Math.max(BUDGET_BYTES, BUDGET_FRAMES * maxFrameBytes), context.clock);
  const parts: ConnectionParts = {
    emit,
    context,
    protocol,
    maxFrameBytes,
    budget,
    blocks: new FrameBlocks(budget),
    isEncrypted: identity !== undefined,
  };
  const serving = serveTcp({
    bind,
    port,
    maxConnections,
    idleTimeoutMs: idleTimeout * 1000,
    identity,
    open: (conn) => new Connection(conn, parts),
  }, context);
  await endSilent(serving, { budget, limitMs: settings.frameTimeout * 1000 }, context);
}
