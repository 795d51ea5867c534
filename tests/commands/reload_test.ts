import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { folderWith, Program } from "./_program.ts";

const ONE = `source: { type: http, bind: 127.0.0.1, port: 0 }
channel: { type: memory }
sink: { type: file_roll, directory: first }
`;
const TWO = `sources: { source: { type: http, bind: 127.0.0.1, port: 0, channels: [channel, late] } }
channels: { channel: { type: memory }, late: { type: memory } }
sinks:
  sink: { type: file_roll, directory: first, channel: channel }
  added: { type: file_roll, directory: second, channel: late }
`;

/** All lines in the files of a folder. */
function linesIn(folder: string): string[] {
  try {
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
    return names.flatMap((name) => Deno.readTextFileSync(`${folder}/${name}`).split("\n").slice(0, -1));
  } catch {
    return [];
  }
}

async function post(port: number, body: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/`, {
    method: "POST",
    body,
  });
  await answer.body?.cancel();
  assert.equal(answer.status, 200);
}

for (const [how, args] of [["SIGHUP", []], ["a change of a watched file", ["--watch"]]] as const) {
  Deno.test(`channel added by ${how} gets events at once, and the source keeps its port`, async () => {
    await using folder = await folderWith({ "web.yaml": ONE });
    const program = new Program(["run", "--log-format", "json", ...args, "web.yaml"], { cwd: folder.path });
    const port = await program.port();
    await post(port, "before");
    await Deno.writeTextFile(`${folder.path}/web.yaml`, TWO);
    if (how === "SIGHUP") program.child.kill("SIGHUP");
    await program.says("Reloaded");
    await post(port, "after");
    await until("both files", () => linesIn(`${folder.path}/second`).length === 1);
    program.child.kill("SIGTERM");
    assert.equal((await program.end()).code, 0);
    assert.deepEqual(linesIn(`${folder.path}/first`), ["before", "after"]);
    assert.deepEqual(linesIn(`${folder.path}/second`), ["after"]);
  });
}

const KEPT = `sources: { in: { type: spooldir, spoolDir: spool, channels: [c1] } }
channels: { c1: { type: file, retention: 1h } }
sinks: { s1: { type: file_roll, directory: first, channel: c1 } }
`;
const AGAIN = `sources: { in: { type: spooldir, spoolDir: spool, channels: [c1, c2] } }
channels:
  c1: { type: file, retention: 1h }
  c2: { type: file, retention: 1h, from: earliest }
sinks:
  s1: { type: file_roll, directory: first, channel: c1 }
  s2: { type: file_roll, directory: second, channel: c2 }
`;

Deno.test("file channel added by SIGHUP reads again what the journal keeps, then what comes, each event once", async () => {
  await using folder = await folderWith({ "logs.yaml": KEPT });
  const { path } = folder;
  const spool = async (name: string, lines: string[]) => {
    await Deno.writeTextFile(`${path}/${name}`, lines.map((line) => `${line}\n`).join(""));
    await Deno.rename(`${path}/${name}`, `${path}/spool/${name}`);
  };
  await Deno.mkdir(`${path}/spool`);
  await spool("a.log", ["1", "2", "3"]);
  const args = ["run", "--log-format", "json", "--state-dir", "state", "logs.yaml"];
  const program = new Program(args, { cwd: path });
  await until("the first file", () => linesIn(`${path}/first`).length === 3);
  await Deno.writeTextFile(`${path}/logs.yaml`, AGAIN);
  program.child.kill("SIGHUP");
  await program.says("Reloaded");
  await spool("b.log", ["4", "5"]);
  await until("all again", () => linesIn(`${path}/second`).length >= 5);
  program.child.kill("SIGTERM");
  assert.equal((await program.end()).code, 0);
  for (const name of ["first", "second"]) {
    assert.deepEqual(linesIn(`${path}/${name}`), ["1", "2", "3", "4", "5"]);
  }
});

Deno.test("SIGHUP with a file that has errors shows them and changes nothing", async () => {
  await using folder = await folderWith({ "web.yaml": ONE });
  const program = new Program(["run", "--log-format", "json", "web.yaml"], { cwd: folder.path });
  const port = await program.port();
  await Deno.writeTextFile(`${folder.path}/web.yaml`, ONE.replace("file_roll", "file_rol"));
  program.child.kill("SIGHUP");
  await program.says("Not reloaded");
  assert.match(program.stderr, /did you mean .*file_roll/i);
  await post(port, "still here");
  program.child.kill("SIGTERM");
  assert.equal((await program.end()).code, 0);
  assert.deepEqual(linesIn(`${folder.path}/first`), ["still here"]);
});
