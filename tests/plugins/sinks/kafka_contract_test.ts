import kafka from "../../../plugins/sinks/kafka.ts";
import { SINK_CASES } from "../../contracts/sink.ts";
import { Subject } from "../../contracts/subject.ts";
import type { Target } from "../../contracts/targets.ts";
import { sharedServerTest } from "../../servers/mod.ts";
import { testContext } from "../../support/context.ts";
import { readTopic } from "../../support/kafka_topic.ts";
import { Witness } from "../../trials/kafka/witness.ts";

const brokerTest = sharedServerTest("kafka");

/** A topic of its own, with one partition so that order shows. */
async function topicTarget(brokers: string, client: string): Promise<Target> {
  const topic = `contract-${crypto.randomUUID()}`;
  await using witness = new Witness(brokers);
  await witness.createTopic(topic, { partitions: 1 });
  return {
    settings: { client, "kafka.bootstrap.servers": brokers, "kafka.topic": topic, allowTopicOverride: false },
    context: testContext(),
    async arrived() {
      await using witness = new Witness(brokers);
      const count = await witness.size(topic);
      return count === 0 ? [] : (await readTopic(brokers, topic, count)).map(({ value }) => value);
    },
    close: () => Promise.resolve(),
  };
}

for (const client of ["platformatic", "kafkajs"]) {
  for (const { name, run } of SINK_CASES) {
    brokerTest(`sink kafka with ${client} ${name}`, async ({ env }) => {
      await run({ subject: new Subject(kafka), makeTarget: () => topicTarget(env.KAFKA_BROKERS!, client) });
    });
  }
}
