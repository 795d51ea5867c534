import { type Config, defineSource, errorText, int, list, map, text } from "sluice/plugin";
import { Charset } from "./_syslog/charset.ts";
import { keptComplaints, syslogFields } from "./_syslog/fields.ts";
import { MultiportServer } from "./_syslog/multiport_server.ts";
import { TCP_ABOUT, tcpFields } from "./_syslog/tcp_fields.ts";
import { tlsComplaints, tlsIdentity, tlsServerFields } from "./_tcp/tls_fields.ts";

const ONE_THREAD = "one thread serves all ports";

const config = {
  ports: list({ net: "listen-port" }).describe("TCP ports to listen on; 0 picks a free one."),
  ...syslogFields,
  portHeader: text().optional().describe("Header that gets the number of the port."),
  "charset.default": text().default("UTF-8").describe(
    "Charset of what is sent, seen in host names and in what is invalid.",
  ),
  "charset.port": map(text()).default({}).describe(
    "Charset for one port, as charset.port.5140 = iso-8859-1.",
  ),
  ...tcpFields,
  batchSize: int({ min: 1 }, { unit: "events", ignored: "batches are as large as what is at hand" }).default(
    100,
  )
    .describe("Events in one transaction."),
  readBufferBytes: int({ min: 1 }, {
    unit: "bytes",
    alias: ["readBufferSize"],
    ignored: "buffers grow with what a sender sends",
  })
    .default(1024)
    .describe("Read buffer of one connection."),
  numProcessors: int({ min: 1 }, { ignored: ONE_THREAD }).optional().describe(
    "Processors that Flume makes threads for.",
  ),
  ...tlsServerFields,
};

type Settings = Config<typeof config>;

export default defineSource({
  name: "multiport_syslogtcp",
  aliases: ["org.apache.flume.source.MultiportSyslogTCPSource"],
  summary: "Receives syslog on several TCP ports, told apart by a header, each with a charset of its own.",
  about:
    `Heads become the headers Facility, Severity, Priority, Version, timestamp (milliseconds since 1970) and host, as in \
Flume. \`flume.syslog.status\` is Invalid for what does not fit, with no other header; Incomplete for what was cut. Unlike \
\`syslogtcp\` any host is taken, times without a zone are UTC, "-" is the time at which the line came, and a date that \
does not exist gives 0. Bodies are not recoded. A port that cannot be had is tried again and again while the others work. \
${TCP_ABOUT}

Other than in Flume: years are guessed as \`syslogtcp\` does (Flume puts dates that are more than a month old into 2001); \
an empty line is passed over, and a date that does not exist makes the line invalid (both cost Flume all that it has \
read with them); a body goes on behind a NUL.`,
  config,
  check: (settings) => [
    ...tlsComplaints(settings),
    ...keptComplaints(settings),
    ...portComplaints(settings),
    ...charsetComplaints(settings),
  ],
  examples: [{
    title: "Two ports, told apart by a header",
    yaml: `source: { type: multiport_syslogtcp, host: 127.0.0.1, ports: 10001 10002, portHeader: port }
channel: { type: memory, capacity: 10000, transactionCapacity: 1000 }
sink: { type: file_roll, directory: out, serializer: header_and_text }`,
  }],
  create: (settings, context) => ({
    async run(emit) {
      const identity = await tlsIdentity(settings);
      await new MultiportServer({ ...settings, identity }, context, emit).run();
    },
  }),
});

function portComplaints({ ports }: Settings) {
  const strays = ports.filter((port) => !/^\d{1,5}$/.test(port) || Number(port) > 65535);
  const twice = ports.filter((port, index) => port !== "0" && ports.indexOf(port) < index);
  const texts = [
    ...strays.map((port) => `"${port}" is no port`),
    ...twice.map((port) => `port ${port} is named twice`),
    ...ports.length === 0 ? ["no port is named"] : [],
  ];
  const fix = "write different numbers up to 65535 with blanks between them, as ports: 10001 10002";
  return texts.map((text) => ({ key: "ports", text, fix }));
}

function charsetComplaints(settings: Settings) {
  const all = [
    ["charset.default", settings["charset.default"]] as const,
    ...Object.entries(settings["charset.port"]),
  ];
  return all.flatMap(([key, label]) => {
    try {
      new Charset(label);
      return [];
    } catch (cause) {
      const text = `charset "${label}" cannot be used: ${errorText(cause)}`;
      return [{
        key: key === "charset.default" ? key : "charset.port",
        text,
        fix: "write a name such as UTF-8, ISO-8859-1, GBK or windows-1252",
      }];
    }
  });
}
