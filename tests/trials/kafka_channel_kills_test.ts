import { sharedServerTest } from "../servers/mod.ts";
import { Bodies } from "./bodies.ts";
import { assertExactlyOnce } from "./exactly_once.ts";
import { BRIEF, CLIENTS, kafkaChannel, ROLL, STATIC } from "./kafka/pipelines.ts";
import { TopicFeed } from "./kafka/topic_feed.ts";
import { Witness } from "./kafka/witness.ts";
import { randomFor, SEED } from "./settings.ts";
import { runTrial } from "./trial.ts";
import { inFolder } from "./trial_folder.ts";

const kafkaTest = sharedServerTest("kafka");
const PARTITIONS = 3;
/** kafkajs knows no static members. */
const MEMBERS = [
  ...CLIENTS.map((client) => ({ client, member: "a new member each time", more: BRIEF })),
  { client: "platformatic", member: "static membership", more: STATIC },
];

for (const { client, member, more } of MEMBERS) {
  const name = `kafka channel (${client}, ${member}) → file_roll`;
  kafkaTest(
    `${name} delivers exactly once, whenever it is killed (TRIAL_SEED=${SEED})`,
    ({ env }) =>
      inFolder(name, async (folder) => {
        const [brokers, topic] = [env.KAFKA_BROKERS!, `out-${crypto.randomUUID()}`];
        await using witness = new Witness(brokers);
        await witness.createTopic(topic, { partitions: PARTITIONS });
        const options = { pipeline: `${folder}/trial.yaml`, stateDir: `${folder}/state` };
        const channel = kafkaChannel({ brokers, topic, client, more: `parseAsFlumeEvent: false, ${more}` });
        const pipeline = `channel: { ${channel} }\nsink: { ${ROLL} }\n`;
        await Deno.writeTextFile(options.pipeline, pipeline.replaceAll("FOLDER", folder));
        const feed = new TopicFeed(witness, {
          topic,
          partitions: PARTITIONS,
          name: "trial",
          bodies: new Bodies(),
          random: randomFor(name),
        });
        const outputs = [`${folder}/out`];
        const fed = { feed, writeFresh: () => void feed.append(0, 1) };
        assertExactlyOnce(await runTrial({ name, options, outputs, feed: fed }));
      }),
  );
}
