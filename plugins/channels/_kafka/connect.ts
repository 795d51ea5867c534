import { type Config, type Context, errorText } from "sluice/plugin";
import type { ConsumerOptions, KafkaConsumer, KafkaProducer } from "../../../protocols/kafka/client.ts";
import { settleGroupStart } from "../../../protocols/kafka/group_start.ts";
import {
  consumerOptions,
  type ConsumerSettings,
  producerOptions,
  type ProducerSettings,
} from "../../_kafka/client_settings.ts";
import type { connectionFields } from "../../_kafka/connection_fields.ts";
import { kafkaTarget, openKafka } from "../../_kafka/open_kafka.ts";
import { markOf } from "../../_kafka/start_offset.ts";

/** What leads to a channel's topic. */
export interface KafkaWay {
  readonly settings: Config<typeof connectionFields>;
  readonly topic: string;
  readonly producerSide: ProducerSettings;
  readonly consumerSide: ConsumerSettings;
  readonly context: Context;
}

/** Opens the way in. What is put by it is read by the group, also when its members come later. */
export async function openProducer(
  way: KafkaWay,
  signal: AbortSignal,
): Promise<{ readonly producer: KafkaProducer; close(): Promise<void> }> {
  const { settings, producerSide, context } = way;
  await settleStart(way, { side: producerSide, creates: true }, signal);
  const client = await openKafka(settings, producerSide, context);
  try {
    const producer = await client.producer(producerOptions(producerSide), signal);
    const close = async () => {
      await producer.close();
      await client.close();
    };
    return { producer, close };
  } catch (cause) {
    await client.close();
    throw cause;
  }
}

/** Opens the way out. */
export async function openConsumer(
  way: KafkaWay,
  signal: AbortSignal,
): Promise<{ readonly consumer: KafkaConsumer; close(): Promise<void> }> {
  const { settings, consumerSide, topic, context } = way;
  const offsetReset = await settleStart(way, { side: consumerSide, creates: false }, signal);
  const client = await openKafka(settings, consumerSide, context);
  const options = { ...consumerOptions(consumerSide), topics: [topic], wantsHeaders: false, offsetReset };
  return { consumer: client.consumer(options), close: () => client.close() };
}

/**
 * `latest` says where a new group begins, and is settled before anything is put or taken here. After that a partition
 * without an offset is one that is newer than the group, of which nothing may be skipped.
 */
async function settleStart(
  { settings, topic, consumerSide, context }: KafkaWay,
  { side, creates }: { readonly side: ProducerSettings | ConsumerSettings; readonly creates: boolean },
  signal: AbortSignal,
): Promise<ConsumerOptions["offsetReset"]> {
  const { group, offsetReset, readsCommitted } = consumerOptions(consumerSide);
  if (offsetReset !== "latest") return offsetReset;
  try {
    const target = await kafkaTarget(settings, side, context);
    await settleGroupStart(target, {
      group,
      topic,
      readsCommitted,
      creates,
      metadataOf: (partition) => markOf(partition),
    }, signal);
    return "earliest";
  } catch (cause) {
    if (signal.aborted) throw cause;
    context.log.warn(
      "Cannot note where the group begins: what is put before its first take may never be taken; " +
        "with kafka.consumer.auto.offset.reset: earliest it is",
      { group, topic, cause: errorText(cause) },
    );
    return "latest";
  }
}
