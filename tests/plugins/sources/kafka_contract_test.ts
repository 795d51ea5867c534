import kafka from "../../../plugins/sources/kafka.ts";
import type { Feed } from "../../contracts/feeds.ts";
import { SOURCE_CASES } from "../../contracts/source.ts";
import { Subject } from "../../contracts/subject.ts";
import { sharedServerTest } from "../../servers/mod.ts";
import { Witness } from "../../trials/kafka/witness.ts";

const brokerTest = sharedServerTest("kafka");
const VALUES = ["first", "", "zweite Zeile", "x".repeat(2000), "last"];

/** A topic of its own, with one partition so that order shows, and a group of its own. */
async function topicFeed(brokers: string, client: string): Promise<Feed> {
  const topic = `contract-${crypto.randomUUID()}`;
  await using witness = new Witness(brokers);
  await witness.createTopic(topic, { partitions: 1 });
  await witness.send(topic, 0, VALUES);
  return {
    settings: {
      client,
      "kafka.bootstrap.servers": brokers,
      "kafka.topics": topic,
      "kafka.consumer.group.id": topic,
      "kafka.consumer.auto.offset.reset": "earliest",
      batchSize: 2,
    },
    expected: VALUES,
  };
}

for (const client of ["platformatic", "kafkajs"]) {
  for (const { name, run } of SOURCE_CASES) {
    brokerTest(`source kafka with ${client} ${name}`, async ({ env }) => {
      await run({ subject: new Subject(kafka), makeFeed: () => topicFeed(env.KAFKA_BROKERS!, client) });
    });
  }
}
