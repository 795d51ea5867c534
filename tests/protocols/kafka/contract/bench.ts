import { type Admin, Kafka, logLevel } from "kafkajs";
import type {
  ConsumerOptions,
  KafkaClient,
  KafkaProducer,
  KafkaTarget,
  ProducePart,
  ProducerOptions,
} from "../../../../protocols/kafka/client.ts";
import { until } from "../../../support/until.ts";
import { Reading, type ReadingHooks } from "./reading.ts";

/** One of the clients, and the other one, which reads what it wrote. */
export interface ClientSubject {
  readonly name: string;
  create(target: KafkaTarget): KafkaClient;
  createOther(target: KafkaTarget): KafkaClient;
}

export const PRODUCER_OPTIONS: ProducerOptions = {
  acks: -1,
  idempotent: true,
  compression: "none",
  lingerMs: 0,
  batchBytes: 64 * 1024,
  maxRecordBytes: 1024 * 1024,
  maxInFlight: 5,
  deliveryTimeoutMs: Infinity,
  transactionTimeoutMs: 10_000,
};

const CONSUMER_OPTIONS: Omit<ConsumerOptions, "group" | "topics"> = {
  protocol: "classic",
  assignors: ["range", "roundrobin"],
  sessionTimeoutMs: 6_000,
  heartbeatMs: 100,
  rebalanceTimeoutMs: 10_000,
  offsetReset: "earliest",
  readsCommitted: true,
  fetchBytes: 1024 * 1024,
  partitionBytes: 256 * 1024,
  fetchMinBytes: 1,
  fetchWaitMs: 50,
  maxRecords: 500,
  wantsHeaders: true,
};

/** A broker, a client at it, and everything that a case opens; all of it is closed behind the case. */
export class ClientBench {
  readonly env: Readonly<Record<string, string>>;
  readonly subject: ClientSubject;
  /** What the client has told of that it tries again. */
  readonly troubles: (Error | undefined)[] = [];
  readonly #abort = new AbortController();
  readonly #clients: KafkaClient[] = [];
  readonly #readings: Reading[] = [];
  #stranger: Kafka | undefined;
  #admin: Admin | undefined;

  constructor(env: Readonly<Record<string, string>>, subject: ClientSubject) {
    this.env = env;
    this.subject = subject;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** kafkajs as it is, for what no client of ours does. */
  get stranger(): Kafka {
    return this.#stranger ??= new Kafka({
      brokers: [this.env.KAFKA_BROKERS!],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 50 },
    });
  }

  client(change: Partial<KafkaTarget> = {}): KafkaClient {
    return this.#track(this.subject.create(this.#target(change)));
  }

  other(): KafkaClient {
    return this.#track(this.subject.createOther(this.#target({})));
  }

  async producer(change: Partial<ProducerOptions> = {}, client = this.client()): Promise<KafkaProducer> {
    return await client.producer({ ...PRODUCER_OPTIONS, ...change }, this.signal);
  }

  /** Makes a topic with a name of its own. */
  async topic(numPartitions = 1, settings: Readonly<Record<string, string>> = {}): Promise<string> {
    const topic = `t-${crypto.randomUUID()}`;
    await this.createTopic(topic, numPartitions, settings);
    return topic;
  }

  async createTopic(
    topic: string,
    numPartitions = 1,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    const admin = await this.#openAdmin();
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions, configEntries }] });
    const isLed = async () => {
      const { topics: [found] } = await admin.fetchTopicMetadata({ topics: [topic] });
      return found?.partitions.every(({ leader }) => leader >= 0) ?? false;
    };
    await until(`topic ${topic}`, () => isLed().catch(() => false));
  }

  /** Reads as a member of a group until it is stopped. */
  read(
    options: Pick<ConsumerOptions, "topics"> & Partial<ConsumerOptions>,
    { client = this.client(), ...hooks }: ReadingHooks & { readonly client?: KafkaClient } = {},
  ): Reading {
    const group = `g-${crypto.randomUUID()}`;
    const reading = new Reading(client.consumer({ ...CONSUMER_OPTIONS, group, ...options }), hooks);
    this.#readings.push(reading);
    return reading;
  }

  /** What comes of a topic when a group of its own reads it. */
  async contents(
    topic: string,
    count: number,
    { client, ...change }: Partial<ConsumerOptions> & { readonly client?: KafkaClient } = {},
  ): Promise<Reading> {
    const reading = this.read({ topics: [topic], ...change }, client && { client });
    await reading.until(`${count} records of ${topic}`, () => reading.records.length >= count);
    await reading.stop();
    return reading;
  }

  async end(): Promise<void> {
    this.#abort.abort(new Error("The case has ended"));
    await Promise.all(this.#readings.map((reading) => reading.stop().catch(() => {})));
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.#admin?.disconnect();
  }

  async #openAdmin(): Promise<Admin> {
    if (this.#admin) return this.#admin;
    this.#admin = this.stranger.admin({ retry: { retries: 0 } });
    await this.#admin.connect();
    return this.#admin;
  }

  #track(client: KafkaClient): KafkaClient {
    this.#clients.push(client);
    return client;
  }

  #target(change: Partial<KafkaTarget>): KafkaTarget {
    return {
      brokers: [this.env.KAFKA_BROKERS!],
      clientId: "contract",
      connectTimeoutMs: 5_000,
      requestTimeoutMs: 10_000,
      retryMs: 50,
      maxRetryMs: 400,
      metadataAgeMs: 1_000,
      maxFrameBytes: 64 * 1024 * 1024,
      onTrouble: (cause) => void this.troubles.push(cause),
      ...change,
    };
  }
}

/** A part whose bodies are these texts. */
export function partOf(
  topic: string,
  texts: readonly string[],
  change: Partial<ProducePart> = {},
): ProducePart {
  const bodies = texts.map((text) => new TextEncoder().encode(text));
  const block = new Uint8Array(bodies.reduce((sum, { length }) => sum + length, 0));
  const starts = new Uint32Array(bodies.length);
  const ends = new Uint32Array(bodies.length);
  let at = 0;
  for (const [index, body] of bodies.entries()) {
    block.set(body, at);
    starts[index] = at;
    ends[index] = at += body.length;
  }
  return {
    topic,
    partition: 0,
    bodies: { block, starts, ends, size: bodies.length },
    timestamps: Date.now(),
    ...change,
  };
}

/** Texts that tell their place: `a0`, `a1` … */
export function texts(count: number, prefix = "event "): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** Sends, and waits until the brokers have all of it. */
export async function sendAll(producer: KafkaProducer, parts: readonly ProducePart[]): Promise<void> {
  const { delivered } = await producer.send(parts);
  await delivered;
}
