import type { ConsumerOptions, KafkaClient, KafkaTarget } from "../client.ts";
import { KafkaError } from "../kafka_error.ts";
import { registerCodecs } from "./codecs.ts";
import { KafkajsConsumer } from "./consumer.ts";
import { type KafkajsProducer, openProducer } from "./producer.ts";

/** What only the other client can do; the word of the setting, and why. */
const REFUSALS: readonly [isAsked: (options: ConsumerOptions) => boolean, text: string][] = [
  [({ instanceId }) => instanceId !== undefined, "static membership (group.instance.id)"],
  [({ protocol }) => protocol === "consumer", "the group protocol of Kafka 4 (group.protocol=consumer)"],
  [({ offsetReset }) => offsetReset === "none", "auto.offset.reset=none"],
];

/** A client that is kafkajs: slower than the other, and at home with brokers older than Kafka 3. */
export function createKafkajsClient(target: KafkaTarget): KafkaClient {
  registerCodecs();
  const closing = new AbortController();
  const open = new Set<KafkajsProducer>();
  return {
    producer: async (options, signal) => {
      const producer = await openProducer(target, options, signal);
      for (const other of open) if (other.isClosed) open.delete(other);
      open.add(producer);
      return producer;
    },
    consumer: (options) => {
      const refused = REFUSALS.find(([isAsked]) => isAsked(options));
      if (refused) {
        throw new KafkaError(`kafkajs has no ${refused[1]}: leave it out, or choose client: platformatic`, {
          code: "UNSUPPORTED_VERSION",
        });
      }
      return new KafkajsConsumer(target, { ...options, signal: closing.signal });
    },
    close: async () => {
      closing.abort(new KafkaError("The client was closed", { code: "CLOSED" }));
      await Promise.all(Array.from(open, (producer) => producer.close()));
      open.clear();
    },
  };
}
