import { bool, type Config, duration, int, map, meta, text, z } from "sluice/plugin";
import { connectionFields } from "../../_kafka/connection_fields.ts";
import { below } from "../../_kafka/prefix.ts";
import { producerFields } from "../../_kafka/producer_fields.ts";
import { checkProducer, type Complaint } from "../../_kafka/side_check.ts";
import { templateFault, TopicTemplate } from "./topic_template.ts";

const headersField = z.union([z.boolean(), z.string(), z.array(z.string())], {
  error: "Expected true, or names of headers",
}).transform((value): true | readonly string[] => {
  if (Array.isArray(value)) return value;
  const words = String(value).split(/[\s,]+/).filter((word) => word !== "");
  if (words.length !== 1) return words;
  return words[0] === "true" || (words[0] === "false" ? [] : words);
});

const routing = {
  "kafka.topic": text({ alias: ["topic"] }).default("default-flume-topic").describe(
    "Topic; `%{header}` in it stands for a header of the event.",
  ),
  allowTopicOverride: bool().default(true).describe("A header of the event may choose another topic."),
  topicHeader: text().default("topic").describe("Name of that header."),
  defaultPartitionId: int({ min: 0 }).optional().describe(
    "Partition for all events. Without it the header `key` decides, and without a key they go round.",
  ),
  partitionIdHeader: text().optional().describe(
    "Header that holds the partition; wins over defaultPartitionId. An event with another value is poison.",
  ),
};

const form = {
  flumeBatchSize: int({ min: 1 }, { unit: "events", alias: ["batchSize"] }).optional().describe(
    "Events in one take at most; as many as are at hand if absent.",
  ),
  useFlumeEventFormat: bool().default(false).describe(
    "Send events as Avro with all their headers, as Flume's Kafka source and channel read them; else only bodies.",
  ),
  timestampHeader: text().optional().describe(
    "Header that holds the record's time in ms; without it, or without a number in it, the time of sending.",
  ),
  header: map(text()).default({}).describe("Headers to send under another name: `header.host: hostname`."),
  headers: meta(headersField, { type: "true \\| list" }).default([]).describe(
    "Headers to send as headers of the record under their own names: `true` for all, or their names.",
  ),
};

const transactions = {
  transactional: bool().optional().describe(
    "Send in transactions, so that what comes from a `file` channel or a source that can replay is there exactly once. Needs a state folder that stays.",
  ),
  transactionEvents: int({ min: 1 }, { unit: "events" }).default(10_000).describe(
    "A transaction with so many events is committed.",
  ),
  transactionMillis: duration("ms").default(1000).describe(
    "So is one that is so old, and at once when no more events come.",
  ),
  positionTopic: text().optional().describe(
    "Topic under which the brokers keep the position; needed where kafka.topic has a `%{header}`. Nothing is written to it.",
  ),
};

/** The fields of the kafka sink. */
export const kafkaSinkFields = {
  ...connectionFields,
  ...routing,
  ...form,
  ...transactions,
  ...producerFields,
};

/** What the sink is told to do. */
export type KafkaSinkSettings = Config<typeof kafkaSinkFields>;

/** Whether batches are sent in transactions. */
export function isTransactional(settings: KafkaSinkSettings): boolean {
  return settings.transactional ?? settings["kafka.producer.transactional.id"] !== undefined;
}

/** What cannot work together. */
export function checkKafkaSink(settings: KafkaSinkSettings): readonly Complaint[] {
  const { "kafka.topic": topic, transactional, positionTopic, transactionMillis } = settings;
  const found: Complaint[] = [];
  const fault = templateFault(topic);
  if (fault !== undefined) {
    const fix = 'write letters, digits, ".", "_", "-" and %{header}';
    found.push({ key: "kafka.topic", text: fault, fix });
  }
  const side = below(settings, "kafka.producer.");
  if (!isTransactional(settings)) {
    if (transactional === false && side["transactional.id"] !== undefined) {
      const text = "transactional is off, and kafka.producer.transactional.id is written";
      found.push({ key: "transactional", text, fix: "remove one of them" });
    }
    return [...found, ...checkProducer(side)];
  }
  if (!new TopicTemplate(topic).isPlain && positionTopic === undefined) {
    const text = "transactions need a topic under which their position is kept, and kafka.topic is none";
    found.push({ key: "kafka.topic", text, fix: "name a topic in positionTopic" });
  }
  if (transactionMillis >= side["transaction.timeout.ms"]) {
    const text = "the brokers would abort a transaction before it is committed";
    found.push({
      key: "transactionMillis",
      text,
      fix: "write less than kafka.producer.transaction.timeout.ms",
    });
  }
  return [...found, ...checkProducer({ ...side, "transactional.id": side["transactional.id"] ?? "own" })];
}
