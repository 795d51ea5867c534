// Runs as a process of its own: produces or consumes with one of the bare client libraries, and prints a KafkaLoadResult.
import { Buffer } from "node:buffer";
import { Consumer, Producer, stringDeserializers } from "@platformatic/kafka";
import { Kafka, logLevel } from "kafkajs";

/** What to do, and where. */
export interface KafkaOrder {
  readonly client: "platformatic" | "kafkajs";
  readonly work: "produce" | "consume";
  readonly brokers: string;
  readonly topic: string;
  readonly partitions: number;
  readonly records: number;
  readonly bodyBytes: number;
  /** Records of each transaction; 0: none. */
  readonly transaction: number;
}

/** What was done. */
export interface KafkaLoadResult {
  readonly records: number;
  readonly ms: number;
}

type Send = (batch: readonly Buffer[], partition: number) => Promise<unknown>;

const BATCH = 4000;
const FETCH_BYTES = 8 * 1024 * 1024;

/** Sends all, a batch for each partition at a time. */
async function produceAll(order: KafkaOrder, send: Send): Promise<KafkaLoadResult> {
  const body = Buffer.alloc(order.bodyBytes, "x");
  const size = order.transaction > 0 ? Math.ceil(order.transaction / order.partitions) : BATCH;
  const startMs = performance.now();
  let sent = 0;
  for (; sent < order.records; sent += size * order.partitions) {
    const batch = Array<Buffer>(size).fill(body);
    await Promise.all(Array.from({ length: order.partitions }, (_, partition) => send(batch, partition)));
  }
  return { records: sent, ms: performance.now() - startMs };
}

async function produceWithPlatformatic(order: KafkaOrder): Promise<KafkaLoadResult> {
  const producer = new Producer<Buffer, Buffer, Buffer, Buffer>({
    clientId: "bench",
    bootstrapBrokers: order.brokers.split(","),
    idempotent: true,
    acks: -1,
    retryDelay: 20,
    ...order.transaction > 0 ? { transactionalId: `${order.topic}-${crypto.randomUUID()}` } : {},
  });
  const { topic } = order;
  const toSend = (batch: readonly Buffer[], partition: number) => {
    return { messages: batch.map((value) => ({ topic, partition, value })) };
  };
  try {
    if (order.transaction === 0) {
      return await produceAll(order, (batch, partition) => producer.send(toSend(batch, partition)));
    }
    const turns = Math.ceil(order.records / order.transaction);
    const startMs = performance.now();
    for (let turn = 0; turn < turns; turn++) {
      const transaction = await producer.beginTransaction();
      const share = { ...order, records: order.transaction };
      await produceAll(share, (batch, partition) => transaction.send(toSend(batch, partition)));
      await transaction.commit();
    }
    return { records: turns * order.transaction, ms: performance.now() - startMs };
  } finally {
    await producer.close();
  }
}

async function produceWithKafkajs(order: KafkaOrder): Promise<KafkaLoadResult> {
  const kafka = new Kafka({ brokers: order.brokers.split(","), logLevel: logLevel.NOTHING });
  const isTransactional = order.transaction > 0;
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    ...isTransactional ? { transactionalId: `${order.topic}-${crypto.randomUUID()}` } : {},
  });
  await producer.connect();
  const { topic } = order;
  try {
    if (!isTransactional) {
      return await produceAll(
        order,
        (batch, partition) =>
          producer.send({ topic, acks: -1, messages: batch.map((value) => ({ value, partition })) }),
      );
    }
    const turns = Math.ceil(order.records / order.transaction);
    const startMs = performance.now();
    for (let turn = 0; turn < turns; turn++) {
      const transaction = await producer.transaction();
      const share = { ...order, records: order.transaction };
      await produceAll(
        share,
        (batch, partition) =>
          transaction.send({ topic, acks: -1, messages: batch.map((value) => ({ value, partition })) }),
      );
      await transaction.commit();
    }
    return { records: turns * order.transaction, ms: performance.now() - startMs };
  } finally {
    await producer.disconnect();
  }
}

async function consumeWithPlatformatic(order: KafkaOrder): Promise<KafkaLoadResult> {
  const consumer = new Consumer({
    clientId: "bench",
    groupId: `bench-${crypto.randomUUID()}`,
    bootstrapBrokers: order.brokers.split(","),
    deserializers: { ...stringDeserializers, value: (value?: Buffer) => value! },
  });
  const stream = await consumer.consume({
    topics: [order.topic],
    mode: "earliest",
    autocommit: false,
    maxBytes: FETCH_BYTES,
    maxBytesPerPartition: FETCH_BYTES / 8,
    maxWaitTime: 100,
  });
  const startMs = performance.now();
  let records = 0;
  for await (const _ of stream) if (++records >= order.records) break;
  const ms = performance.now() - startMs;
  await consumer.close(true);
  return { records, ms };
}

async function consumeWithKafkajs(order: KafkaOrder): Promise<KafkaLoadResult> {
  const kafka = new Kafka({ brokers: order.brokers.split(","), logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({
    groupId: `bench-${crypto.randomUUID()}`,
    maxWaitTimeInMs: 100,
    maxBytes: FETCH_BYTES,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [order.topic], fromBeginning: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  let [records, startMs] = [0, 0];
  consumer.on("consumer.group_join", () => startMs = performance.now());
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: order.partitions,
    eachBatch: ({ batch }) => {
      records += batch.messages.length;
      if (records >= order.records) resolve();
      return Promise.resolve();
    },
  });
  await promise;
  const ms = performance.now() - startMs;
  await consumer.disconnect();
  return { records, ms };
}

const WORK = {
  platformatic: { produce: produceWithPlatformatic, consume: consumeWithPlatformatic },
  kafkajs: { produce: produceWithKafkajs, consume: consumeWithKafkajs },
};

if (import.meta.main) {
  const order = JSON.parse(Deno.args[0]!) as KafkaOrder;
  console.log(JSON.stringify(await WORK[order.client][order.work](order)));
  Deno.exit(0);
}
