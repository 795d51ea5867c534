import assert from "node:assert/strict";
import { Peer } from "./peers/peer.ts";
import { sharedServerTest } from "./servers/mod.ts";
import { parseExpected, updateExpected } from "./support/expected.ts";
import { putFiles, ROOT, runPipeline } from "./support/run_pipeline.ts";
import { Witness } from "./trials/kafka/witness.ts";

const kafkaTest = sharedServerTest("kafka");
const UPDATES = Deno.env.get("UPDATE_EXPECTED") !== undefined;

/** The topic comes while it is read, and who waits for it looks every five seconds. */
const LIMIT_MS = 40_000;

/** Packages stay where they are, although HOME is another folder. */
const DENO_DIR = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;

/** What fills the topic of a pipeline while it runs. */
type Filling = (about: { readonly brokers: string; readonly folder: string }) => Promise<AsyncDisposable>;

/** Another of the pipelines fills it. */
function fromPipeline(name: string): Filling {
  return async ({ brokers, folder }) => {
    await putFiles(parseExpected(await Deno.readTextFile(`${ROOT}pipelines/${name}.expected`)), folder);
    return new Peer({
      program: Deno.execPath(),
      args: ["run", "-A", "cli.ts", `pipelines/${name}.yaml`, "--state-dir", `${folder}/state-of-${name}`],
      cwd: ROOT,
      env: { KAFKA_BROKERS: brokers, IN: `${folder}/in` },
    });
  };
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
        env: { KAFKA_BROKERS: brokers, DENO_DIR },
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
