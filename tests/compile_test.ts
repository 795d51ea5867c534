import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { COMMAND_NAMES } from "../commands/_registry.ts";
import { compileProgram, NoToolchainError } from "../tools/compile.ts";
import { parseExpected } from "./support/expected.ts";
import { ROOT, runPipeline } from "./support/run_pipeline.ts";

/** A plugin as someone else writes it, in the language that a compiled program reads. */
const SHOUT = `import { defineInterceptor, EventBatch } from "sluice/plugin";
export default defineInterceptor({
  name: "shout",
  summary: "Turns text into capitals.",
  config: {},
  examples: [],
  create: () => ({
    intercept: (batch) =>
      EventBatch.from(Array.from(batch, ({ headers }, at) => ({ headers, body: batch.text(at).toUpperCase() })))
        .with({ position: batch.position }),
  }),
});
`;
const SHOUTING = `source: { type: exec, command: cat tests/data/crlf.txt }
interceptors: [{ type: ./shout.js }]
sink: { type: stdout }
`;

const folder = await Deno.makeTempDir();
const binary = `${folder}/sluice`;
const made = await compileProgram(binary).catch((cause: unknown) => {
  if (cause instanceof NoToolchainError) return cause;
  throw cause;
});
const isMissing = made instanceof NoToolchainError;
const title = isMissing
  ? `compiled program (not tested: ${made.message})`
  : `compiled program (Deno ${made.version})`;

Deno.test({
  name: `${title} runs the quickstart`,
  ignore: isMissing,
  async fn() {
    const expected = parseExpected(await Deno.readTextFile(`${ROOT}pipelines/quickstart.expected`));
    const run = {
      pipeline: "pipelines/quickstart.yaml",
      expected,
      folder: `${folder}/quickstart`,
      program: [binary],
    };
    const { code, stderr, outputs } = await runPipeline(run);
    assert.equal(code, 0, stderr);
    assert.deepEqual(outputs, expected.outputs.map(({ text }) => text));
  },
});

Deno.test({
  name: `${title} loads a plugin from a path at run time`,
  ignore: isMissing,
  async fn() {
    await Deno.writeTextFile(`${folder}/shout.js`, SHOUT);
    await Deno.writeTextFile(`${folder}/shouting.yaml`, SHOUTING);
    const { outputs, ...outcome } = await runPipeline({
      pipeline: `${folder}/shouting.yaml`,
      expected: parseExpected("--- stdout\n"),
      folder: `${folder}/shouting`,
      program: [binary],
    });
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.equal(outputs[0], (await Deno.readTextFile(`${ROOT}tests/data/crlf.txt`)).toUpperCase());
  },
});

Deno.test({
  name: `${title} has all its commands`,
  ignore: isMissing,
  async fn() {
    for (const name of COMMAND_NAMES) {
      const { code, stderr } = await new Deno.Command(binary, { args: [name, "--help"] }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
    }
  },
});

Deno.test({
  name: `${title} keeps events in a journal and reads it`,
  ignore: isMissing,
  async fn() {
    const pipeline = `${folder}/kept.yaml`;
    const text = "source: { type: exec, command: seq 5 }\nchannel: { type: file }\nsink: { type: stdout }\n";
    await Deno.writeTextFile(pipeline, text);
    const state = `${folder}/kept`;
    for (const args of [["run", "--state-dir", state, pipeline], ["journal", "verify", `${state}/journal`]]) {
      const { code, stdout, stderr } = await new Deno.Command(binary, { args }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      assert.match(new TextDecoder().decode(stdout), /^1\n2\n3\n4\n5\n$|, 5 events, .*no faults/);
    }
  },
});

Deno.test({
  name: `${title} makes files of an hdfs sink in workers`,
  ignore: isMissing,
  async fn() {
    const pipeline = `${folder}/files.yaml`;
    const sink = `{ type: hdfs, path: "file://${folder}/files", fileType: CompressedStream, codeC: gzip }`;
    await Deno.writeTextFile(pipeline, `source: { type: exec, command: seq 5 }\nsink: ${sink}\n`);
    const args = ["run", "--state-dir", `${folder}/files-state`, pipeline];
    const { code, stderr } = await new Deno.Command(binary, { args }).output();
    const said = new TextDecoder().decode(stderr);
    assert.equal(code, 0, said);
    assert.doesNotMatch(said, /main thread|"level":"(WARN|ERROR)"/);
    const [file] = Array.from(Deno.readDirSync(`${folder}/files`), ({ name }) => name);
    const bytes = await Deno.readFile(`${folder}/files/${file}`);
    assert.equal(new TextDecoder().decode(gunzipSync(bytes)), "1\n2\n3\n4\n5\n");
  },
});

Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));
