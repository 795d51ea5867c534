import { hostname } from "node:os";
import { bool, ConfigError, type CounterSnapshot, defineReporter, duration, list } from "sluice/plugin";
import { encodeGanglia30, encodeGanglia31, type GangliaMetric } from "../../protocols/gmetric.ts";
import { UdpSender, type UdpTarget } from "./_ganglia/udp_sender.ts";

export default defineReporter({
  name: "ganglia",
  aliases: ["org.apache.flume.instrumentation.GangliaServer"],
  summary: "Sends all counters to gmond, Ganglia's daemon, by UDP.",
  about:
    "The packets are Flume's: metrics are called `flume.SOURCE.in.EventReceivedCount`, and whatever reads as a " +
    "number has the type `float`. All counters are sent at the start and then each `pollFrequency`. UDP answers nothing, " +
    "so nobody hears of a gmond that is not there. gmond since 3.1 leaves out what comes in the format of 3.0.",
  config: {
    hosts: list({ net: "datagram", type: "list of host:port" })
      .describe("Where each gmond listens: `host:port`, separated by commas."),
    pollFrequency: duration("s").default(60).describe("Wait between two reports."),
    isGanglia3: bool().default(false).describe(
      "Sends the packets of Ganglia 3.0 instead of those of 3.1 and later.",
    ),
  },
  check: ({ hosts, pollFrequency }) => [
    ...hosts.length === 0 ? [{ key: "hosts", text: "hosts is empty", fix: "write `hosts: HOST:8649`" }] : [],
    ...hosts.filter((text) => !targetOf(text)).map((text) => ({
      key: "hosts",
      text: `"${text}" is no host with a port`,
      fix: "write HOST:8649",
    })),
    ...pollFrequency > 0
      ? []
      : [{ key: "pollFrequency", text: "pollFrequency is not above 0", fix: "write 60" }],
  ],
  examples: [{
    title: "All counters to a gmond each minute",
    yaml: `source: { type: netcat, bind: 127.0.0.1, port: 44444 }
sink: { type: logger }
monitoring: { type: ganglia, hosts: "127.0.0.1:8649" }`,
  }],
  needs: () => ({ sys: ["hostname"] }),
  create({ hosts, pollFrequency, isGanglia3 }) {
    const sender = new UdpSender(hosts.map((text) => targetOf(text) ?? refuse(text)));
    const host = hostname();
    const encode = isGanglia3 ? encodeGanglia30 : encodeGanglia31;
    return {
      intervalMs: pollFrequency * 1000,
      report: (snapshot) => sender.send(metricsOf(snapshot, host).flatMap(encode)),
      close: () => sender.close(),
    };
  },
});

function refuse(text: string): never {
  throw new ConfigError(`"${text}" is no host with a port: write HOST:8649`);
}

function targetOf(text: string): UdpTarget | undefined {
  const [, host, port] = /^\[?([^\s\]]+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  return host !== undefined && Number(port) > 0 && Number(port) <= 65535
    ? { host, port: Number(port) }
    : undefined;
}

function* metricsOf(snapshot: CounterSnapshot, host: string): Generator<GangliaMetric> {
  for (const [component, counters] of Object.entries(snapshot)) {
    for (const [counter, value] of Object.entries(counters)) {
      yield { host, name: `flume.${component}.${counter}`, value: String(value) };
    }
  }
}
