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
  port,
  text,
} from "sluice/plugin";
import { KnownProtocols } from "../../protocols/avro_rpc/session.ts";
import { Connection, type ConnectionParts } from "./_avro/connection.ts";
import { FrameBlocks } from "./_rpc/frame_blocks.ts";
import { endSilent, frameFields } from "./_rpc/frame_wait.ts";
import { IpFilter } from "./_avro/ip_filter.ts";
import { Recognition } from "./_rpc/recognition.ts";
import { clientFields } from "./_tcp/client_fields.ts";
import { serveTcp } from "./_tcp/server.ts";
import { tlsComplaints, tlsIdentity, tlsServerFields } from "./_tcp/tls_fields.ts";
import { MemoryBudget } from "./_rpc/memory_budget.ts";

/** What all clients may have under way together, in bytes and in frames of the largest kind. */
const BUDGET_BYTES = 256 * 1024 * 1024;
const BUDGET_FRAMES = 4;

const config = {
  bind: host().describe("Address to listen on."),
  port: port().describe("TCP port to listen on; 0 picks a free one."),
  threads: int({}, { unit: "threads", ignored: "one thread serves all clients" }).optional().describe(
    "Flume's worker threads.",
  ),
  "compression-type": choice(["none", "deflate"]).default("none").describe(
    "Compression of the connections; must be the senders'.",
  ),
  ...tlsServerFields,
  ipFilter: bool().default(false).describe("Let only those addresses in that `ipFilterRules` allow."),
  ipFilterRules: text().optional().describe(
    "Rules such as `allow:ip:10.0.*,allow:name:localhost,deny:ip:*`: the first that fits decides, and where none fits the " +
      "client is let in. `*` stands for any characters, `?` for one; `10.0.0.0/8` is understood as well.",
  ),
  maxFrameBytes: bytes().default(64 * 1024 * 1024).describe(
    "Longest call, inflated; a client that sends more is closed.",
  ),
  ...clientFields,
  ...frameFields,
};

export default defineSource({
  name: "avro",
  aliases: ["org.apache.flume.source.AvroSource"],
  summary: "Receives events from the avro sinks of Flume and Sluice, and from programs with Flume's client.",
  about:
    "Speaks Flume's AvroSourceProtocol (`append`, `appendBatch`) over Avro's netty transport. A call is answered OK once its " +
    "events are committed, FAILED when the channel refuses; its batch is one put. A client may send several calls before it " +
    "reads answers, which come in order.\n\n" +
    "What another Sluice agent sends twice, because an answer got lost or one of the two was killed, is recognised and comes " +
    "once, also across a crash when the channel is `file`. Flume's sinks know nothing of it.\n\n" +
    `What all clients have under way is bounded: beyond ${
      BUDGET_BYTES / 1024 / 1024
    } MiB (or ${BUDGET_FRAMES} times ` +
    "`maxFrameBytes`) clients are closed, those first whose unfinished calls were begun first. " +
    "Whatever is no call ends its connection with a line in the log that says what the client seems to be.",
  config,
  recognises: true,
  check: (settings) => [...tlsComplaints(settings), ...filterComplaints(settings)],
  examples: [{
    title: "Receive from the avro sinks of other agents and write files",
    yaml: `source: { type: avro, bind: 0.0.0.0, port: 4141 }
channel: { type: file }
sink: { type: file_roll, directory: out }`,
  }],
  create: (settings, context) => ({
    answers: true,
    countsAppends: true,
    run: (emit) => serve(emit, settings, context),
  }),
});

function filterComplaints({ ipFilter, ipFilterRules }: Config<typeof config>) {
  if (!ipFilter) return [];
  try {
    new IpFilter(ipFilterRules ?? "");
    return [];
  } catch (cause) {
    return [{
      key: "ipFilterRules",
      text: (cause as Error).message,
      fix: "write such as allow:ip:10.0.*,deny:ip:*",
    }];
  }
}

async function serve(emit: Emit, settings: Config<typeof config>, context: Context): Promise<void> {
  const { bind, port, maxFrameBytes, maxConnections, idleTimeout, ipFilter, ipFilterRules } = settings;
  const identity = await tlsIdentity(settings);
  const filter = ipFilter ? new IpFilter(ipFilterRules ?? "") : undefined;
  const budget = new MemoryBudget(Math.max(BUDGET_BYTES, BUDGET_FRAMES * maxFrameBytes), context.clock);
  const parts: ConnectionParts = {
    emit,
    context,
    recognition: new Recognition(context),
    known: new KnownProtocols(),
    budget,
    blocks: new FrameBlocks(budget),
    maxFrameBytes,
    isEncrypted: identity !== undefined,
    isCompressed: settings["compression-type"] === "deflate",
  };
  const serving = serveTcp({
    bind,
    port,
    maxConnections,
    idleTimeoutMs: idleTimeout * 1000,
    identity,
    accepts: filter && (({ hostname }) => filter.accepts(hostname)),
    open: (conn) => new Connection(conn, parts),
  }, context);
  await endSilent(serving, { budget, limitMs: settings.frameTimeout * 1000 }, context);
}
