import { sharedServerTest } from "../servers/mod.ts";
import { Bodies } from "./bodies.ts";
import { assertExactlyOnce } from "./exactly_once.ts";
import { BRIEF, CLIENTS, FILE, kafkaSink, kafkaSource, ROLL, SPOOL, STATIC } from "./kafka/pipelines.ts";
import { TopicCopy } from "./kafka/topic_copy.ts";
import { TopicFeed } from "./kafka/topic_feed.ts";
import { Witness } from "./kafka/witness.ts";
import { randomFor, ROUNDS, SEED } from "./settings.ts";
import { runTrial, spoolFeed, type TrialFeed } from "./trial.ts";
import { inFolder } from "./trial_folder.ts";

const kafkaTest = sharedServerTest("kafka");
const PARTITIONS = 3;
const COMPRESSIONS = ["none", "zstd", "lz4", "snappy", "gzip"];
/** In long runs the group protocol of Kafka 4, too; only one client has it. */
const NEWER: readonly Reading[] = ROUNDS > 3
  ? [{
    title: "Kafka 4's group protocol) → direct",
    channel: "direct",
    more: `kafka.consumer.group.protocol: consumer, ${STATIC}`,
  }]
  : [];

/** An agent that reads from Kafka. */
interface Reading {
  readonly title: string;
  readonly channel: string;
  readonly more: string;
}

function readings(client: string): readonly Reading[] {
  return [
    { title: "a new member each time) → file", channel: `{ ${FILE} }`, more: BRIEF },
    ...client === "platformatic"
      ? [{ title: "static membership) → direct", channel: "direct", more: STATIC }, ...NEWER]
      : [{ title: "a new member each time) → direct", channel: "direct", more: BRIEF }],
  ];
}

/** A feed that puts into a topic; one fresh event goes to each partition. */
function topicFeed(witness: Witness, topic: string): TrialFeed {
  const feed = new TopicFeed(witness, {
    topic,
    partitions: PARTITIONS,
    name: "trial",
    bodies: new Bodies(),
    random: randomFor("topic"),
  });
  return { feed, writeFresh: () => void feed.append(0, 1) };
}

/** Puts the pipeline of a trial where its folder is. */
async function writePipeline(folder: string, text: string) {
  const options = { pipeline: `${folder}/trial.yaml`, stateDir: `${folder}/state` };
  await Deno.writeTextFile(options.pipeline, text.replaceAll("FOLDER", folder));
  return options;
}

for (const client of CLIENTS) {
  const name = `file → kafka (${client})`;
  kafkaTest(
    `${name} with transactions delivers exactly once, whenever it is killed (TRIAL_SEED=${SEED})`,
    ({ env }) =>
      inFolder(name, async (folder) => {
        const [brokers, topic] = [env.KAFKA_BROKERS!, `sink-${client}`];
        await using witness = new Witness(brokers);
        await witness.createTopic(topic, { partitions: PARTITIONS });
        const output = `${folder}/copy`;
        await using copy = new TopicCopy(witness, { topic, partitions: PARTITIONS, folder: output });
        await copy.start();
        const more = `kafka.producer.compression.type: ${randomFor("compression").pick(COMPRESSIONS)}`;
        const sink = kafkaSink({ brokers, topic, client, more });
        const text = `source: { ${SPOOL} }\nchannel: { ${FILE} }\nsink: { ${sink} }\n`;
        const options = await writePipeline(folder, text);
        const [feed, outputs] = [spoolFeed(folder), [output]];
        assertExactlyOnce(
          await runTrial({ name, options, outputs, feed, onStopped: () => copy.finish() }),
        );
      }),
  );

  for (const { title, channel, more } of readings(client)) {
    const name = `kafka (${client}, ${title} → file_roll`;
    const topic = `source-${client}-${title.replace(/\W+/g, "-")}`;
    kafkaTest(
      `${name} delivers exactly once, whenever it is killed (TRIAL_SEED=${SEED})`,
      ({ env }) =>
        inFolder(name, async (folder) => {
          const brokers = env.KAFKA_BROKERS!;
          await using witness = new Witness(brokers);
          await witness.createTopic(topic, { partitions: PARTITIONS });
          const source = kafkaSource({ brokers, topic, client, more });
          const text = `source: { ${source} }\nchannel: ${channel}\nsink: { ${ROLL} }\n`;
          const options = await writePipeline(folder, text);
          const [feed, outputs] = [topicFeed(witness, topic), [`${folder}/out`]];
          assertExactlyOnce(await runTrial({ name, options, outputs, feed }));
        }),
    );
  }
}
