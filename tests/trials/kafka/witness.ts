import { Buffer } from "node:buffer";
import { type Consumer, Kafka, logLevel, type Producer } from "kafkajs";
import { registerCodecs } from "../../../protocols/kafka/kafkajs/codecs.ts";
import { until } from "../../support/until.ts";

const ANSWER_LIMIT_MS = 5000;
const METADATA_LIMIT_MS = 20_000;
const SEND_CHARS = 200_000;

/** What a topic is made with; replicas are as many as the brokers say otherwise. */
export interface TopicShape {
  readonly partitions: number;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Kafka as a program that is not ours sees it: makes topics, puts into them, and reads them. */
export class Witness {
  readonly #kafka: Kafka;
  #producer: Promise<Producer> | undefined;

  constructor(brokers: string) {
    registerCodecs();
    this.#kafka = new Kafka({
      brokers: brokers.split(","),
      clientId: "witness",
      logLevel: logLevel.NOTHING,
      connectionTimeout: ANSWER_LIMIT_MS,
      requestTimeout: ANSWER_LIMIT_MS,
    });
  }

  /** Resolves when all its partitions have leaders. */
  async createTopic(topic: string, { partitions, settings = {} }: TopicShape): Promise<void> {
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await this.#asAdmin((admin) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: [{ topic, numPartitions: partitions, replicationFactor: -1, configEntries }],
      })
    );
  }

  /** Resolves when the brokers know it no more. */
  async deleteTopic(topic: string): Promise<void> {
    // It would go on with its numbers in a topic of the same name.
    await this.#forgetProducer();
    await this.#asAdmin(async (admin) => {
      await admin.deleteTopics({ topics: [topic] });
      await until(`topic ${topic} to be gone`, async () => !(await admin.listTopics()).includes(topic));
    });
  }

  /** Events of a topic by the offsets of its partitions. */
  async size(topic: string): Promise<number> {
    const ends = await this.#asAdmin((admin) => admin.fetchTopicOffsets(topic));
    return ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  }

  /** Sends values to one partition; resolves when all replicas in sync have answered for them. */
  async send(topic: string, partition: number, values: readonly string[]): Promise<void> {
    const producer = await (this.#producer ??= this.#connectProducer());
    for (let from = 0; from < values.length;) {
      const to = endOfSend(values, from);
      const messages = values.slice(from, to).map((value) => ({ partition, value }));
      await producer.send({ topic, acks: -1, timeout: ANSWER_LIMIT_MS, messages });
      from = to;
    }
  }

  /** Sends one event with headers as bytes. */
  async sendWithHeaders(topic: string, value: string, headers: Record<string, Uint8Array>): Promise<void> {
    const producer = await (this.#producer ??= this.#connectProducer());
    const bytes = Object.entries(headers).map(([name, header]) => [name, Buffer.from(header)]);
    await producer.send({ topic, messages: [{ value, headers: Object.fromEntries(bytes) }] });
  }

  /** A consumer of its own group that reads committed events from the beginning. */
  consumer(): Consumer {
    return this.#kafka.consumer({ groupId: `witness-${crypto.randomUUID()}`, maxWaitTimeInMs: 100 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#forgetProducer();
  }

  async #connectProducer(): Promise<Producer> {
    // Numbered sends: what it has to send again comes once.
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: { retries: 10, initialRetryTime: 50, maxRetryTime: 500 },
    });
    await producer.connect();
    return producer;
  }

  async #forgetProducer(): Promise<void> {
    const producer = await this.#producer?.catch(() => undefined);
    this.#producer = undefined;
    await producer?.disconnect();
  }

  /** Brokers that have just started may not know their topics for a moment. */
  async #asAdmin<T>(run: (admin: ReturnType<Kafka["admin"]>) => Promise<T>): Promise<T> {
    const endMs = performance.now() + METADATA_LIMIT_MS;
    for (;;) {
      const admin = this.#kafka.admin();
      try {
        await admin.connect();
        return await run(admin);
      } catch (cause) {
        if (performance.now() > endMs) throw cause;
      } finally {
        await admin.disconnect().catch(() => {});
      }
    }
  }
}

/** Where the values of one request end: brokers take a megabyte at most. */
function endOfSend(values: readonly string[], from: number): number {
  let to = from + 1;
  for (let chars = values[from]!.length; to < values.length; to++) {
    chars += values[to]!.length;
    if (chars > SEND_CHARS) break;
  }
  return to;
}
