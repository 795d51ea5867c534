import assert from "node:assert/strict";
import { denoSurroundings } from "../commands/_surroundings.ts";
import { compile } from "../compiler/compile.ts";
import { renderDiagnostics } from "../compiler/diagnostics.ts";
import { memoryPositions } from "../core/position.ts";
import { type RunningPipeline, startPipeline } from "../core/supervisor.ts";
import { type AnyPlugin, type Clock, EventBatch, type Sink, z } from "sluice/plugin";
import { putAll } from "../examples/embedded.ts";
import mySink from "../examples/my_sink.ts";
import mySource from "../examples/my_source.ts";
import { testContext } from "./support/context.ts";
import { runSource } from "./support/run_source.ts";
import { ROOT } from "./support/run_pipeline.ts";
import { until } from "./support/until.ts";

const FOLDER = `${ROOT}examples/`;

/** Starts a pipeline whose file seems to lie beside the examples; `lines` gets what is logged. */
async function start(text: string, lines: string[]): Promise<RunningPipeline> {
  const { plan, diagnostics } = await compile(
    text,
    `${FOLDER}page.yaml`,
    denoSurroundings(undefined, "/nonexistent"),
  );
  assert.ok(plan, renderDiagnostics(diagnostics));
  const log = (line: string) => void lines.push(line);
  const logger = { debug: log, info: log, warn: log, error: log };
  return await startPipeline(plan, { logger: () => logger, positions: memoryPositions() });
}

Deno.test("my_source makes rounds of five, and waits after each event", async () => {
  const pauses: number[] = [];
  const sleep = (ms: number) => {
    pauses.push(ms);
    return new Promise<void>((done) => setTimeout(done));
  };
  const clock: Clock = { now: () => 0, sleep };
  const run = runSource(mySource, { delay: "1s", field: "mySource-" }, { clock });
  await until("seven events", () => run.size >= 7);
  await run.stop();
  const numbers = run.bodies().map((body, index) => [body, `mySource-${index % 5}`]);
  for (const [body, expected] of numbers) assert.equal(body, expected);
  assert.deepEqual(new Set(pauses), new Set([1000]));
});

Deno.test("my_source needs a delay, and begins bodies with Hello! when it is not told how", () => {
  const config = z.strictObject(mySource.config);
  assert.throws(() => config.parse({}), /delay/);
  assert.equal(config.parse({ delay: 5 }).field, "Hello!");
});

Deno.test("my_sink logs each body between its texts, with hello: in front when it is not told otherwise", async () => {
  const logged = async (settings: Record<string, unknown>): Promise<string[]> => {
    const context = testContext();
    const sink = await mySink.create(z.strictObject(mySink.config).parse(settings), context) as Sink;
    await sink.write(EventBatch.from([{ body: "hello" }, { body: "" }]), context.signal);
    return context.lines.map(({ text }) => text);
  };
  assert.deepEqual(await logged({ prefix: "mysinkprefix:", suffix: ":myskinsuffix" }), [
    "mysinkprefix:hello:myskinsuffix",
    "mysinkprefix::myskinsuffix",
  ]);
  assert.deepEqual(await logged({}), ["hello:hello", "hello:"]);
});

Deno.test("embedded takes events of its program through a pipeline, and waits for one to run", async () => {
  const lines: string[] = [];
  const early = putAll([{ body: "before the start" }]);
  const running = await start(
    "source: { type: ./embedded.ts }\nsink: { type: ./my_sink.ts, prefix: <, suffix: '>' }",
    lines,
  );
  await early;
  await putAll([{ headers: { user: "ada" }, body: "one" }, { body: "two" }]);
  assert.deepEqual(lines.filter((line) => line.startsWith("<")), ["<before the start>", "<one>", "<two>"]);
  await running.stop();
});

for (const { name } of Deno.readDirSync(FOLDER)) {
  Deno.test(`pipelines that show examples/${name} compile`, async () => {
    const { default: plugin } = await import(`${FOLDER}${name}`) as { default: AnyPlugin };
    assert.ok(plugin.examples.length > 0);
    for (const { yaml } of plugin.examples) {
      const { diagnostics } = await compile(
        yaml,
        `${FOLDER}page.yaml`,
        denoSurroundings(undefined, "/nonexistent"),
      );
      assert.deepEqual(diagnostics.filter(({ severity }) => severity === "error"), []);
    }
  });
}

Deno.test("guide to Java components shows the examples as they are", async () => {
  const page = await Deno.readTextFile(`${ROOT}docs/guide/java-components.md`);
  for (const name of ["my_source.ts", "my_sink.ts"]) {
    const code = await Deno.readTextFile(`${FOLDER}${name}`);
    assert.ok(page.includes(`\`\`\`ts\n// ${name}\n${code}\`\`\``), name);
  }
});

Deno.test("program in the guide that has a pipeline inside runs as it is written", async () => {
  const page = await Deno.readTextFile(`${ROOT}docs/guide/java-components.md`);
  const program = /^```ts\n(import \{ compile[\s\S]*?)^```$/m.exec(page)![1]!;
  const folder = await Deno.makeTempDir();
  try {
    // Only where the examples lie is different for a program that lies elsewhere.
    await Deno.writeTextFile(
      `${folder}/program.ts`,
      program.replaceAll(/(?:\.\.\/\.\.|\.)\/examples\//g, FOLDER),
    );
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--config", `${ROOT}deno.json`, "program.ts"],
      cwd: folder,
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const files = Array.from(Deno.readDirSync(`${folder}/out`), ({ name }) => name);
    assert.deepEqual(files.map((name) => Deno.readTextFileSync(`${folder}/out/${name}`)), ["logged in\n"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
