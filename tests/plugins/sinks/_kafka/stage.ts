import { EventBatch, type Position, type Sink } from "sluice/plugin";
import kafka from "../../../../plugins/sinks/kafka.ts";
import { configOf } from "../../../contracts/subject.ts";
import { testContext } from "../../../support/context.ts";
import { readTopic } from "../../../support/kafka_topic.ts";
import { Witness } from "../../../trials/kafka/witness.ts";

/** A topic, and sinks that send to it. */
export class Stage {
  readonly topic = `sink-${crypto.randomUUID()}`;
  readonly stop = new AbortController();
  readonly context = testContext({ stateDir: Deno.makeTempDirSync(), signal: this.stop.signal });
  readonly brokers: string;
  readonly #sinks: Sink[] = [];

  constructor(brokers: string) {
    this.brokers = brokers;
  }

  async createTopic(settings: Record<string, string> = {}): Promise<void> {
    await using witness = new Witness(this.brokers);
    await witness.createTopic(this.topic, { partitions: 2, settings });
  }

  async sink(settings: Record<string, unknown> = {}): Promise<Sink> {
    const config = await configOf(kafka, {
      "kafka.bootstrap.servers": this.brokers,
      "kafka.topic": this.topic,
      "kafka.producer.retry.backoff.ms": 20,
      ...settings,
    });
    const sink = await kafka.create(config as Parameters<typeof kafka.create>[0], this.context);
    this.#sinks.push(sink);
    return sink;
  }

  /** Resolves when the sink can take more. */
  async write(sink: Sink, batch: EventBatch): Promise<{ readonly delivered: Promise<void> }> {
    const answer = await sink.write(batch, this.stop.signal) ?? { delivered: Promise.resolve() };
    answer.delivered.catch(() => {});
    return answer;
  }

  /** Resolves when the brokers have it. */
  async deliver(sink: Sink, batch: EventBatch): Promise<void> {
    await (await this.write(sink, batch)).delivered;
  }

  async values(count: number): Promise<string[]> {
    return (await readTopic(this.brokers, this.topic, count)).map(({ value }) => value).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    for (const sink of this.#sinks) await sink.close?.();
    await Deno.remove(this.context.stateDir, { recursive: true });
  }
}

/** Events with these bodies. */
export function bodies(texts: readonly string[], position?: Position): EventBatch {
  return EventBatch.from(texts.map((body) => ({ body }))).with({ position });
}
