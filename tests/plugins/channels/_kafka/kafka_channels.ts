import { Kafka, logLevel } from "kafkajs";
import { type Channel, EventBatch } from "sluice/plugin";
import kafka from "../../../../plugins/channels/kafka.ts";
import { configOf, type CreateOptions } from "../../../contracts/subject.ts";
import { testContext } from "../../../support/context.ts";

/** The clients that a channel can have. */
export const CLIENTS = ["platformatic", "kafkajs"];
/** A signal that never aborts. */
export const NEVER = new AbortController().signal;

type Settings = Readonly<Record<string, unknown>>;

/** Settings of a channel with a topic and a group that nobody has used, and waits that suit a test. */
export function freshSettings(brokers: string): Settings {
  const name = `channel-${crypto.randomUUID()}`;
  return {
    "kafka.bootstrap.servers": brokers,
    "kafka.topic": name,
    "kafka.consumer.group.id": name,
    "kafka.consumer.fetch.max.wait.ms": 50,
    "kafka.consumer.heartbeat.interval.ms": 100,
    "kafka.consumer.session.timeout.ms": 1000,
  };
}

/** Opens a channel as a pipeline does. */
export async function openChannel(settings: Settings, context: CreateOptions["context"] = testContext()) {
  const config = await configOf(kafka, settings);
  return await kafka.create(config as Parameters<typeof kafka.create>[0], context);
}

/** Puts lines and waits until the brokers have them. */
export async function putLines(channel: Channel, lines: readonly string[]): Promise<void> {
  const receipt = await channel.put(EventBatch.from(lines.map((body) => ({ body }))));
  await receipt!.committed;
}

/** Takes and commits until so many events have come. */
export async function takeLines(channel: Channel, count: number, signal = NEVER): Promise<string[]> {
  const lines: string[] = [];
  while (lines.length < count) {
    const take = await channel.take({ maxEvents: 1000, signal });
    for (let index = 0; index < take.batch.size; index++) lines.push(take.batch.text(index));
    await take.commit();
  }
  return lines;
}

/** How many members a group has, as an admin tool sees it. */
export async function memberCount(brokers: string, group: string): Promise<number> {
  const admin = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups([group]);
    return groups[0]!.members.length;
  } finally {
    await admin.disconnect();
  }
}
