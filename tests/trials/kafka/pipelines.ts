import { ROUNDS } from "../settings.ts";

/** The clients under trial: the one that is not the default only in long runs. */
export const CLIENTS: readonly string[] = ROUNDS > 3 ? ["platformatic", "kafkajs"] : ["platformatic"];

/** Lines of files, whose names are keys, so that each file's lines stay in one partition and in order. */
export const SPOOL =
  "type: spooldir, spoolDir: FOLDER/in, quietTime: 0, pollDelay: 50, basenameHeader: true, basenameHeaderKey: key, " +
  "deserializer: { type: line, maxLineLength: 1000000 }";
/** Keeps events on disk. */
export const FILE =
  "type: file, dataDirs: FOLDER/journal, maxFileSize: 1MiB, checkpointInterval: 100, minimumRequiredSpace: 1MiB";
/** Writes lines and takes their position with them. */
export const ROLL = "type: file_roll, directory: FOLDER/out, rollInterval: 1, rollSize: 4MiB";
/** A member that is known again at once when its agent comes back. */
export const STATIC = 'kafka.consumer.group.instance.id: "member"';
/** A member that is missed soon. */
export const BRIEF = "kafka.consumer.session.timeout.ms: 1000, kafka.consumer.heartbeat.interval.ms: 200";

/** The same as far as the client knows such members. */
export function comesBack(client: string): string {
  return client === "kafkajs" ? BRIEF : STATIC;
}

/** Where a stage finds its topic. */
export interface Place {
  readonly brokers: string;
  readonly topic: string;
  readonly client: string;
  /** More settings, as YAML between braces. */
  readonly more?: string;
}

/** A kafka source of a group with the topic's name, from the beginning. */
export function kafkaSource({ brokers, topic, client, more }: Place): string {
  return `type: kafka, client: ${client}, kafka.bootstrap.servers: "${brokers}", kafka.topics: ${topic}, ` +
    `kafka.consumer.group.id: ${topic}, kafka.consumer.auto.offset.reset: earliest${behind(more)}`;
}

/** A kafka sink with transactions. */
export function kafkaSink({ brokers, topic, client, more }: Place): string {
  return `type: kafka, client: ${client}, kafka.bootstrap.servers: "${brokers}", kafka.topic: ${topic}, ` +
    `kafka.producer.transactional.id: ${topic}${behind(more)}`;
}

/** A kafka channel. */
export function kafkaChannel({ brokers, topic, client, more }: Place): string {
  return `type: kafka, client: ${client}, kafka.bootstrap.servers: "${brokers}", kafka.topic: ${topic}, ` +
    `kafka.consumer.group.id: ${topic}, kafka.consumer.auto.offset.reset: earliest${behind(more)}`;
}

function behind(more: string | undefined): string {
  return more === undefined ? "" : `, ${more}`;
}
