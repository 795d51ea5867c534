import { bool, choice, type Config, type Context, defineSink, DeliveryError, int } from "sluice/plugin";
import { connectAvro } from "../../protocols/avro_rpc/client.ts";
import { encodeIdentity } from "../../protocols/batch_identity.ts";
import { rpcFields, rpcTimeouts } from "./_rpc/fields.ts";
import { type RpcClient, rpcSink } from "./_rpc/rpc_sink.ts";
import { tlsTarget } from "./_tls_client.ts";

const config = {
  ...rpcFields,
  "compression-type": choice(["none", "deflate"]).default("none").describe(
    "Compression of the connection; must be the receiver's.",
  ),
  "compression-level": int({ min: 0, max: 9 }).default(6).describe("Effort of deflate: 0 none, 9 most."),
  maxIoWorkers: int({}, { unit: "threads", ignored: "one connection needs no threads" }).optional()
    .describe("Threads for input and output."),
  batchIdentity: bool().default(true).describe(
    "Tell a Sluice source which events a batch holds, so that it knows again what is sent twice. Flume reads past it; false " +
      "sends exactly the bytes of Flume's sink.",
  ),
};

export default defineSink({
  name: "avro",
  aliases: ["org.apache.flume.sink.AvroSink"],
  summary: "Sends batches to the avro source of Flume or Sluice.",
  about:
    "Each take is one `appendBatch`, committed when it is answered OK, and sent again otherwise: delivery is at least once. " +
    "To a Sluice source exactly once, when the events come from a `file` channel and the source puts them into one: the " +
    "source knows again what it has accepted. One call is under way at a time, because Flume's source does not keep the " +
    "order of more.\n\n" +
    "With a trust store the certificate's name is not looked at, as in Flume; `checkHostname: true` asks for it. Unlike Flume " +
    "the names are checked where the system's authorities are trusted.",
  config,
  examples: [{
    title: "Send on what arrives",
    yaml: `source: { type: netcat, bind: 127.0.0.1, port: 44444 }
channel: { type: memory, capacity: 10000, transactionCapacity: 1000 }
sink: { type: avro, hostname: collector.example.org, port: 4141, batch-size: 1000 }`,
  }],
  create: (settings, context) => rpcSink(settings, context, connector(settings, context)),
});

function connector(settings: Config<typeof config>, context: Context) {
  const { hostname, port, batchIdentity: showsIdentity } = settings;
  const timeouts = rpcTimeouts(settings, context);
  const level = settings["compression-level"];
  return async (signal: AbortSignal): Promise<RpcClient> => {
    const client = await connectAvro({
      hostname,
      port,
      ...timeouts,
      signal,
      showsIdentity,
      tls: await tlsTarget(settings),
      compression: settings["compression-type"] === "deflate" ? { level } : undefined,
    });
    return {
      async send(batch, signal) {
        const identity = showsIdentity && batch.identity ? encodeIdentity(batch.identity) : undefined;
        try {
          await client.send(batch, { signal, identity });
        } catch (cause) {
          throw new DeliveryError(`Cannot deliver ${batch.size} events to ${hostname}:${port}`, { cause });
        }
      },
      get isBroken() {
        return client.isBroken;
      },
      close: () => client.close(),
    };
  };
}
