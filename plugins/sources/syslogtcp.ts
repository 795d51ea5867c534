import { type Config, type Context, defineSource, type Emit, port } from "sluice/plugin";
import { SyslogConnection } from "./_syslog/connection.ts";
import { formatComplaints, formatFields, keptComplaints, syslogFields } from "./_syslog/fields.ts";
import { syslogtcpMaker } from "./_syslog/makers.ts";
import { Senders } from "./_syslog/senders.ts";
import { readPool, TCP_ABOUT, tcpFields } from "./_syslog/tcp_fields.ts";
import { serveTcp } from "./_tcp/server.ts";
import { tlsComplaints, tlsIdentity, tlsServerFields } from "./_tcp/tls_fields.ts";

const config = {
  port: port().describe("TCP port to listen on; 0 picks a free one."),
  ...syslogFields,
  ...tcpFields,
  ...formatFields,
  ...tlsServerFields,
};

export default defineSource({
  name: "syslogtcp",
  aliases: ["org.apache.flume.source.SyslogTcpSource"],
  summary: "Receives syslog over TCP, in the formats of RFC 3164 and RFC 5424.",
  about:
    `Heads become the headers Facility, Severity, priority, version, timestamp (milliseconds since 1970) and host, as in \
Flume; \`flume.syslog.status\` is Invalid for what is no syslog, Incomplete for what was cut. A line with a known priority \
and an unknown head, or with a carriage return, keeps its head in the body. Times without a zone are local; a year that \
is not written is guessed so that the time lies between eleven months ago and one month ahead. ${TCP_ABOUT}

Other than in Flume: parts of a second and offsets are read as RFC 5424 means them (Flume takes \`.5\` for five \
milliseconds, and leaves out the offset behind a fraction); up to nine digits of a second are read; a line never \
inherits priority and version from the one before; bytes that are no UTF-8 stay as they are; where \`keepFields\` \
keeps a host or time that is not known, "-" stands, not "null".`,
  config,
  check: (settings) => [
    ...tlsComplaints(settings),
    ...keptComplaints(settings),
    ...formatComplaints(settings),
  ],
  examples: [{
    title: "Keep time and host in front of the text",
    yaml: `source: { type: syslogtcp, host: 127.0.0.1, port: 5140, keepFields: timestamp hostname }
channel: { type: memory, capacity: 10000, transactionCapacity: 1000 }
sink: { type: file_roll, directory: out }`,
  }],
  create: (settings, context) => ({ run: (emit) => serve(emit, settings, context) }),
});

async function serve(emit: Emit, settings: Config<typeof config>, context: Context): Promise<void> {
  const { host: bind, port, framing, eventSize: eventBytes, maxConnections, idleTimeout } = settings;
  const senders = new Senders(settings, context.clock);
  const parts = {
    emit,
    context,
    pool: readPool(),
    maker: syslogtcpMaker(settings, context, eventBytes),
    framing,
    eventBytes,
    headersOf: ({ hostname }: Deno.NetAddr) => senders.headersOf([hostname]),
  };
  await serveTcp({
    bind,
    port,
    maxConnections,
    idleTimeoutMs: idleTimeout * 1000,
    identity: await tlsIdentity(settings),
    open: (conn) => new SyslogConnection(conn, parts),
  }, context);
}
