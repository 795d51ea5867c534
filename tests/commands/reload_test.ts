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
