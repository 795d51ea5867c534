import assert from "node:assert/strict";
import { EventBatch } from "sluice/plugin";
import avroEvent from "../../plugins/codecs/avro_event.ts";
import json from "../../plugins/codecs/json.ts";
import { readLetters } from "../../commands/_dlq/letters.ts";
import { encodeFile } from "../support/encode_file.ts";
import { folderWith, Program, sluice } from "./_program.ts";
import { until } from "../support/until.ts";

const LINES = 'GET /straße 200\nbad order 17\n\nbad {"order":18}\nno newline';
const BAD = ["bad order 17", 'bad {"order":18}'];

/** A target that refuses what begins with "bad", until it is mended, and keeps what it accepted. */
function pickyTarget() {
  const accepted: string[] = [];
  const state = { isMended: false, held: undefined as Promise<void> | undefined };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const body = await request.text();
    if (body.startsWith("bad") && !state.isMended) return new Response("No such order", { status: 422 });
    if (body === BAD[1] && state.held) {
      await state.held;
      return new Response(null, { status: 503 });
    }
    accepted.push(body);
    return new Response(null);
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  return Object.assign(state, { url, accepted, [Symbol.asyncDispose]: () => server.shutdown() });
}

const pipelineTo = (url: string) => `
source: { type: stdin }
sink: { type: http, endpoint: "${url}", poison: 422 }
deadLetters: { directory: refused }
stateDir: state
`;

/** The names of finished files of dead letters. */
async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(`${folder}/refused`), ({ name }) => name)).sort();
}

async function eventsIn(path: string) {
  const batches = await Array.fromAsync(readLetters(path));
  return batches.flatMap((batch) => Array.from(batch, ({ headers, body }) => ({ headers, body })));
}

/** A folder with a pipeline that has refused two events. */
async function folderWithLetters(url: string) {
  const folder = await folderWith({ "p.yaml": pipelineTo(url) });
  const { code, stderr } = await sluice(["run", "p.yaml"], { cwd: folder.path, stdin: LINES });
  assert.equal(code, 0, stderr);
  return folder;
}

Deno.test("dlq lists, shows and replays what the target of a pipeline has refused", async () => {
  await using target = pickyTarget();
  await using folder = await folderWithLetters(target.url);
  const cwd = folder.path;
  assert.deepEqual(target.accepted, ["GET /straße 200", "no newline"]);
  await Deno.writeTextFile(`${cwd}/refused/1-1.tmp`, "Obj");

  const list = await sluice(["dlq", "list", "p.yaml"], { cwd });
  assert.equal(list.code, 0, list.stderr);
  assert.match(
    list.stdout,
    /^EVENTS {2}COMPONENT {2}FIRST +LAST +REASON\n2 +sink +\d{4}-\S+Z +\d{4}-\S+Z {2}http:/,
  );
  assert.match(
    list.stdout,
    /answered 422 "No such order"\n1 file of dead letters in .*refused; 1 still being/,
  );

  const show = await sluice(["dlq", "show", "--reason", "NO SUCH", "--limit", "1", "p.yaml"], { cwd });
  assert.match(show.stdout, /^\d+-1\n/);
  assert.match(show.stdout, /\n {2}deadLetter\.reason: http.*422.*\n/);
  assert.match(show.stdout, /\n {2}deadLetter\.component: sink\n/);
  assert.match(
    show.stdout,
    / {2}deadLetter\.attempts: 1\n[^]* {2}body \(12 bytes\): bad order 17\n\n1 more; /,
  );
  const none = await sluice(["dlq", "show", "--component", "other", "refused"], { cwd });
  assert.deepEqual([none.code, none.stdout], [0, ""]);

  target.isMended = true;
  const replay = await sluice(["dlq", "replay", "p.yaml"], { cwd });
  assert.deepEqual([replay.code, replay.stdout], [0, "2 events delivered; 1 file done\n"], replay.stderr);
  assert.deepEqual(target.accepted.slice(2), BAD);
  assert.match((await namesIn(cwd)).join(), /^1-1\.tmp,\d+-1\.replayed$/);
  const again = await sluice(["dlq", "replay", "p.yaml"], { cwd });
  assert.deepEqual([again.code, again.stdout], [
    0,
    `Nothing to replay in ${await Deno.realPath(cwd)}/refused\n`,
  ]);
});

Deno.test("events that a replay cannot deliver are dead letters again, and count their attempts", async () => {
  await using target = pickyTarget();
  await using folder = await folderWithLetters(target.url);
  const cwd = folder.path;
  const { code, stdout } = await sluice(["dlq", "replay", "--delete", "p.yaml"], { cwd });
  assert.deepEqual([code, stdout], [3, "0 events delivered; 1 file done; 2 events refused again\n"]);
  const [name, ...more] = await namesIn(cwd);
  assert.deepEqual(more, []);
  const events = await eventsIn(`${cwd}/refused/${name}`);
  assert.deepEqual(events.map(({ headers }) => headers["deadLetter.attempts"]), ["2", "2"]);
});

Deno.test("replay gives up in time when the target is away, and keeps the files", async () => {
  const target = pickyTarget();
  await using folder = await folderWithLetters(target.url);
  await target[Symbol.asyncDispose]();
  const before = await namesIn(folder.path);
  const { code, stderr } = await sluice(["dlq", "replay", "--retry-for", "300ms", "p.yaml"], {
    cwd: folder.path,
  });
  assert.equal(code, 3, stderr);
  assert.match(
    stderr,
    /error: Nothing was delivered for 300 ms; "sink": .*\n {2}fix: replay again when the target/,
  );
  assert.deepEqual(await namesIn(folder.path), before);
});

Deno.test("replay that is killed within a file repeats what it had delivered, and loses nothing", async () => {
  await using target = pickyTarget();
  await using folder = await folderWithLetters(target.url);
  const [before, cwd] = [await namesIn(folder.path), folder.path];
  const held = Promise.withResolvers<void>();
  Object.assign(target, { isMended: true, held: held.promise });
  const replay = new Program(["dlq", "replay", "p.yaml"], { cwd });
  await until("the first event", () => target.accepted.length === 3);
  replay.child.kill("SIGKILL");
  await replay.end();
  assert.deepEqual(await namesIn(cwd), before);
  held.resolve();
  target.held = undefined;
  const { code, stderr } = await sluice(["dlq", "replay", "p.yaml"], { cwd });
  assert.equal(code, 0, stderr);
  assert.deepEqual(target.accepted.slice(2), [BAD[0], ...BAD]);
});

Deno.test("replay leaves a pipeline at work alone, and posts to its http source instead", async () => {
  await using target = pickyTarget();
  await using folder = await folderWithLetters(target.url);
  const cwd = folder.path;
  await Deno.writeTextFile(
    `${cwd}/at_work.yaml`,
    pipelineTo(target.url).replace("{ type: stdin }", "{ type: http, port: 0, bind: 127.0.0.1 }"),
  );
  const agent = new Program(["run", "at_work.yaml"], { cwd });
  const port = await agent.port();
  const { code, stderr } = await sluice(["dlq", "replay", "p.yaml"], { cwd });
  assert.equal(code, 3);
  assert.match(stderr, /error: State folder ".*state" is in use by process \d+\n {2}fix: .*--to URL\n$/);

  target.isMended = true;
  const args = ["dlq", "replay", "--to", `http://127.0.0.1:${port}/`, "--delete", "p.yaml"];
  const posted = await sluice(args, { cwd });
  assert.deepEqual(
    [posted.code, posted.stdout],
    [0, "2 events accepted from 1 file\n"],
    posted.stderr,
  );
  await until("the events to arrive", () => target.accepted.length === 4);
  assert.deepEqual(target.accepted.slice(2), BAD);
  assert.deepEqual(await namesIn(cwd), []);
  agent.child.kill("SIGTERM");
  await agent.end();
});

Deno.test("binary bodies are shown in base64, texts cannot steer the terminal, JSON cannot carry the former", async () => {
  await using folder = await folderWith({});
  const path = `${folder.path}/1-1`;
  const headers = { "deadLetter.component": "out", "deadLetter.reason": "bell\u0007" };
  const batch = EventBatch.from([{ headers, body: Uint8Array.of(0xFF, 0x00) }, {
    body: "\u001b[2J\nline 2",
  }]);
  await Deno.writeFile(path, await encodeFile(avroEvent, batch, { compressionCodec: "zstandard" }));
  const { stdout } = await sluice(["dlq", "show", folder.path]);
  assert.equal(
    stdout,
    "1-1\n  deadLetter.component: out\n  deadLetter.reason: bell\\u0007\n  body (base64 of 2 bytes): /wA=\n\n" +
      "1-1\n  body (11 bytes): \\u001b[2J\\nline 2\n\n",
  );
  const { code, stderr } = await sluice(["dlq", "replay", "--to", "http://127.0.0.1:1/", folder.path]);
  assert.equal(code, 3);
  assert.match(stderr, /1-1" cannot be read: it holds a body that is not UTF-8, .*; replay it without --to/);
});

Deno.test("files of JSON lines are read, others and damaged ones are named and left", async () => {
  await using folder = await folderWith({ "2-1": "GET / 200\n", "3-1": "" });
  const letters = [{ headers: { "deadLetter.component": "out", "deadLetter.time": "0" }, body: "größe" }];
  await Deno.writeFile(`${folder.path}/1-1`, await encodeFile(json, EventBatch.from(letters)));
  const avro = await encodeFile(avroEvent, EventBatch.from(letters));
  await Deno.writeFile(`${folder.path}/4-1`, avro.subarray(0, avro.length - 20));
  const { code, stdout, stderr } = await sluice(["dlq", "list", folder.path]);
  assert.equal(code, 3);
  assert.match(stdout, /\n1 {7}out {8}1970-01-01T00:00:00Z {2}1970-01-01T00:00:00Z {2}-\n4 files/);
  assert.match(stderr, /2-1" cannot be read: It is neither an Avro container nor lines of JSON\n/);
  assert.match(stderr, /4-1" cannot be read: The Avro container ends within a block/);
});

for (const [sort, letters] of [["folder", "."], ["unknown sink", "{ directory: . }"]] as const) {
  Deno.test(`replay of letters from ${sort === "folder" ? "a folder alone" : `an ${sort}`} says what to do`, async () => {
    const pipeline =
      `source: { type: stdin }\nsink: { type: stdout }\ndeadLetters: ${letters}\nstateDir: state\n`;
    await using folder = await folderWith({});
    await Deno.mkdir(`${folder.path}/letters`);
    const events = EventBatch.from([{ headers: { "deadLetter.component": "gone" }, body: "bad" }]);
    await Deno.writeFile(`${folder.path}/letters/1-1`, await encodeFile(avroEvent, events));
    await Deno.writeTextFile(
      `${folder.path}/p.yaml`,
      pipeline.replace("{ directory: . }", "{ directory: letters }"),
    );
    const target = sort === "folder" ? "letters" : "p.yaml";
    const { code, stderr } = await sluice(["dlq", "replay", target], { cwd: folder.path });
    assert.equal(code, sort === "folder" ? 2 : 3);
    assert.match(
      stderr,
      sort === "folder" ? /does not tell which sinks .*\n {2}fix: .*--to URL/ : /what "gone" refused/,
    );
    assert.equal(await Deno.stat(`${folder.path}/letters/1-1`).then(() => true), true);
  });
}

Deno.test("pipeline without dead letters, or with some that are no files, says how to have them", async () => {
  const pipeline = "source: { type: stdin }\nsink: { type: stdout }\n";
  await using folder = await folderWith({
    "none.yaml": pipeline,
    "log.yaml": `${pipeline}deadLetters: logger\n`,
  });
  const none = await sluice(["dlq", "list", "none.yaml"], { cwd: folder.path });
  assert.match(
    none.stderr,
    /error: Pipeline "none" has no dead letters\n {2}fix: add `deadLetters: \{ directory: DIR \}`/,
  );
  const log = await sluice(["dlq", "list", "log.yaml"], { cwd: folder.path });
  assert.match(log.stderr, /error: The dead letters go to a sink of type "logger", which dlq cannot read\n/);
  assert.deepEqual([none.code, log.code], [3, 3]);
});
