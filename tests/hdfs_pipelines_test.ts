import assert from "node:assert/strict";
import { sharedServerTest, startServer } from "./servers/mod.ts";
import { type Expected, listFiles, parseExpected, updateExpected } from "./support/expected.ts";
import { startFilling } from "./support/filling_pipeline.ts";
import { connectHdfs } from "./support/hdfs.ts";
import { copyHdfs, listHdfs, namesIn } from "./support/hdfs_tree.ts";
import { ROOT, runPipeline } from "./support/run_pipeline.ts";

const hdfsTest = sharedServerTest("hdfs");
const UPDATES = Deno.env.get("UPDATE_EXPECTED") !== undefined;

/** Pipelines with how often the line without a time is set aside: by each of their sinks. */
const SHOPS = { hdfs_shop: 1, hdfs_and_disk: 2 };

for (const [name, refused] of Object.entries(SHOPS)) {
  hdfsTest(
    `pipelines/${name}.yaml gives what its .expected file says, and sets a line aside`,
    async ({ env }) => {
      await judge(name, env, (folder) => {
        assert.equal(refusedTexts(folder).join("").split("clock not yet set").length - 1, refused);
      });
    },
  );
}

function refusedTexts(folder: string): string[] {
  const paths = listFiles(folder).filter((path) => path.startsWith("out/refused/"));
  return paths.map((path) => Deno.readTextFileSync(`${folder}/${path}`));
}

hdfsTest("pipelines/hdfs_from_kafka.yaml gives what its .expected file says", async ({ env }) => {
  const kafka = await startServer("kafka");
  if (kafka === undefined) return;
  const folder = await Deno.makeTempDir();
  try {
    await using _filling = await startFilling("log_to_kafka", { brokers: kafka.env.KAFKA_BROKERS!, folder });
    await judge("hdfs_from_kafka", { ...env, KAFKA_BROKERS: kafka.env.KAFKA_BROKERS! });
  } finally {
    await kafka.stop();
    await Deno.remove(folder, { recursive: true });
  }
});

/** Runs a pipeline; what it leaves in HDFS is compared below `out/hdfs`, and no file there may be unfinished. */
async function judge(
  name: string,
  env: Readonly<Record<string, string>>,
  look: (folder: string) => void = () => {},
): Promise<void> {
  const path = `${ROOT}pipelines/${name}.expected`;
  const text = await Deno.readTextFile(path);
  const expected = parseExpected(text);
  const client = connectHdfs(env.HDFS_WEBHDFS!);
  const folder = await Deno.makeTempDir();
  try {
    const outcome = await runPipeline({
      ...{ pipeline: `pipelines/${name}.yaml`, expected, folder },
      env: { ...env, IDLE: "1" },
      limitMs: UPDATES ? 10_000 : 30_000,
      fetchOutput: async () => await copyHdfs(client, "/", `${folder}/out/hdfs`),
    });
    assert.equal(outcome.code, 0, outcome.stderr);
    if (UPDATES) await updateExpected(path, text, outcome.outputs);
    compare(expected, outcome.outputs, outcome.stderr);
    look(folder);
    assert.deepEqual((await listHdfs(client, "/")).filter((path) => /\.tmp$/.test(path)), []);
  } finally {
    for (const name of await namesIn(client, "/")) await client.remove(`/${name}`, { recursive: true });
    client.close();
    await Deno.remove(folder, { recursive: true });
  }
}

function compare({ outputs: wanted }: Expected, outputs: readonly string[], stderr: string): void {
  for (const [at, { pattern, text }] of wanted.entries()) {
    assert.equal(outputs[at], text, `${pattern}\n${stderr}`);
    assert.notEqual(text, "", `nothing came out for ${pattern}`);
  }
}
