import { bool, bytes, choice, duration, int, text } from "sluice/plugin";
import { clientFields } from "./connection_fields.ts";
import { prefixed } from "./prefix.ts";
import { securityFields } from "./security_fields.ts";

const BYTES_ONLY = "bodies are sent as they are, keys as UTF-8";
const OWN_PARTITIONER = "events without a partition of their own go as Java's default partitioner sends them";

const working = {
  acks: choice(["all", "-1", "0", "1"], { alias: ["requiredAcks"] }).default("all").describe(
    "Replicas that must have a batch before it counts as delivered: `all` that are in sync, `1` the leader (its loss loses events), `0` none.",
  ),
  "enable.idempotence": bool().optional().describe(
    "Number what is sent, so that the brokers drop what comes twice. On where acks is `all`.",
  ),
  "compression.type": choice(["none", "gzip", "snappy", "lz4", "zstd"]).default("none").describe(
    "How batches are compressed.",
  ),
  "compression.gzip.level": int({ min: -1, max: 9 }).optional().describe("Effort of gzip: 1 least, 9 most."),
  "compression.lz4.level": int({ min: 1, max: 17 }, { ignored: "lz4 has one effort here" }).optional()
    .describe("Effort of lz4."),
  "compression.zstd.level": int({ min: -131_072, max: 22 }).optional().describe(
    "Effort of zstd: 1 least, 22 most.",
  ),
  "linger.ms": duration("ms").default(0).describe(
    "How long a batch that is not full waits for more while nothing else is on its way.",
  ),
  "batch.size": bytes().default(256 * 1024).describe(
    "A batch for one partition is closed at this size, before compression.",
  ),
  "max.request.size": bytes().default(1024 * 1024).describe(
    "A larger event is refused here, before the brokers do: it is poison.",
  ),
  "max.in.flight.requests.per.connection": int({ min: 1, max: 1000 }).default(5).describe(
    "Requests on their way to one broker; 5 at most where sends are idempotent.",
  ),
  "buffer.memory": bytes().default(32 * 1024 * 1024).describe(
    "Bytes that are not sent or not confirmed yet; more make the channel wait.",
  ),
  "delivery.timeout.ms": duration("ms").optional().describe(
    "A batch that is older is given up and taken anew, which may repeat it. Without this it is sent until the brokers have it.",
  ),
  "transactional.id": text().optional().describe(
    "Makes transactions, under a name that no other producer has.",
  ),
  "transaction.timeout.ms": duration("ms").default(60_000).describe(
    "The brokers abort a transaction that is open for longer.",
  ),
};

const idle = {
  retries: int({}, { ignored: "delivery.timeout.ms says when to give up" }).optional().describe("Tries."),
  "buffer.memory.allocation.strategy": text({ ignored: "memory is taken as it is needed" }).default("full")
    .describe("When memory is taken."),
  "partitioner.rack.aware": bool({ ignored: OWN_PARTITIONER }).default(false).describe(
    "Near brokers get more.",
  ),
  "max.block.ms": duration("ms", { ignored: "a send waits as long as it must, and says so" }).default(60_000)
    .describe("Wait for room."),
  "key.serializer": text({ ignored: BYTES_ONLY }).optional().describe("Java class."),
  "value.serializer": text({ ignored: BYTES_ONLY }).optional().describe("Java class."),
  "partitioner.class": text({ ignored: OWN_PARTITIONER }).optional().describe("Java class."),
  "partitioner.ignore.keys": bool({ ignored: OWN_PARTITIONER }).default(false).describe("Keys do not count."),
  "partitioner.adaptive.partitioning.enable": bool({ ignored: OWN_PARTITIONER }).default(true)
    .describe("Faster brokers get more."),
  "partitioner.availability.timeout.ms": duration("ms", { ignored: OWN_PARTITIONER }).default(0)
    .describe("Slow brokers get nothing."),
  "metadata.max.idle.ms": duration("ms", { ignored: "topics are forgotten with metadata.max.age.ms" })
    .default(300_000).describe("Age of unused topics."),
  "transaction.two.phase.commit.enable": bool({ ignored: "transactions are ended by the sink itself" })
    .default(false).describe("Transactions that others end."),
};

/** All that may stand below `kafka.producer`: Java's ProducerConfig. */
export const producerFields = prefixed("kafka.producer.", {
  ...working,
  ...clientFields,
  ...securityFields,
  ...idle,
});
