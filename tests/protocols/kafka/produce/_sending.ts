import type { KafkaTarget, ProducePart, ProducerOptions } from "../../../../protocols/kafka/client.ts";
import { EventBatch } from "sluice/plugin";

/** A producer that gives up nothing and waits for all replicas. */
export const PRODUCER: ProducerOptions = {
  acks: -1,
  idempotent: true,
  compression: "none",
  lingerMs: 0,
  batchBytes: 16_384,
  maxRecordBytes: 1_048_576,
  maxInFlight: 5,
  deliveryTimeoutMs: Infinity,
  transactionTimeoutMs: 60_000,
};

export function targetOf(brokers: string): KafkaTarget {
  return {
    brokers: brokers.split(","),
    clientId: "test",
    connectTimeoutMs: 5000,
    requestTimeoutMs: 10_000,
    retryMs: 20,
    maxRetryMs: 500,
    metadataAgeMs: 60_000,
    maxFrameBytes: 64 * 1024 * 1024,
    onTrouble() {},
  };
}

/** Records with given texts, or with numbers. */
export function numberedPart(
  target: { readonly topic: string; readonly partition: number },
  content: { readonly texts: readonly string[] } | { readonly from: number; readonly size: number },
): ProducePart {
  const texts = "texts" in content
    ? content.texts
    : Array.from({ length: content.size }, (_, at) => `${content.from + at}`);
  return { ...target, bodies: EventBatch.from(texts.map((body) => ({ body }))), timestamps: Date.now() };
}
