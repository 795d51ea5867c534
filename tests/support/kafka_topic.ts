import { type IHeaders, Kafka, type KafkaMessage, logLevel } from "kafkajs";
import { registerCodecs } from "../../protocols/kafka/kafkajs/codecs.ts";
import { until } from "./until.ts";

/** A record as another program reads it, its bytes as text. */
export interface ReadRecord {
  readonly partition: number;
  readonly key: string | undefined;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timestampMs: number;
}

/** Reads so many committed records of a topic from its beginning, in the order of each partition. */
export async function readTopic(brokers: string, topic: string, count: number): Promise<ReadRecord[]> {
  registerCodecs();
  const kafka = new Kafka({ brokers: brokers.split(","), clientId: "reader", logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `reader-${crypto.randomUUID()}`, maxWaitTimeInMs: 50 });
  const records: ReadRecord[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage({ partition, message }) {
        records.push(recordOf(partition, message));
        return Promise.resolve();
      },
    });
    await until(`${count} records of ${topic}`, () => records.length >= count, 30_000);
  } finally {
    await consumer.disconnect();
  }
  return records;
}

function recordOf(partition: number, { key, value, headers = {}, timestamp }: KafkaMessage): ReadRecord {
  return {
    partition,
    key: key?.toString(),
    value: value?.toString("latin1") ?? "",
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, textOf(value)])),
    timestampMs: Number(timestamp),
  };
}

function textOf(value: IHeaders[string]): string {
  return Array.isArray(value) ? value.map(String).join() : String(value ?? "");
}
