import assert from "node:assert/strict";
import { folderWith, Program, type ProgramEnd, sluice } from "./_program.ts";

const LINES = 'GET /straße HTTP/1.1\n\n{"level":"warn"}\n\tat app.Order.pay(Order.java:42)\nno newline';

/** A target that answers from a list, then 200, and keeps what it accepted. */
function scriptedTarget(answers: readonly ResponseInit[]) {
  const accepted: string[] = [];
  const rest = [...answers];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const body = await request.text();
    const next = rest.shift();
    if (next) return new Response("Not now\n", next);
    accepted.push(body);
    return new Response(null);
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  return { url, accepted, [Symbol.asyncDispose]: () => server.shutdown() };
}

function sendText(url: string, text: string, ...more: string[]): Promise<ProgramEnd> {
  return sluice(["send", "--to", url, ...more], { stdin: text });
}

Deno.test("send posts lines in order, in batches, and tells how many a second were accepted", async () => {
  await using target = scriptedTarget([]);
  await using folder = await folderWith({
    "access.log": "GET /one\nGET /two\nGET /three\n",
    "more.log": "GET /four",
  });
  const { code, stdout, stderr } = await sluice(
    ["send", "--to", target.url, "--batch-size", "2", "access.log", "more.log"],
    { cwd: folder.path },
  );
  assert.deepEqual([code, stdout], [0, ""]);
  assert.deepEqual(target.accepted, ["GET /one\nGET /two\n", "GET /three\n", "GET /four\n"]);
  assert.match(stderr, /^4 lines accepted in \d+\.\d\d s \([\d,]+ lines\/s, [\d.]+ MB\/s\)\n$/);
});

Deno.test("send tries a busy target again after the time that it asks for", async () => {
  const busy = { status: 503, headers: { "retry-after": "0" } };
  await using target = scriptedTarget([busy, { status: 429, headers: { "retry-after": "0" } }]);
  const { code, stderr } = await sendText(target.url, "GET /\n");
  assert.equal(code, 0, stderr);
  assert.deepEqual(target.accepted, ["GET /\n"]);
  assert.match(stderr, /^warning: Trying again: 127\.0\.0\.1:\d+ answers 503: Not now\n/);
  assert.match(stderr, /^1 line accepted .*, 2 tries repeated\n$/m);
});

Deno.test("send gives a busy target up in the end, and ends with 3", async () => {
  await using target = scriptedTarget([{ status: 503, headers: { "retry-after": "30" } }]);
  const { code, stderr } = await sendText(target.url, "GET /\n", "--retry-for", "10ms");
  assert.equal(code, 3);
  assert.match(
    stderr,
    /error: Stopped after line 0: 127\.0\.0\.1:\d+ answers 503: Not now\n {2}fix: .*--retry-for 10m/,
  );
});

Deno.test("send halves batches that are too large, and counts what is refused for good", async () => {
  await using target = scriptedTarget([{ status: 413 }, { status: 413 }, { status: 413 }]);
  const { code, stderr } = await sendText(target.url, "one\ntwo\nthree\nfour\n");
  assert.equal(code, 3);
  assert.deepEqual(target.accepted, ["two\n", "three\nfour\n"]);
  assert.match(stderr, /answers 413: Not now/);
  assert.match(stderr, /3 lines accepted .*, 1 not accepted\n$/);
});

Deno.test("send stops at an answer that more lines will not change", async () => {
  await using target = scriptedTarget([{ status: 401 }]);
  const { code, stderr } = await sendText(target.url, "GET /\nGET /\n", "--batch-size", "1");
  assert.equal(code, 3);
  assert.deepEqual(target.accepted, []);
  assert.match(
    stderr,
    /error: Stopped after line 0: .* answers 401: Not now\n {2}fix: correct the address or the credentials/,
  );
});

Deno.test("send says which file it cannot read", async () => {
  await using target = scriptedTarget([]);
  const { code, stderr } = await sluice(["send", "--to", target.url, "missing.log"]);
  assert.equal(code, 3);
  assert.match(stderr, /error: Cannot read "missing\.log": .*\n {2}fix: correct the path/);
});

Deno.test("send to an http source brings each line as an event", async () => {
  const text = "source: { type: http, bind: 127.0.0.1, port: 0 }\nsink: { type: stdout }\n";
  await using folder = await folderWith({ "web.yaml": text });
  const program = new Program(["web.yaml"], { cwd: folder.path });
  const sent = await sendText(`http://127.0.0.1:${await program.port()}/`, LINES);
  assert.equal(sent.code, 0, sent.stderr);
  program.child.kill("SIGTERM");
  const { code, stdout } = await program.end();
  assert.deepEqual([code, stdout], [0, `${LINES}\n`]);
});

/** Runs a netcat source while lines are sent to it. */
async function throughNetcat(settings: string, lines: string, ...more: string[]) {
  const text = `source: { type: netcat, bind: 127.0.0.1, port: 0, ${settings} }\nsink: { type: stdout }\n`;
  await using folder = await folderWith({ "tcp.yaml": text });
  const program = new Program(["tcp.yaml"], { cwd: folder.path });
  const sent = await sendText(`tcp://127.0.0.1:${await program.port()}`, lines, ...more);
  program.child.kill("SIGTERM");
  return { sent, received: await program.end() };
}

Deno.test("send to a netcat source counts its answers", async () => {
  const many = Array.from({ length: 5000 }, (_, at) => `order ${at} paid\n`).join("");
  const { sent, received } = await throughNetcat("max-line-length: 4096", many);
  assert.equal(sent.code, 0, sent.stderr);
  assert.match(sent.stderr, /^5,000 lines accepted/);
  assert.equal(received.stdout, many);
});

Deno.test("send to a netcat source that does not answer", async () => {
  const { sent, received } = await throughNetcat("ack-every-event: false", LINES, "--no-answers");
  assert.equal(sent.code, 0, sent.stderr);
  assert.equal(received.stdout, `${LINES}\n`);
});

Deno.test("send to a netcat source ends with 3 and the reason when a line is too long", async () => {
  const { sent, received } = await throughNetcat(
    "max-line-length: 20",
    `short\n${"long ".repeat(20)}\nafter\n`,
  );
  assert.equal(sent.code, 3);
  assert.match(sent.stderr, /warning: The target answers FAILED: Event exceeds the maximum length/);
  assert.equal(received.stdout, "short\n");
});

Deno.test("send gives a target up that never answers a line", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const { code, stderr } = await sendText(
    `tcp://127.0.0.1:${listener.addr.port}`,
    "GET /\n",
    "--timeout",
    "50ms",
  );
  (await accepting).close();
  assert.equal(code, 3);
  assert.match(
    stderr,
    /left 1 lines unanswered for 50 ms\n {2}fix: for a source with ack-every-event: false add --no-answers/,
  );
});

Deno.test("send tries to connect for a while, then gives up", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { code, stderr } = await sendText(`tcp://127.0.0.1:${port}`, "GET /\n", "--retry-for", "150ms");
  assert.equal(code, 3);
  assert.match(stderr, new RegExp(`error: Cannot connect to 127.0.0.1:${port}: `));
});
