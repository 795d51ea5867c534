import { type Admin, Kafka, logLevel } from "kafkajs";
import { type JavaLoad, loadWithJava } from "../../tests/peers/kafka/java_client.ts";
import { type RunningServer, startServer } from "../../tests/servers/mod.ts";
import type { KafkaLoadResult, KafkaOrder } from "./kafka_load.ts";
import { putLoad } from "./load.ts";

/** Bytes of each body, and partitions of each topic. */
export const BODY_BYTES = 200;
export const PARTITIONS = 3;

/** A client that the stages are measured beside. */
export type Rival = "Java client" | "bare @platformatic/kafka" | "bare kafkajs";

/** A broker of its own for a case. */
export class KafkaLab {
  readonly #server: RunningServer;
  readonly #admin: Admin;
  #topics = 0;

  private constructor(server: RunningServer, admin: Admin) {
    this.#server = server;
    this.#admin = admin;
  }

  /** Undefined, and the reason on the console, where there is no broker. */
  static async open(): Promise<KafkaLab | undefined> {
    const server = await startServer("kafka", { KAFKA_HEAP: "1g" });
    if (server === undefined) return undefined;
    const kafka = new Kafka({ brokers: server.env.KAFKA_BROKERS!.split(","), logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    return new KafkaLab(server, admin);
  }

  get brokers(): string {
    return this.#server.env.KAFKA_BROKERS!;
  }

  /** A new topic, which is deleted behind its use. */
  async withTopic<T>(run: (topic: string) => Promise<T>): Promise<T> {
    const topic = `bench-${++this.#topics}`;
    await this.#admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: PARTITIONS }] });
    try {
      return await run(topic);
    } finally {
      await this.#admin.deleteTopics({ topics: [topic] });
    }
  }

  /** Offsets in a topic so far, the marks of transactions among them. A broker may not know a new topic at once. */
  async offsets(topic: string): Promise<number> {
    const ends = await this.#admin.fetchTopicOffsets(topic).catch((cause) => {
      if (cause.retriable) return [];
      throw cause;
    });
    return ends.reduce((sum, { high }) => sum + Number(high), 0);
  }

  /** Fills a topic with Kafka's own client. */
  async fill(topic: string, records: number): Promise<void> {
    await this.#java({ work: "produce", topic, records, "linger.ms": 5, "batch.size": 262_144 });
  }

  /** What another client does in a second. */
  async rateOf(rival: Rival, order: Omit<KafkaOrder, "client" | "brokers" | "partitions" | "bodyBytes">) {
    if (rival === "Java client") {
      const { work, topic, records, transaction } = order;
      const loads = await this.#java({
        work,
        topic,
        records,
        ...transaction > 0 ? { transaction } : {},
        ...work === "produce" ? { "linger.ms": 5, "batch.size": 262_144 } : {},
      });
      return rateOf(loads.at(-1)!);
    }
    const client = rival === "bare kafkajs" ? "kafkajs" : "platformatic";
    const whole = { ...order, client, brokers: this.brokers, partitions: PARTITIONS, bodyBytes: BODY_BYTES };
    return rateOf(await putLoad<KafkaLoadResult>("kafka_load", whole));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#admin.disconnect();
    await this.#server.stop();
  }

  #java(settings: Readonly<Record<string, string | number>>): Promise<JavaLoad[]> {
    return loadWithJava(this.#server.env.KAFKA_CLASSPATH!, {
      ...settings,
      bodyBytes: BODY_BYTES,
      "bootstrap.servers": this.brokers,
    });
  }
}

function rateOf({ records, ms }: KafkaLoadResult): number {
  return records / (ms / 1000);
}

/** Writes lines with bodies of the usual size into a file, which is kept for further runs. */
export async function writeLines(path: string, lines: number): Promise<void> {
  const block = new TextEncoder().encode(`${"x".repeat(BODY_BYTES)}\n`.repeat(1000));
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  for (let written = 0; written < lines; written += 1000) {
    for (let at = 0; at < block.length;) at += await file.write(block.subarray(at));
  }
}
