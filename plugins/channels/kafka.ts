import { bool, bytes, type Config, type Context, defineChannel, duration, int, text } from "sluice/plugin";
import { consumerOptions, producerOptions } from "../_kafka/client_settings.ts";
import { clientNeeds } from "../_kafka/client_needs.ts";
import { connectionFields } from "../_kafka/connection_fields.ts";
import { consumerFields } from "../_kafka/consumer_fields.ts";
import { below } from "../_kafka/prefix.ts";
import { producerFields } from "../_kafka/producer_fields.ts";
import { checkConsumer, checkProducer } from "../_kafka/side_check.ts";
import { type KafkaWay, openConsumer, openProducer } from "./_kafka/connect.ts";
import { eventReader } from "./_kafka/events_of.ts";
import { KafkaChannel } from "./_kafka/kafka_channel.ts";
import { RecordMaker } from "./_kafka/records_of.ts";

/** Between two notes of how far the group has read; what a crash repeats grows with it. */
const COMMIT_INTERVAL_MS = 100;

const TOPIC = /^(?!\.{1,2}$)[\w.-]{1,249}$/;
const NO_ZOOKEEPER = "offsets have been in Kafka itself since Flume 1.7";

const config = {
  ...connectionFields,
  "kafka.topic": text({ alias: ["topic"] }).default("flume-channel").describe("Topic that holds the events."),
  parseAsFlumeEvent: bool().default(true).describe(
    "`true`: values are Flume events (Avro), headers and all, as Flume's channel writes and reads them. `false`: values are bodies, and headers are lost.",
  ),
  partitionIdHeader: text().optional().describe(
    "Header that holds the partition of an event, a number; what is no partition of the topic is refused.",
  ),
  defaultPartitionId: int({ min: 0 }).optional().describe(
    "Partition of all events without that header. If absent, the key (the header `key`) chooses it, and events without a key are spread.",
  ),
  windowBytes: bytes().default(16 * 1024 * 1024).describe(
    "Events that were fetched and wait in memory for the sink.",
  ),
  "kafka.pollTimeout": duration("ms", {
    alias: ["pollTimeout"],
    ignored:
      "a take wakes as soon as there are events; kafka.consumer.fetch.max.wait.ms is how long a fetch waits",
  }).default(500).describe("Wait for events."),
  readSmallestOffset: bool({ instead: "kafka.consumer.auto.offset.reset: earliest" }).default(false)
    .describe("Old way to begin at the earliest offset."),
  zookeeperConnect: text({ ignored: NO_ZOOKEEPER }).optional().describe("ZooKeeper that had the offsets."),
  migrateZookeeperOffsets: bool({ ignored: NO_ZOOKEEPER }).default(true)
    .describe("Offsets copied from ZooKeeper."),
  ...producerFields,
  ...consumerFields,
};

type Settings = Config<typeof config>;

const ABOUT =
  `A put is answered for when the brokers have its events (\`acks: all\`: all replicas in sync); puts that wait share requests, and
what fails for a while is sent again until the brokers take it, in order and, with idempotence, once. The channel then shows as backing
off, and its sources wait. An event that the brokers never take (larger than \`max.request.size\`, or for a partition that is not
there) makes its put fail with the reason, before any of its batch is sent.

An agent whose sources alone name the channel only writes to the topic, and one whose sinks alone do only reads; agents with the same
\`kafka.consumer.group.id\` share the partitions among them. Order holds within a partition. Sluice and Flume read what the other
wrote, and may be members of one group (with \`partition.assignment.strategy: range\`).

Offsets are noted in the group after the sink has delivered, at most every ${COMMIT_INTERVAL_MS} ms, never for what is still under way. A
killed agent's last moments come again, at the agent that gets its partitions: at least once. A sink that keeps positions (file_roll)
tells the agent that comes back what it holds, so that an agent alone in its group delivers exactly once. Before partitions go to
others, what is taken of them is delivered and noted, so an orderly rebalance repeats nothing, as long as that takes less than
\`max.poll.interval.ms\`. Bytes that a sink has taken over (hdfs until its file is closed) are let go of; should it fail then, they are
fetched again.

With \`auto.offset.reset: latest\`, the default, a new group begins at the end of the topic. Flume finds that end when its
sink first takes, and skips what was put before. Here the end is noted in the group before the first put and before the
first take, so that nothing which was put is skipped, in whatever order agents start. The producer's user needs READ on the group for this;
without it there is a warning.

A record that is no Flume event is reported with its offset, counted in EventReadFail, and passed on as it is, with the header
\`flume.kafka.status: Invalid\`; Flume's channel stands still there. The size that is shown
is what waits in the partitions of this agent; an agent that never takes shows what the brokers have not confirmed.`;

export default defineChannel({
  name: "kafka",
  aliases: ["org.apache.flume.channel.kafka.KafkaChannel"],
  summary: "A Kafka topic: durable, replicated, and shared by many agents.",
  about: ABOUT,
  isShared: true,
  config,
  needs: clientNeeds,
  check: (settings) => [
    ...checkProducer(below(settings, "kafka.producer.")),
    ...checkConsumer(below(settings, "kafka.consumer.")),
    ...TOPIC.test(settings["kafka.topic"]) ? [] : [{
      key: "kafka.topic",
      text: `"${settings["kafka.topic"]}" is no name of a topic`,
      fix: 'write 1 to 249 letters, digits, ".", "_" and "-"',
    }],
    ...settings["kafka.producer.transactional.id"] === undefined ? [] : [{
      key: "kafka.producer.transactional.id",
      text: "a channel makes no transactions",
      fix: "remove it; idempotent sends are the default",
    }],
  ],
  examples: [
    {
      title: "Kafka between a source and a sink, which may be in different agents",
      yaml: `source: { type: http, port: 8080 }
channel: { type: kafka, kafka.bootstrap.servers: "localhost:9092", kafka.topic: web }
sink: { type: file_roll, directory: out }`,
    },
    {
      title: "The JSON lines of another program's topic",
      yaml: `channels:
  orders:
    type: kafka
    kafka.bootstrap.servers: "localhost:9092"
    kafka.topic: orders
    kafka.consumer.group.id: archive
    kafka.consumer.auto.offset.reset: earliest
    parseAsFlumeEvent: false
sinks:
  archive: { type: file_roll, directory: out, channel: orders }`,
    },
  ],
  create: (settings, context) => createChannel(settings, context),
});

function createChannel(settings: Settings, context: Context): KafkaChannel {
  const topic = settings["kafka.topic"];
  const parsesFlumeEvents = settings.parseAsFlumeEvent;
  const producerSide = below(settings, "kafka.producer.");
  const consumerSide = {
    ...below(settings, "kafka.consumer."),
    ...settings.readSmallestOffset && { "auto.offset.reset": "earliest" as const },
  };
  const way: KafkaWay = { settings, topic, producerSide, consumerSide, context };
  const records = new RecordMaker({
    ...settings,
    ...producerOptions(producerSide),
    topic,
    parsesFlumeEvents,
  });
  return new KafkaChannel({
    context,
    sending: {
      connect: (signal) => openProducer(way, signal),
      partsOf: async (batch, producer) => {
        const partitionCount = await records.partitionCount(producer);
        return records.partsOf(batch, { partitionCount, nowMs: context.clock.now() });
      },
      onRefused: (refusal) => records.noteRefused(refusal, context.clock.now()),
    },
    reading: {
      connect: (signal) => openConsumer(way, signal),
      group: consumerOptions(consumerSide).group,
      eventsOf: eventReader(parsesFlumeEvents, context),
      commitIntervalMs: COMMIT_INTERVAL_MS,
      windowBytes: settings.windowBytes,
    },
  });
}
