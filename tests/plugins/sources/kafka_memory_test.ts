import assert from "node:assert/strict";
import { serverTest } from "../../servers/mod.ts";
import { until } from "../../support/until.ts";
import type { Agent } from "../../trials/agent.ts";
import { Crew } from "../../trials/kafka/crew.ts";
import { Witness } from "../../trials/kafka/witness.ts";
import { inFolder } from "../../trials/trial_folder.ts";

const PARTITIONS = 24;
const VALUE = "x".repeat(20_000);
const VALUES_EACH = 40;
const SENDS = 5;
const LIMIT_BYTES = 64 * 1024 * 1024;
/** As often must be seen the same before it counts as standing still. */
const LOOKS = 100;

const STUCK = `import { defineSink } from "sluice/plugin";

export default defineSink({
  name: "stuck",
  summary: "Takes nothing.",
  config: {},
  examples: [],
  create: (_, { signal }) => ({
    write: () => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  }),
});
`;

/** Memory of an agent whose source has read what it may, or all that there is. */
async function restingBytes(agent: Agent): Promise<number> {
  await agent.untilItSays("distributed its partitions");
  let [looks, rssBytes] = [0, 0];
  await until("the memory to stay", () => {
    const now = agent.rssBytes();
    looks = Math.abs(now - rssBytes) < 1024 * 1024 ? looks + 1 : 0;
    rssBytes = looks === 0 ? now : rssBytes;
    return looks >= LOOKS;
  }, 30_000);
  return rssBytes;
}

serverTest(
  "kafka",
  "kafka source behind a sink that stands still holds less than 64 MiB over what it holds with nothing to read",
  (env) =>
    inFolder("kafka memory", async (folder) => {
      const brokers = env.KAFKA_BROKERS!;
      await using witness = new Witness(brokers);
      await using crew = new Crew(folder);
      await Deno.writeTextFile(`${folder}/stuck.ts`, STUCK);
      for (const topic of ["nothing", "much"]) await witness.createTopic(topic, { partitions: PARTITIONS });
      const values = Array<string>(VALUES_EACH).fill(VALUE);
      for (let send = 0; send < SENDS * PARTITIONS; send++) {
        await witness.send("much", send % PARTITIONS, values);
      }
      const resting: number[] = [];
      for (const topic of ["nothing", "much"]) {
        crew.add(
          topic,
          `source: { type: kafka, kafka.bootstrap.servers: "${brokers}", kafka.topics: ${topic}, kafka.consumer.group.id: ${topic}, kafka.consumer.auto.offset.reset: earliest }
sink: { type: ${folder}/stuck.ts }
`,
        );
        resting.push(await restingBytes(crew.start(topic)));
        await crew.kill(topic);
      }
      const [idleBytes, heldBytes] = resting as [number, number];
      assert.ok(heldBytes - idleBytes < LIMIT_BYTES, `${heldBytes} bytes, and ${idleBytes} when idle`);
    }),
);
