import assert from "node:assert/strict";
import { sharedServerTest } from "./servers/mod.ts";
import { parseExpected, updateExpected } from "./support/expected.ts";
import { type FillingOptions, startFilling } from "./support/filling_pipeline.ts";
import { ROOT, runPipeline } from "./support/run_pipeline.ts";
import { Witness } from "./trials/kafka/witness.ts";

const kafkaTest = sharedServerTest("kafka");
const UPDATES = Deno.env.get("UPDATE_EXPECTED") !== undefined;

/** The topic comes while it is read, and who waits for it looks every five seconds. */
const LIMIT_MS = 40_000;

/** What fills the topic of a pipeline while it runs. */
type Filling = (about: FillingOptions) => Promise<AsyncDisposable>;

/** Another of the pipelines fills it. */
function fromPipeline(name: string): Filling {
  return (about) => startFilling(name, about);
}

/** Each line of the access log comes two times, the second time after all others. */
const repeatedLines: Filling = async ({ brokers }) => {
  const witness = new Witness(brokers);
  await witness.createTopic("repeated", { partitions: 2 });
  const lines = (await Deno.readTextFile(`${ROOT}tests/data/access.log`)).split("\n").slice(0, -1);
  await witness.send("repeated", 0, lines);
  await witness.send("repeated", 1, lines);
  return witness;
};

const CASES: Readonly<Record<string, Filling>> = {
  kafka_by_hour: fromPipeline("log_to_kafka"),
  kafka_channel_take: fromPipeline("kafka_channel_put"),
  kafka_dedupe: repeatedLines,
};

for (const [name, fill] of Object.entries(CASES)) {
  kafkaTest(`pipelines/${name}.yaml gives what its .expected file says`, async ({ env }) => {
    const path = `${ROOT}pipelines/${name}.expected`;
    const text = await Deno.readTextFile(path);
    const [expected, brokers] = [parseExpected(text), env.KAFKA_BROKERS!];
    const folder = await Deno.makeTempDir();
    try {
      await using _filling = await fill({ brokers, folder });
      const pipeline = `pipelines/${name}.yaml`;
      const { code, stderr, outputs } = await runPipeline({
        pipeline,
        expected,
        folder,
        env: { KAFKA_BROKERS: brokers },
        limitMs: LIMIT_MS,
      });
      assert.equal(code, 0, stderr);
      if (UPDATES) await updateExpected(path, text, outputs);
      for (const [at, { pattern, text }] of expected.outputs.entries()) {
        assert.equal(outputs[at], text, `${pattern}\n${stderr}`);
      }
      assert.ok(outputs.some((output) => output !== ""), "nothing came out");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
