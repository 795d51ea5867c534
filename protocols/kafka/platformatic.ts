import type { ConsumerOptions, KafkaClient, KafkaTarget, ProducerOptions } from "./client.ts";
import { Cluster } from "./cluster.ts";
import { createConsumer } from "./consume/consumer.ts";
import { Producer } from "./produce/producer.ts";

/** A client on the protocol layer of @platformatic/kafka, for brokers from Kafka 3.0 on. */
export function createPlatformaticClient(target: KafkaTarget): KafkaClient {
  const cluster = new Cluster(target);
  return {
    producer: (options: ProducerOptions, signal: AbortSignal) => Producer.open(cluster, options, signal),
    consumer: (options: ConsumerOptions) => createConsumer(cluster, options),
    close() {
      cluster.close();
      return Promise.resolve();
    },
  };
}
