import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { folderWith, Program, sluice } from "./_program.ts";

const COPY = "source: { type: stdin }\nsink: { type: stdout }\n";

/** A sink that takes everything and never says that it has it. */
const HOLDING_SINK = `import { defineSink } from "sluice/plugin";
export default defineSink({
  name: "holding",
  summary: "Holds what it gets.",
  config: {},
  examples: [],
  create: (_config, { log }) => ({
    write() {
      log.info("Holding");
      return new Promise(() => {});
    },
  }),
});
`;
const HOLDING = "source: { type: stdin }\nsink: { type: ./holding.ts }\n";

Deno.test("run copies standard input to standard output and ends with 0", async () => {
  await using folder = await folderWith({ "copy.yaml": COPY });
  const lines = 'GET /straße HTTP/1.1\r\n\n{"level":"warn"}\nno newline';
  const { code, stdout, stderr } = await sluice(["copy.yaml"], { cwd: folder.path, stdin: lines });
  assert.equal(code, 0);
  assert.equal(stdout.replaceAll("\r", ""), `${lines.replaceAll("\r", "")}\n`);
  const log = stderr.trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(log[0]!["message"], "Started");
  const ended = log.find(({ logger }) => logger === "sluice.sink.sink")!;
  assert.deepEqual([ended["message"], ended["EventDrainSuccessCount"]], ["Ended", 4]);
});

Deno.test("run in text form ends with a table of what was done, and is silent when only errors count", async () => {
  await using folder = await folderWith({ "copy.yaml": COPY });
  const told = await sluice(["--log-format", "text", "copy.yaml"], { cwd: folder.path, stdin: "GET /\n" });
  assert.match(told.stderr, /^\d\d:\d\d:\d\d INFO {2}agent: Started pipeline=copy file=copy\.yaml\n/);
  assert.match(told.stderr, /\nsink +sink \(stdout\) +stopped +.*EventDrainSuccessCount 1/);
  const silent = await sluice(["copy.yaml", "--log-format=text", "--log-level=error"], {
    cwd: folder.path,
    stdin: "GET /\n",
  });
  assert.deepEqual(silent, { code: 0, stdout: "GET /\n", stderr: "" });
});

Deno.test("run --dry-run starts nothing", async () => {
  await using folder = await folderWith({ "copy.yaml": COPY });
  const end = await sluice(["run", "--dry-run", "copy.yaml"], { cwd: folder.path, stdin: "GET /\n" });
  assert.deepEqual(end, { code: 0, stdout: "", stderr: "" });
});

Deno.test("run takes the agent that --name chooses", async () => {
  const agents = `agents:
  web: { source: { type: stdin }, sink: { type: stdout } }
  counting: { source: { type: seq, totalEvents: 2 }, sink: { type: stdout } }
`;
  await using folder = await folderWith({ "two.yaml": agents });
  const args = ["run", "--conf-file", "two.yaml", "--name", "counting"];
  const { code, stdout } = await sluice(args, { cwd: folder.path });
  assert.deepEqual([code, stdout], [0, "0\n1\n"]);
  assert.match((await sluice(["run", "two.yaml"], { cwd: folder.path })).stderr, /choose one: --name web/);
});

/** A pipeline from growing files to files, with its state beside them. */
const TAIL = `source: { type: taildir, filegroups: { logs: in/.*\\.log } }
sink: { type: file_roll, directory: out, rollInterval: 0 }
`;

async function outputOf(folder: string): Promise<string> {
  const texts: string[] = [];
  try {
    for (const { name } of Deno.readDirSync(`${folder}/out`)) {
      texts.push(await Deno.readTextFile(`${folder}/out/${name}`));
    }
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
  }
  return texts.sort().join("");
}

Deno.test("run stops in order on SIGTERM, and goes on where it was without repeating a line", async () => {
  await using folder = await folderWith({ "tail.yaml": TAIL });
  const env = { SLUICE_STATE_DIR: `${folder.path}/state` };
  await Deno.mkdir(`${folder.path}/in`);
  const log = `${folder.path}/in/access.log`;
  await Deno.writeTextFile(log, "GET /one HTTP/1.1\n");
  const first = new Program(["tail.yaml"], { cwd: folder.path, env });
  await until("the first line", async () => await outputOf(folder.path) === "GET /one HTTP/1.1\n", 30_000);
  first.child.kill("SIGTERM");
  assert.equal((await first.end()).code, 0);
  assert.match(first.stderr, /"Stopping; a second signal stops at once"/);
  assert.ok(Deno.statSync(`${folder.path}/state/tail/positions.json`).isFile);
  await Deno.writeTextFile(log, "GET /two HTTP/1.1\n", { append: true });
  const second = new Program(["tail.yaml"], { cwd: folder.path, env });
  await until("the second line", async () => (await outputOf(folder.path)).includes("/two"), 30_000);
  second.child.kill("SIGINT");
  assert.equal((await second.end()).code, 0);
  assert.deepEqual((await outputOf(folder.path)).split("\n").sort(), [
    "",
    "GET /one HTTP/1.1",
    "GET /two HTTP/1.1",
  ]);
});

Deno.test("run refuses a state folder that another run uses, and ends with 3", async () => {
  await using folder = await folderWith({ "tail.yaml": TAIL });
  await Deno.mkdir(`${folder.path}/in`);
  const args = ["tail.yaml", "--state-dir", "state"];
  const first = new Program(args, { cwd: folder.path });
  await first.says("Started");
  const { code, stderr } = await sluice(args, { cwd: folder.path });
  assert.equal(code, 3);
  assert.ok(stderr.includes(`is in use by process ${first.child.pid}`), stderr);
  first.child.kill("SIGTERM");
  assert.equal((await first.end()).code, 0);
});

Deno.test("run ends with 3 when a stop takes too long, and says how much was not delivered", async () => {
  await using folder = await folderWith({ "holding.ts": HOLDING_SINK, "holding.yaml": HOLDING });
  const program = new Program(["holding.yaml", "--shutdown-timeout", "100ms"], { cwd: folder.path });
  await program.write("GET /\n");
  await program.says("Holding");
  program.child.kill("SIGTERM");
  const { code, stderr } = await program.end();
  assert.equal(code, 3);
  assert.match(stderr, /Events not delivered before the stop: 1/);
});

Deno.test("run stops at once on a second signal, but not on the echo of the first", async () => {
  await using folder = await folderWith({ "holding.ts": HOLDING_SINK, "holding.yaml": HOLDING });
  const program = new Program(["holding.yaml"], { cwd: folder.path });
  await program.write("GET /\n");
  await program.says("Holding");
  const sentMs = performance.now();
  await until("the end", () => {
    try {
      program.child.kill("SIGTERM");
      return false;
    } catch {
      return true;
    }
  });
  assert.ok(performance.now() - sentMs >= 200);
  const { code, stderr } = await program.end();
  assert.equal(code, 143);
  assert.match(stderr, /Stopped at once/);
});

Deno.test("run goes on when a plugin lets a rejection escape, logs it, and ends with 3", async () => {
  const careless = `import { defineInterceptor } from "sluice/plugin";
export default defineInterceptor({
  name: "careless",
  summary: "Forgets a promise.",
  config: {},
  examples: [],
  create: () => ({
    intercept(batch) {
      void Promise.reject(new Error("Nobody looked here"));
      return batch;
    },
  }),
});
`;
  const text = "source: { type: stdin }\ninterceptors: [{ type: ./careless.ts }]\nsink: { type: stdout }\n";
  await using folder = await folderWith({ "careless.ts": careless, "careless.yaml": text });
  const { code, stdout, stderr } = await sluice(["careless.yaml"], { cwd: folder.path, stdin: "GET /\n" });
  assert.deepEqual([code, stdout], [3, "GET /\n"]);
  assert.match(stderr, /A component let an error escape: Nobody looked here/);
});
