import { type Config, type Context, defineSource, type Emit, errorText, int, port } from "sluice/plugin";
import { openUdp } from "./_netcat/udp.ts";
import { Datagrams } from "./_syslog/datagrams.ts";
import { formatComplaints, formatFields, keptComplaints, syslogFields } from "./_syslog/fields.ts";
import { syslogtcpMaker } from "./_syslog/makers.ts";
import { Senders } from "./_syslog/senders.ts";

const config = {
  port: port().describe("UDP port to listen on; 0 picks a free one."),
  ...syslogFields,
  ...formatFields,
  bufferBytes: int({ min: 65_536 }, { unit: "bytes" }).default(4 * 1024 * 1024)
    .describe("Datagrams that are held while the channel is full; more are lost and counted."),
};

export default defineSource({
  name: "syslogudp",
  aliases: ["org.apache.flume.source.SyslogUDPSource"],
  summary: "Receives syslog over UDP, one event for each datagram.",
  about:
    `Heads are read as \`syslogtcp\` reads them. What follows the first line of a datagram is dropped, as in Flume. Nobody can \
hold a UDP sender back: while the channel is full, \`bufferBytes\` of datagrams are held, and what comes on top is lost and \
counted as EventLostCount; what the kernel drops nobody counts. It drops when this program is busy for longer than its \
receive buffer lasts, so a larger \`net.core.rmem_default\` helps. Deno's own sockets are used where \`--unstable-net\` allows \
them, Node's slower ones otherwise. Flume cuts datagrams at 2,048 bytes; here they come whole.`,
  config,
  check: (settings) => [...keptComplaints(settings), ...formatComplaints(settings)],
  examples: [{
    title: "Syslog of the local network, with the sender's address",
    yaml: `source: { type: syslogudp, port: 5140, clientIPHeader: sender }
channel: { type: memory, capacity: 10000, transactionCapacity: 1000 }
sink: { type: file_roll, directory: out, serializer: header_and_text }`,
  }],
  create: (settings, context) => ({ run: (emit) => receive(emit, settings, context) }),
});

async function receive(emit: Emit, settings: Config<typeof config>, context: Context): Promise<void> {
  const { host: hostname, port } = settings;
  const { signal, counters, log } = context;
  const maker = syslogtcpMaker(settings, context, Infinity);
  const datagrams = new Datagrams(settings.bufferBytes, new Senders(settings, context.clock));
  let isScheduled = false;

  const send = async () => {
    await emit.ready;
    isScheduled = false;
    const batch = await datagrams.take(maker);
    if (batch.size > 0) await emit(batch);
  };
  const onLost = (cause: unknown) => log.warn("Cannot pass datagrams on", { cause: errorText(cause) });
  const onDatagram = (bytes: Uint8Array, sender: { hostname: string }) => {
    const fate = datagrams.add(bytes, sender);
    if (fate === "full") counters.add("EventLostCount");
    if (fate === "empty") counters.add("EventReadFail");
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
  await send().catch(onLost);
}
