import assert from "node:assert/strict";
import { sharedServerTest } from "../servers/mod.ts";
import type { Random } from "../simulation/random.ts";
import { until } from "../support/until.ts";
import { Bodies } from "./bodies.ts";
import { Feeding } from "./feed.ts";
import { assertExact, untilArrived } from "./kafka/arrival.ts";
import { Crew } from "./kafka/crew.ts";
import { BRIEF, CLIENTS, kafkaSource, ROLL } from "./kafka/pipelines.ts";
import { TopicFeed } from "./kafka/topic_feed.ts";
import { Witness } from "./kafka/witness.ts";
import { lastOutput, outputBytes } from "./output.ts";
import { randomFor, ROUNDS, SEED } from "./settings.ts";
import { inFolder } from "./trial_folder.ts";
import type { Verdict } from "./verdict.ts";

const kafkaTest = sharedServerTest("kafka");
const UNDER_WAY_BYTES = 4 * 1024 * 1024;
const TURN_LIMIT_MS = 40_000;
const LONGEST_MS = 800;

/** Agents of one group that write what they read, and a feed. */
interface Stage {
  readonly crew: Crew;
  readonly witness: Witness;
  readonly feed: TopicFeed;
  readonly random: Random;
}

/** Runs something while a topic is fed; then waits for all that was fed, and stops the agents that are left. */
async function besiegeGroup(
  about: {
    readonly env: Record<string, string>;
    readonly client: string;
    readonly partitions: number;
    readonly names: readonly string[];
  },
  run: (stage: Stage) => Promise<readonly string[]>,
): Promise<Verdict> {
  const { env, client, partitions, names } = about;
  const topic = `group-${client}-${partitions}`;
  let verdict: Verdict | undefined;
  await inFolder("kafka groups", async (folder) => {
    await using witness = new Witness(env.KAFKA_BROKERS!);
    await witness.createTopic(topic, { partitions });
    await using crew = new Crew(folder);
    const source = kafkaSource({ brokers: env.KAFKA_BROKERS!, topic, client, more: BRIEF });
    for (const name of names) crew.add(name, `source: { ${source} }\nsink: { ${ROLL} }\n`);
    const random = randomFor(`groups ${partitions}`);
    const feed = new TopicFeed(witness, {
      topic,
      partitions,
      name: "trial",
      bodies: new Bodies(),
      random,
    });
    const outputs = names.map((name) => crew.output(name));
    const arrivedBytes = () => outputs.reduce((sum, output) => sum + outputBytes(output), 0);
    const feeding = new Feeding(feed, { maxUnderWayBytes: UNDER_WAY_BYTES, arrivedBytes });
    const left = await run({ crew, witness, feed, random });
    await feeding.stop();
    const says = () => left.map((name) => crew.lastWords(name)).join("\n");
    verdict = await untilArrived({ outputs, written: feed.written, says });
    for (const name of left) await crew.stop(name);
    verdict = await untilArrived({ outputs, written: feed.written, says });
  });
  return verdict!;
}

async function untilItWrites(crew: Crew, name: string): Promise<void> {
  const before = lastOutput(crew.output(name));
  const agent = crew.agent(name);
  const hasWritten = () => lastOutput(crew.output(name)) !== before;
  await until(`${name} to write`, () => hasWritten() || agent.hasEnded, TURN_LIMIT_MS).catch((cause) => {
    throw new Error(`${cause.message}; ${crew.lastWords(name)}`);
  });
  assert.equal(agent.hasEnded, false, crew.lastWords(name));
}

function pause(random: Random): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, random.below(LONGEST_MS)));
}

for (const client of CLIENTS) {
  kafkaTest(
    `24 partitions over 3 agents (${client}) that join and leave in order: nothing is lost, nothing comes twice (TRIAL_SEED=${SEED})`,
    async ({ env }) => {
      const names = ["one", "two", "three"];
      let [joins, leaves] = [0, 0];
      const verdict = await besiegeGroup({ env, client, partitions: 24, names }, async ({ crew, random }) => {
        const present = new Set<string>();
        for (let round = 0; round < 2 * ROUNDS + 2; round++) {
          const name = random.pick(names);
          // One at least stays, so that the others' partitions have somewhere to go.
          if (present.has(name) && present.size > 1) {
            await crew.stop(name);
            present.delete(name);
            leaves++;
          } else if (!present.has(name)) {
            crew.start(name);
            present.add(name);
            joins++;
            await untilItWrites(crew, name);
          }
          await pause(random);
        }
        return [...present];
      });
      console.log(JSON.stringify({ trial: "24 partitions", client, seed: SEED, joins, leaves, ...verdict }));
      assertExact(verdict, false);
    },
  );

  kafkaTest(
    `consumers (${client}) killed in the middle of a batch: others take over, nothing is lost, little comes twice (TRIAL_SEED=${SEED})`,
    async ({ env }) => {
      const names = ["one", "two"];
      const verdict = await besiegeGroup({ env, client, partitions: 6, names }, async ({ crew, random }) => {
        for (const name of names) crew.start(name);
        for (let round = 0; round < ROUNDS; round++) {
          for (const name of names) await untilItWrites(crew, name);
          const victim = random.pick(names);
          await pause(random);
          await crew.kill(victim);
          await untilItWrites(crew, names.find((name) => name !== victim)!);
          await pause(random);
          crew.start(victim);
        }
        return names;
      });
      console.log(
        JSON.stringify({ trial: "killed consumers", client, seed: SEED, kills: ROUNDS, ...verdict }),
      );
      assert.deepEqual([verdict.lost, verdict.wrong], [0, 0], verdict.faults.join("\n"));
      // What a killed agent had written and not yet noted in the group.
      assert.ok(
        verdict.repeated <= verdict.events / 4,
        `${verdict.repeated} of ${verdict.events} came twice`,
      );
    },
  );
}
