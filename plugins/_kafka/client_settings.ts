import type { Config, Context } from "sluice/plugin";
import type { ConsumerOptions, KafkaTarget, ProducerOptions } from "../../protocols/kafka/client.ts";
import { MIN_FRAME_BYTES } from "./connection_fields.ts";
import type { consumerFields } from "./consumer_fields.ts";
import type { Below } from "./prefix.ts";
import type { producerFields } from "./producer_fields.ts";

/** What stands below `kafka.producer`, without it. */
export type ProducerSettings = Below<Config<typeof producerFields>, "kafka.producer.">;
/** What stands below `kafka.consumer`, without it. */
export type ConsumerSettings = Below<Config<typeof consumerFields>, "kafka.consumer.">;

/** Idempotent sends keep their order with no more requests than this on their way (KAFKA-5494). */
const IDEMPOTENT_IN_FLIGHT = 5;
const MAX_RECORDS = 10_000;

/** Waits and limits of a side, without its brokers and secrets. */
export function targetLimits(
  side: ProducerSettings | ConsumerSettings,
  { name }: Context,
): Omit<KafkaTarget, "brokers" | "tls" | "sasl" | "onTrouble"> {
  const fetchBytes = "fetch.max.bytes" in side ? side["fetch.max.bytes"] : 0;
  return {
    clientId: side["client.id"] ?? `sluice-${name}`,
    connectTimeoutMs: side["socket.connection.setup.timeout.ms"],
    requestTimeoutMs: side["request.timeout.ms"],
    retryMs: side["retry.backoff.ms"],
    maxRetryMs: Math.max(side["retry.backoff.ms"], side["retry.backoff.max.ms"]),
    metadataAgeMs: side["metadata.max.age.ms"],
    maxFrameBytes: Math.max(MIN_FRAME_BYTES, 2 * fetchBytes),
  };
}

/** How records are sent. */
export function producerOptions(side: ProducerSettings): ProducerOptions {
  const acks = side.acks === "all" ? -1 : Number(side.acks) as -1 | 0 | 1;
  const idempotent = side["enable.idempotence"] ?? acks === -1;
  const maxInFlight = side["max.in.flight.requests.per.connection"];
  const compression = side["compression.type"];
  return {
    acks,
    idempotent,
    compression,
    compressionLevel: levelOf(side),
    lingerMs: side["linger.ms"],
    batchBytes: Math.min(side["batch.size"], side["max.request.size"]),
    maxRecordBytes: side["max.request.size"],
    bufferBytes: side["buffer.memory"],
    maxInFlight: idempotent ? Math.min(maxInFlight, IDEMPOTENT_IN_FLIGHT) : maxInFlight,
    deliveryTimeoutMs: side["delivery.timeout.ms"] ?? Infinity,
    transactionalId: side["transactional.id"],
    transactionTimeoutMs: side["transaction.timeout.ms"],
  };
}

function levelOf(side: ProducerSettings): number | undefined {
  const { "compression.type": compression } = side;
  if (compression === "gzip") return side["compression.gzip.level"];
  return compression === "zstd" ? side["compression.zstd.level"] : undefined;
}

/** How records are read; what is read, and whether headers are wanted, is the plugin's own. */
export function consumerOptions(
  side: ConsumerSettings,
): Omit<ConsumerOptions, "topics" | "pattern" | "wantsHeaders"> {
  return {
    group: side["group.id"],
    instanceId: side["group.instance.id"],
    protocol: side["group.protocol"],
    assignors: side["partition.assignment.strategy"],
    sessionTimeoutMs: side["session.timeout.ms"],
    heartbeatMs: side["heartbeat.interval.ms"],
    rebalanceTimeoutMs: side["max.poll.interval.ms"],
    offsetReset: side["auto.offset.reset"],
    readsCommitted: side["isolation.level"] === "read_committed",
    fetchBytes: side["fetch.max.bytes"],
    partitionBytes: side["max.partition.fetch.bytes"],
    fetchMinBytes: side["fetch.min.bytes"],
    fetchWaitMs: side["fetch.max.wait.ms"],
    maxRecords: side["max.poll.records"] ?? MAX_RECORDS,
  };
}
