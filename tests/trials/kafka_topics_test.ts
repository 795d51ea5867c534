import assert from "node:assert/strict";
import { sharedServerTest } from "../servers/mod.ts";
import { until } from "../support/until.ts";
import { Bodies } from "./bodies.ts";
import { assertExact, untilArrived } from "./kafka/arrival.ts";
import { Crew } from "./kafka/crew.ts";
import { CLIENTS, FILE, kafkaSink, kafkaSource, ROLL, SPOOL, STATIC } from "./kafka/pipelines.ts";
import { readTopic } from "./kafka/topic_copy.ts";
import { TopicFeed } from "./kafka/topic_feed.ts";
import { Witness } from "./kafka/witness.ts";
import { randomFor, ROUNDS, SEED } from "./settings.ts";
import { SpoolFeed } from "./spool_feed.ts";
import { inFolder } from "./trial_folder.ts";

const PARTITIONS = 3;
const MOST_EVENTS = 3000;
/** A topic that is gone shall not come again by being asked for. */
const kafkaTest = sharedServerTest("kafka", { KAFKA_SETTINGS: "auto.create.topics.enable=false" });
const SOON = "metadata.max.age.ms: 500";

/** A broker, its witness, and agents. */
interface Stage {
  readonly brokers: string;
  readonly witness: Witness;
  readonly crew: Crew;
}

async function onStage(env: Record<string, string>, run: (stage: Stage) => Promise<void>): Promise<void> {
  await inFolder("topic made again", async (folder) => {
    const brokers = env.KAFKA_BROKERS!;
    await using witness = new Witness(brokers);
    await using crew = new Crew(folder);
    await run({ brokers, witness, crew });
  });
}

/** Puts more or fewer events than before into a new topic: what was noted of the last one may lie within it. */
async function feedTopic(
  witness: Witness,
  { topic, name }: { readonly topic: string; readonly name: string },
): Promise<ReadonlyMap<string, number>> {
  await witness.createTopic(topic, { partitions: PARTITIONS });
  const random = randomFor(name);
  const feed = new TopicFeed(witness, {
    topic,
    partitions: PARTITIONS,
    name,
    bodies: new Bodies(),
    random,
  });
  for (let partition = 0; partition < PARTITIONS; partition++) {
    await feed.append(partition, 1 + random.below(MOST_EVENTS));
  }
  return feed.written.counts;
}

// Without the ids of topics nobody can tell a new one from one that has grown.
for (const client of CLIENTS.filter((client) => client !== "kafkajs")) {
  kafkaTest(
    `kafka source (${client}) reads all of a topic that was deleted and made again, once (TRIAL_SEED=${SEED})`,
    ({ env }) =>
      onStage(env, async ({ brokers, witness, crew }) => {
        const topic = `remade-source-${client}`;
        const more = `${STATIC}, kafka.consumer.${SOON}`;
        const source = kafkaSource({ brokers, topic, client, more });
        crew.add("reader", `source: { ${source} }\nsink: { ${ROLL} }\n`);
        const written = { counts: new Map<string, number>(), empty: 0 };
        const outputs = [crew.output("reader")];
        const says = () => crew.lastWords("reader");
        const random = randomFor("topics");
        crew.start("reader");
        for (let round = 0; round < ROUNDS; round++) {
          for (const [origin, count] of await feedTopic(witness, { topic, name: `life${round}` })) {
            written.counts.set(origin, count);
          }
          if (crew.agent("reader").hasEnded) {
            crew.start("reader");
          }
          await untilArrived({ outputs, written, says });
          const fate = random.pick(["runs on", "stops", "is killed"]);
          if (fate === "stops") await crew.stop("reader");
          if (fate === "is killed") await crew.kill("reader");
          await witness.deleteTopic(topic);
        }
        if (!crew.agent("reader").hasEnded) await crew.stop("reader");
        assertExact(await untilArrived({ outputs, written, says }), true);
      }),
  );
}

for (const client of CLIENTS) {
  kafkaTest(
    `kafka sink (${client}) goes on when its topic is deleted and made again (TRIAL_SEED=${SEED})`,
    ({ env }) =>
      onStage(env, async ({ brokers, witness, crew }) => {
        const topic = `remade-sink-${client}`;
        const sink = kafkaSink({ brokers, topic, client, more: `kafka.producer.${SOON}` });
        crew.add("writer", `source: { ${SPOOL} }\nchannel: { ${FILE} }\nsink: { ${sink} }\n`);
        const random = randomFor("sink topics");
        const feed = new SpoolFeed(`${crew.folder}/writer`, { bodies: new Bodies(), random });
        await witness.createTopic(topic, { partitions: PARTITIONS });
        crew.start("writer");
        for (let round = 0; round < ROUNDS; round++) {
          const lines = 1 + random.below(MOST_EVENTS);
          feed.drop(lines);
          await until("the events of a file", async () => await witness.size(topic) >= lines, 20_000);
          const held = await readTopic(witness, { topic, partitions: PARTITIONS });
          const times = [...held.values()].filter((times) => times !== 1);
          assert.deepEqual([held.size, times], [lines, []], crew.agent("writer").lines.join("\n"));
          await witness.deleteTopic(topic);
          await witness.createTopic(topic, { partitions: PARTITIONS });
        }
        await crew.stop("writer");
      }),
  );
}
