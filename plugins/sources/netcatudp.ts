import {
  type Config,
  type Context,
  defineSource,
  type Emit,
  errorText,
  EventBatch,
  host,
  int,
  port,
  text,
} from "sluice/plugin";
import { Datagrams } from "./_netcat/datagrams.ts";
import { openUdp } from "./_netcat/udp.ts";

const config = {
  bind: host().default("0.0.0.0").describe("Address to listen on."),
  port: port().describe("UDP port to listen on; 0 picks a free one."),
  remoteAddress: text({ alias: ["remoteAddressHeader"] }).optional()
    .describe("Header that gets the sender's address, as /10.0.0.7:5140."),
  bufferBytes: int({ min: 65_536 }, { unit: "bytes" }).default(4 * 1024 * 1024)
    .describe("Datagrams that are held while the channel is full; more are lost and counted."),
};

export default defineSource({
  name: "netcatudp",
  aliases: ["org.apache.flume.source.NetcatUdpSource"],
  summary: "Listens on a UDP port and turns the first line of each datagram into an event.",
  about:
    "What follows the first line of a datagram is dropped, as in Flume. Nobody can hold a UDP sender back: while the channel is " +
    "full, `bufferBytes` of datagrams are held, and what comes on top is lost and counted as EventLostCount; what the kernel " +
    "drops nobody counts. Without `remoteAddress` there is no header (Flume stores it under a null name). Deno's own sockets are " +
    "used where `--unstable-net` allows them, Node's slower ones otherwise.",
  config,
  examples: [{
    title: "Datagrams to the log, with the sender's address",
    yaml: `source: { type: netcatudp, bind: 127.0.0.1, port: 44445, remoteAddress: sender }
sink: { type: logger }`,
  }],
  create: (settings, context) => ({ run: (emit) => receive(emit, settings, context) }),
});

async function receive(emit: Emit, settings: Config<typeof config>, context: Context): Promise<void> {
  const { bind: hostname, port, remoteAddress } = settings;
  const { signal, counters, log } = context;
  const datagrams = new Datagrams(settings.bufferBytes, remoteAddress);
  let isScheduled = false;

  const send = async () => {
    await emit.ready;
    isScheduled = false;
    const batch = datagrams.take();
    if (signal.aborted || batch === EventBatch.EMPTY) return;
    await emit(batch);
  };
  const onLost = (cause: unknown) => log.warn("Cannot pass datagrams on", { cause: errorText(cause) });
  const onDatagram = (bytes: Uint8Array, sender: { hostname: string; port: number }) => {
    if (!datagrams.add(bytes, sender)) counters.add("EventLostCount");
    if (isScheduled) return;
    isScheduled = true;
    // All datagrams of this turn travel in one batch.
    setImmediate(() => void send().catch(onLost));
  };
  const socket = await openUdp({ hostname, port, onDatagram });
  counters.set("Port", socket.port);
  log.info("Listening", { bind: hostname, port: socket.port });
  const stop = () => socket.close();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  await socket.closed;
  const rest = datagrams.take();
  if (rest.size > 0) await emit(rest).catch(onLost);
}
