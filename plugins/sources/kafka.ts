import {
  bool,
  type Config,
  type Context,
  defineSource,
  duration,
  type Emit,
  int,
  list,
  map,
  regex,
  text,
} from "sluice/plugin";
import type { ConsumerOptions } from "../../protocols/kafka/client.ts";
import { consumerOptions } from "../_kafka/client_settings.ts";
import { clientNeeds } from "../_kafka/client_needs.ts";
import { connectionFields } from "../_kafka/connection_fields.ts";
import { consumerFields } from "../_kafka/consumer_fields.ts";
import { openKafka } from "../_kafka/open_kafka.ts";
import { below } from "../_kafka/prefix.ts";
import { checkConsumer } from "../_kafka/side_check.ts";
import { EventMaker } from "./_kafka/event_maker.ts";
import { Reading } from "./_kafka/reading.ts";

const NO_ZOOKEEPER = "offsets are in Kafka since version 0.9; ZooKeeper is not asked";
const NO_POLLING = "the brokers answer as soon as there is something";

const config = {
  ...connectionFields,
  "kafka.topics": list({ alias: ["topic", "kafka.topic"] }).optional().describe(
    "Topics, with commas between.",
  ),
  "kafka.topics.regex": regex().optional().describe(
    "Topics whose whole name matches, also those that are made later; wins over kafka.topics.",
  ),
  batchSize: int({ min: 1 }, { unit: "events" }).optional().describe(
    "Events in a batch at most; without it, as many as a fetch brings of a partition.",
  ),
  batchDurationMillis: duration("ms", { ignored: "no batch waits to be filled" }).default(1000).describe(
    "Longest time for which Flume fills a batch.",
  ),
  useFlumeEventFormat: bool().default(false).describe(
    "Values are Flume events (AvroFlumeEvent: headers and body) instead of bodies.",
  ),
  setTopicHeader: bool().default(true).describe("Add the topic as a header."),
  topicHeader: text().default("topic").describe("Name of that header."),
  setOffsetHeader: bool().default(true).describe(
    "Add the offset as a header `offset`; without it a file channel has less to write.",
  ),
  timestampHeader: text().optional().describe("Name of a header for the record's own time, in epoch ms."),
  header: map(text()).default({}).describe(
    "Headers to take from the record: the event's name of it → the record's name of it.",
  ),
  commitIntervalMillis: duration("ms").default(200).describe(
    "Offsets of what is safe are committed in the group at most this often.",
  ),
  ...consumerFields,
  backoffSleepIncrement: duration("ms", { ignored: NO_POLLING }).default(1000).describe("Wait of Flume."),
  maxBackoffSleep: duration("ms", { ignored: NO_POLLING }).default(5000).describe("Longest wait of Flume."),
  zookeeperConnect: text({ ignored: NO_ZOOKEEPER }).optional().describe("ZooKeeper with old offsets."),
  migrateZookeeperOffsets: bool({ ignored: NO_ZOOKEEPER }).default(true).describe(
    "Whether Flume asks for them.",
  ),
};

type Settings = Config<typeof config>;

export default defineSource({
  name: "kafka",
  aliases: ["org.apache.flume.source.kafka.KafkaSource"],
  summary: "Reads topics of Kafka as a member of a consumer group.",
  about:
    `How far each partition was read is kept by the pipeline together with what is delivered, so a topic comes exactly once into
sinks that keep positions, and through a file channel, also after a kill. The same offset is committed in the group once the
events are safe, with "sluice" as its metadata; at a start the further of both holds. An offset that somebody else has set
(kafka-consumer-groups --reset-offsets, another program of the group) wins over both. A topic that was deleted and made again
is read from its start.

When the group distributes its partitions anew, those that go are finished and committed first, so that nothing comes twice.
Only when an agent is killed and its partitions go to another, what it had delivered since its last commit
(\`commitIntervalMillis\`) comes again. With \`kafka.consumer.group.instance.id\` an agent that comes back within
session.timeout.ms gets its own partitions, and nothing comes twice.

With \`auto.offset.reset: latest\`, the default, a group begins at the end of its topics, and notes that place at once; partitions and
topics that are added while an agent runs are read from their start. Flume notes nothing before the first event, and passes by what
comes to an idle partition while its agent is down, or before it has noticed a new one.

Headers are Flume's: \`topic\`, \`partition\`, \`offset\`, \`key\` (where there is one), and \`timestamp\`, the time of reading; for
the record's own time write \`timestampHeader: timestamp\`. A record without a value is an empty event with the header
\`flume.kafka.status: Null\`. With \`useFlumeEventFormat\` a value that is no Flume event is passed on whole with
\`flume.kafka.status: Invalid\`, counted (EventReadFail) and logged; Flume tries such a value for ever. A key or header that is
no UTF-8 comes with U+FFFD in it, and once more exactly as \`key.base64\` or \`NAME.base64\`.

While brokers are away the source waits (\`backing-off\`) and goes on by itself, also when there is none at its start. A slow
sink holds the reading back, partition by partition. Lag stands in the component's status, by partition
(KafkaPartitionLag) and in all (KafkaLag): see the guide to monitoring.

Unlike Flume: \`batchSize\` has no default, because small batches are slow and nothing is won by them. Offsets in ZooKeeper are not
looked at.`,
  replayable: true,
  config,
  needs: clientNeeds,
  check: (settings) => [
    ...(settings["kafka.topics.regex"] || settings["kafka.topics"]?.length ? [] : [{
      key: "kafka.topics",
      text: "no topic is named",
      fix: "write kafka.topics, or kafka.topics.regex",
    }]),
    ...checkConsumer(below(settings, "kafka.consumer.")),
  ],
  examples: [{
    title: "A topic to files",
    yaml: `source: { type: kafka, kafka.bootstrap.servers: "broker-1:9092,broker-2:9092", kafka.topics: app }
sink: { type: file_roll, directory: out }`,
  }],
  create: (settings, context) => ({ run: (emit) => read(emit, settings, context) }),
});

async function read(emit: Emit, settings: Settings, context: Context): Promise<void> {
  const client = await openKafka(settings, below(settings, "kafka.consumer."), context);
  try {
    const maker = new EventMaker(settings, context);
    const consumer = client.consumer(optionsOf(settings, maker));
    const commitIntervalMs = settings.commitIntervalMillis;
    await new Reading({ emit, context, consumer, maker, commitIntervalMs }).run();
  } finally {
    await client.close();
  }
}

function optionsOf(settings: Settings, { wantsHeaders }: EventMaker): ConsumerOptions {
  const options = consumerOptions(below(settings, "kafka.consumer."));
  const pattern = settings["kafka.topics.regex"];
  return {
    ...options,
    topics: settings["kafka.topics"] ?? [],
    // As Java's subscription does, the whole name must match.
    pattern: pattern && new RegExp(`^(?:${pattern.regexp.source})$`, pattern.regexp.flags),
    maxRecords: Math.min(settings.batchSize ?? Infinity, options.maxRecords),
    wantsHeaders,
  };
}
