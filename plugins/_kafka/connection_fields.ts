// Names, units and defaults are those of Kafka's Java clients (CommonClientConfigs of kafka-clients 3.9 and 4.x), whose
// settings Flume's files hand through; each of them stands in one of the field lists of this folder.
import { bool, bytes, choice, duration, int, list, map, meta, secret, text } from "sluice/plugin";

const BROKER = /^(?:[a-z_]+:\/\/)?(?:[\w.\-]+|\[[0-9a-f:.%]+\]):\d{1,5}$/i;

const brokers = list().refine((words) => words.length > 0 && words.every((word) => BROKER.test(word)), {
  error: "Expected host:port, with commas between several",
});

/** The fields that every Kafka component has once. */
export const connectionFields = {
  "kafka.bootstrap.servers": meta(brokers, {
    type: "list",
    net: "connect",
    alias: ["brokerList", "kafka.brokerList", "brokers"],
  }).describe(
    "Brokers to begin with, as host:port; the others are learned from them. A sandbox (`sluice permissions`) reaches only those that stand here.",
  ),
  client: choice(["platformatic", "kafkajs"]).default("platformatic").describe(
    "What speaks to the brokers: `platformatic` is many times faster and works with Kafka 3.0 and later; `kafkajs` with older ones, too.",
  ),
};

const NO_METRICS = "sluice has metrics of its own";
const NO_TUNING = "the operating system sizes its buffers itself";
const NO_CLASSES = "Java classes cannot be run here";
const OWN_BACKOFF = "retry.backoff.ms and retry.backoff.max.ms serve here, too";

/** What a producer and a consumer have in common. */
export const clientFields = {
  "client.id": text().optional().describe(
    "Name shown in the brokers' logs and quotas; `sluice-` and the component's name if absent.",
  ),
  "request.timeout.ms": duration("ms").default(30_000).describe("How long an answer may take."),
  "socket.connection.setup.timeout.ms": duration("ms").default(10_000).describe(
    "How long a connection may take to be made, TLS and SASL included.",
  ),
  "retry.backoff.ms": duration("ms").default(100).describe(
    "Wait after a failure; it doubles from time to time.",
  ),
  "retry.backoff.max.ms": duration("ms").default(1000).describe("The longest such wait."),
  "metadata.max.age.ms": duration("ms").default(300_000).describe(
    "How long what is known of topics and their leaders may be used; new partitions are seen after that.",
  ),
  "bootstrap.servers": list({ ignored: "kafka.bootstrap.servers names the brokers, as in Flume" }).optional()
    .describe("Brokers."),
  "reconnect.backoff.ms": duration("ms", { ignored: OWN_BACKOFF }).default(50).describe("Wait."),
  "reconnect.backoff.max.ms": duration("ms", { ignored: OWN_BACKOFF }).default(1000).describe(
    "Longest wait.",
  ),
  "socket.connection.setup.timeout.max.ms": duration("ms", {
    ignored: "the time for a connection does not grow",
  })
    .default(30_000).describe("Longest time for a connection."),
  "connections.max.idle.ms": duration("ms", { ignored: "a connection that a broker closes is made anew" })
    .default(540_000).describe("Age of idle connections."),
  "client.dns.lookup": text({ ignored: "all addresses of a name are tried" }).default("use_all_dns_ips")
    .describe("Look-up of names."),
  "receive.buffer.bytes": int({}, { ignored: NO_TUNING }).default(65_536).describe("Socket buffer."),
  "send.buffer.bytes": int({}, { ignored: NO_TUNING }).default(131_072).describe("Socket buffer."),
  "metadata.recovery.strategy": text({
    ignored: "kafka.bootstrap.servers are always asked again when no other broker answers",
  })
    .default("rebootstrap").describe("What follows when no broker answers."),
  "metadata.recovery.rebootstrap.trigger.ms": duration("ms", {
    ignored: "kafka.bootstrap.servers are asked as soon as no other broker answers",
  }).default(300_000).describe("When it follows."),
  "bootstrap.resolve.timeout.ms": duration("ms", { ignored: "socket.connection.setup.timeout.ms serves" })
    .default(0).describe("Time for the look-up of names."),
  "metadata.cluster.check.enable": bool({ ignored: "the brokers that are named are believed" }).default(true)
    .describe("Whether it is the same cluster."),
  "client.rack": text({ ignored: "leaders are spoken to, wherever they are" }).optional().describe(
    "Nearest replica.",
  ),
  "metric.reporters": text({ ignored: NO_METRICS }).optional().describe("Java classes."),
  metrics: map(text(), { ignored: NO_METRICS }).optional().describe("The Java client's metrics."),
  "auto.include.jmx.reporter": bool({ ignored: NO_METRICS }).default(true).describe("JMX."),
  "enable.metrics.push": bool({ ignored: NO_METRICS }).default(true).describe("Metrics sent to the brokers."),
  "interceptor.classes": text({ ignored: NO_CLASSES }).optional().describe("Java classes."),
  config: map(secret(), { ignored: "write ${env:NAME} or ${file:path} instead" }).optional()
    .describe("Providers of secrets."),
};

/** Most bytes of one answer that are believed to be meant, beside what fetches ask for. */
export const MIN_FRAME_BYTES = bytes().parse("64MiB");
