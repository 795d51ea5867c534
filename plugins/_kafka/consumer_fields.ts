import { bool, bytes, choice, duration, int, list, map, meta, text } from "sluice/plugin";
import { clientFields } from "./connection_fields.ts";
import { prefixed } from "./prefix.ts";
import { securityFields } from "./security_fields.ts";

const BYTES_ONLY = "bodies are taken as they are, keys as UTF-8";
const FORCED = "offsets are noted when the events are safe, as Flume does";

/** Java's class names, and a short word for each. */
const ASSIGNORS: Readonly<Record<string, "range" | "roundrobin">> = {
  range: "range",
  roundrobin: "roundrobin",
  "org.apache.kafka.clients.consumer.RangeAssignor": "range",
  "org.apache.kafka.clients.consumer.RoundRobinAssignor": "roundrobin",
};

const assignors = list().transform((words, context) => {
  const odd = words.find((word) => !Object.hasOwn(ASSIGNORS, word));
  if (odd === undefined && words.length > 0) return [...new Set(words.map((word) => ASSIGNORS[word]!))];
  context.addIssue({
    code: "custom",
    message:
      "Expected range or roundrobin (RangeAssignor, RoundRobinAssignor), the same for all members of the group" +
      (odd?.includes("Sticky")
        ? ": sticky assignors are not there; range gives partitions back to whom had them"
        : ""),
    input: words,
  });
  return [];
});

const working = {
  "group.id": text({ alias: ["groupId"] }).default("flume").describe(
    "Consumer group: its members share the partitions, and its offsets say where reading goes on.",
  ),
  "group.instance.id": text().optional().describe(
    "Name of this member, known again after a restart within session.timeout.ms, so that nothing is distributed anew.",
  ),
  "group.protocol": choice(["classic", "consumer"]).default("classic").describe(
    "How the group agrees: `consumer` is that of Kafka 4, where the brokers distribute the partitions.",
  ),
  "partition.assignment.strategy": meta(assignors, { type: "list" }).default(["range"]).describe(
    "Who gets which partitions, in the classic protocol: `range` or `roundrobin`, the best first.",
  ),
  "auto.offset.reset": choice(["earliest", "latest", "none"]).default("latest").describe(
    "Where a partition begins for which the group has no offset; `none` is an error.",
  ),
  "isolation.level": choice(["read_committed", "read_uncommitted"]).default("read_committed").describe(
    "`read_committed`: what a transaction has not ended yet waits, and what it took back is never seen.",
  ),
  "session.timeout.ms": duration("ms").default(45_000).describe("A member that is silent for longer is out."),
  "heartbeat.interval.ms": duration("ms").default(3000).describe("How often a member says that it is there."),
  "max.poll.interval.ms": duration("ms").default(300_000).describe(
    "How long a member may take to end what it has under way when partitions are distributed anew.",
  ),
  "max.poll.records": int({ min: 1 }, { unit: "events" }).optional().describe(
    "Events of one partition handed on at once at most; as many as were fetched if absent.",
  ),
  "fetch.max.bytes": bytes().default(4 * 1024 * 1024).describe("Bytes of one fetch from one broker."),
  "max.partition.fetch.bytes": bytes().default(1024 * 1024).describe("Bytes of one partition in it."),
  "fetch.min.bytes": bytes().default(1).describe("A fetch waits for so many bytes …"),
  "fetch.max.wait.ms": duration("ms").default(500).describe("… and not longer than this."),
};

const idle = {
  "enable.auto.commit": bool({ ignored: FORCED }).default(false).describe("Offsets noted by the clock."),
  "auto.commit.interval.ms": duration("ms", { ignored: FORCED }).default(5000).describe("How often."),
  "check.crcs": bool({ ignored: "checksums are always checked" }).default(true).describe("Checksums."),
  "key.deserializer": text({ ignored: BYTES_ONLY }).optional().describe("Java class."),
  "value.deserializer": text({ ignored: BYTES_ONLY }).optional().describe("Java class."),
  "default.api.timeout.ms": duration("ms", {
    ignored: "request.timeout.ms serves; what fails is tried again",
  })
    .default(60_000).describe("Time limit."),
  "exclude.internal.topics": bool({ ignored: "a pattern never matches internal topics" }).default(true)
    .describe("Internal topics."),
  "allow.auto.create.topics": bool({ ignored: "reading never creates a topic" }).default(true)
    .describe("Creation of topics."),
  "group.remote.assignor": text({ ignored: "the brokers choose" }).optional().describe(
    "Assignor of the brokers.",
  ),
  "share.acknowledgement.mode": text({ ignored: "this is no share group" }).optional().describe(
    "Share groups.",
  ),
  internal: map(text(), { ignored: "it is a switch for Java's own tests" }).optional().describe(
    "Internal switches.",
  ),
  "share.acquire.mode": text({ ignored: "this is no share group" }).optional().describe("Share groups."),
};

/** All that may stand below `kafka.consumer`: Java's ConsumerConfig. */
export const consumerFields = prefixed("kafka.consumer.", {
  ...working,
  ...clientFields,
  ...securityFields,
  ...idle,
});
