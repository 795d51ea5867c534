import assert from "node:assert/strict";
import { join } from "node:path";
import line from "../../../plugins/codecs/line.ts";
import exec from "../../../plugins/sources/exec.ts";
import { codecChoice, runSource, type SourceRun } from "../../support/run_source.ts";
import { longLine, samplePath } from "../../support/samples.ts";
import { until } from "../../support/until.ts";

function start(settings: Record<string, unknown>, lineSettings: Record<string, unknown> = {}): SourceRun {
  return runSource(exec, { decoder: codecChoice(line, lineSettings), ...settings });
}

function isRunning(pid: string): boolean {
  const { success, stdout } = new Deno.Command("ps", { args: ["-o", "stat=", "-p", pid] }).outputSync();
  return success && !new TextDecoder().decode(stdout).startsWith("Z");
}

Deno.test("exec splits the command at white space and emits each line of its output", async () => {
  const run = start({ command: `  cat   ${samplePath("application.log")} ` });
  await run.ended;
  assert.deepEqual(
    run.bodies(),
    Deno.readTextFileSync(samplePath("application.log")).split("\n").slice(0, -1),
  );
  assert.deepEqual(run.context.lines.at(-1), {
    level: "info",
    text: "Command ended",
    properties: { code: 0 },
  });
});

Deno.test("exec gives the whole command to a shell, and an unfinished last line counts", async () => {
  const run = start({
    shell: "/bin/sh -c",
    command: 'for k in köln bonn; do echo "$k"; done | sort; printf last',
  });
  await run.ended;
  assert.deepEqual(run.bodies(), ["bonn", "köln", "last"]);
});

Deno.test("exec emits a line while the command goes on, and ends it with its children at a stop", async () => {
  const run = start({ shell: "/bin/sh -c", command: "sleep 600 & echo $$ $!; wait" });
  const pids = (await run.untilSize(1))[0]!.split(" ");
  assert.deepEqual(pids.map(isRunning), [true, true]);
  await run.stop();
  await until("the end of the children", () => !pids.some(isRunning));
});

Deno.test("exec reads much output and lines that are longer than a block", async () => {
  const folder = Deno.makeTempDirSync();
  const path = join(folder, "long.txt");
  Deno.writeFileSync(path, new Uint8Array([...longLine(700_000), 10, 65, 10]));
  const run = start({ shell: "/bin/sh -c", command: `seq 1 200000; cat ${path}` }, {
    maxLineLength: 1_000_000,
  });
  await run.ended;
  const bodies = run.bodies();
  assert.deepEqual([bodies.length, bodies[199_999], bodies[200_000]!.length, bodies[200_001]], [
    200_002,
    "200000",
    700_000,
    "A",
  ]);
  for (let index = 0; index < 200_000; index++) {
    if (bodies[index] !== String(index + 1)) assert.fail(bodies[index]);
  }
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("exec logs how the command ended and, when asked, its standard error", async () => {
  const run = start({
    shell: "/bin/sh -c",
    command: "echo out; echo 'disk köln is full' >&2; exit 3",
    logStdErr: true,
  });
  await run.ended;
  assert.deepEqual(run.bodies(), ["out"]);
  await until(
    "the line of standard error",
    () =>
      run.context.lines.some(({ text, properties }) =>
        text === "disk köln is full" && properties?.stream === "stderr"
      ),
  );
  const end = run.context.lines.find(({ level }) => level === "warn");
  assert.deepEqual(end, { level: "warn", text: "Command ended with an error", properties: { code: 3 } });
});

Deno.test("exec starts the command again when asked", async () => {
  const run = start({ command: "echo again", restart: true, restartThrottle: 1 });
  await until("three runs", () => run.size >= 3);
  await run.stop();
});

Deno.test("exec says what is wrong when there is no such command", async () => {
  const run = start({ command: "no-such-command-of-ours --now" });
  await assert.rejects(
    run.ended,
    /Cannot run "no-such-command-of-ours": there is no such command; check its path/,
  );
});

Deno.test("exec cuts batches to batchSize, and gathers lines when batchTimeout is given", async () => {
  const cut = start({ command: "seq 1 7", batchSize: 3 });
  await cut.ended;
  assert.deepEqual(cut.batches.map(({ size }) => size), [3, 3, 1]);
  const gathered = start({
    shell: "/bin/sh -c",
    command: "echo 1; sleep 0.02; echo 2; sleep 0.02; echo 3; sleep 600",
    batchSize: 2,
    batchTimeout: 100,
  });
  await gathered.untilSize(3);
  assert.deepEqual(gathered.batches.map(({ size }) => size), [2, 1]);
  await gathered.stop();
});

Deno.test("exec turns output in another charset into UTF-8", async () => {
  const run = start({ shell: "/bin/sh -c", command: "printf 'k\\366ln\\n'", charset: "ISO-8859-1" });
  await run.ended;
  assert.deepEqual(run.bodies(), ["köln"]);
});

Deno.test("exec ends with the cause when a batch is rolled back", async () => {
  const run = start({ shell: "/bin/sh -c", command: "echo once; sleep 600" });
  run.answer = () => Promise.reject(new Error("Disk is on fire"));
  await assert.rejects(run.ended, /Disk is on fire/);
});

Deno.test("exec check refuses an unknown charset and an empty command", () => {
  const keys = (charset: string, command: string) =>
    exec.check!({ charset, command } as never).map(({ key }) => key);
  assert.deepEqual(keys("klingon", "  "), ["charset", "command"]);
  assert.deepEqual(keys("UTF-8", "date"), []);
});
