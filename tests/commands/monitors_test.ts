import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { folderWith, Program } from "./_program.ts";

const SECRET = "opensesame-4711";
const ONE = `name: web
admin: { port: 0 }
source: { type: http, bind: 127.0.0.1, port: 0, token: ${SECRET} }
channel: { type: file }
sink: { type: null }
`;
const TWO = `name: web
admin: { port: 0 }
monitoring: { type: http, port: 0 }
sources: { source: { type: http, bind: 127.0.0.1, port: 0, token: ${SECRET}, channels: [channel, late] } }
channels: { channel: { type: file }, late: { type: memory } }
sinks:
  sink: { type: null, channel: channel }
  added: { type: http, endpoint: "http://ada:${SECRET}@127.0.0.1:1/", channel: late }
`;
const PAGES = ["", "metrics", "metrics.json", "healthz", "readyz"];

/** The addresses that the admin servers of a program say they listen on, one after another. */
function urlsOf({ stderr }: Program): string[] {
  return Array.from(stderr.matchAll(/"sluice\.admin","url":"([^"]+)"/g), ([, url]) => url!);
}

async function textOf(url: string): Promise<string> {
  return await (await fetch(url)).text();
}

async function start(args: readonly string[], cwd: string): Promise<{ program: Program; url: string }> {
  const program = new Program([...args, "--log-format", "json", "--state-dir", "state"], { cwd });
  await until(`the admin server\n${program.stderr}`, () => urlsOf(program).length === 1, 30_000);
  return { program, url: urlsOf(program)[0]! };
}

async function stop(program: Program): Promise<void> {
  program.child.kill("SIGTERM");
  assert.equal((await program.end()).code, 0);
}

Deno.test("admin server shows the pipeline, what a reload adds, and never a secret", async () => {
  await using folder = await folderWith({ "web.yaml": ONE });
  const { program, url } = await start(["run", "web.yaml"], folder.path);
  await until("readiness", async () => JSON.parse(await textOf(`${url}readyz`)).ready);
  const names = async () => Object.keys(JSON.parse(await textOf(`${url}metrics.json`)));
  assert.deepEqual(await names(), ["SOURCE.source", "CHANNEL.channel", "SINK.sink"]);
  await Deno.writeTextFile(`${folder.path}/web.yaml`, TWO);
  program.child.kill("SIGHUP");
  await program.says("Reloaded");
  assert.deepEqual((await names()).sort(), [
    "CHANNEL.channel",
    "CHANNEL.late",
    "SINK.added",
    "SINK.sink",
    "SOURCE.source",
  ]);
  assert.match(await textOf(`${url}metrics`), /sluice_channel_size\{[^}]*component="late",type="memory"\} 0/);
  await program.says('"sluice.reporter.http"');
  assert.deepEqual(urlsOf(program), [url], "what did not change goes on");
  for (const page of PAGES) assert.ok(!(await textOf(url + page)).includes(SECRET), page);
  await Deno.writeTextFile(`${folder.path}/web.yaml`, TWO.replace("admin: { port: 0 }\n", ""));
  program.child.kill("SIGHUP");
  await until("the end of the admin server", () => textOf(url).then(() => false, () => true));
  await stop(program);
  assert.ok(!program.stderr.includes(SECRET));
});

Deno.test("file channel shows its counters and the time of its syncs, and events their age", async () => {
  await using folder = await folderWith({ "web.yaml": ONE.replace(/, token: [^ ]*/, "") });
  const { program, url } = await start(["run", "web.yaml"], folder.path);
  const port = await program.port();
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "a\nb\n" });
  assert.equal(answer.status, 200);
  await answer.body?.cancel();
  let text = "";
  await until("the delivery", async () => {
    text = await textOf(`${url}metrics`);
    return /^sluice_event_drain_success_total\{.*\} [1-9]/m.test(text);
  });
  assert.match(text, /^sluice_batch_age_seconds_count\{.*component="sink".*\} [1-9]/m);
  assert.match(text, /^sluice_journal_sync_seconds_count\{.*component="channel".*\} [1-9]/m);
  const { "CHANNEL.channel": channel } = JSON.parse(await textOf(`${url}metrics.json`));
  const sample = new URL("../data/flume/metrics-sample.json", import.meta.url);
  const { components } = JSON.parse(await Deno.readTextFile(sample));
  assert.deepEqual(Object.keys(channel).sort(), Object.keys(components["channel.file"]).sort());
  assert.deepEqual([channel.Open, channel.Closed, channel.StopTime], ["true", "0", "0"]);
  await stop(program);
});

Deno.test("pipeline that is not ready answers why, also while it stops", async () => {
  await using folder = await folderWith({
    "web.yaml": TWO.replace("monitoring: { type: http, port: 0 }\n", ""),
  });
  const { program, url } = await start(["run", "--admin-port", "0", "web.yaml"], folder.path);
  const answer = await fetch(`http://127.0.0.1:${await program.port()}/`, {
    method: "POST",
    body: "a",
    headers: { authorization: `Bearer ${SECRET}` },
  });
  await answer.body?.cancel();
  let text = "";
  await until("the failing sink", async () => (text = await textOf(`${url}readyz`)).includes("backing-off"));
  const { ready, phase, reasons: [reason] } = JSON.parse(text);
  assert.deepEqual([ready, phase, reason.component, reason.type], [false, "running", "added", "http"]);
  assert.ok(reason.error.length > 0 && !reason.error.includes(SECRET), reason.error);
  program.child.kill("SIGTERM");
  await until("the stop", async () => JSON.parse(await textOf(`${url}readyz`)).phase === "stopping");
  program.child.kill("SIGKILL");
  await program.end();
});

Deno.test("agent gives Flume's JSON at the port that -Dflume.monitoring.port names", async () => {
  const conf =
    "a1.sources = r1\na1.sources.r1.type = netcat\na1.sources.r1.bind = 127.0.0.1\na1.sources.r1.port = 0\n" +
    "a1.sources.r1.channels = c1\na1.channels = c1\na1.channels.c1.type = memory\n" +
    "a1.sinks = k1\na1.sinks.k1.type = logger\na1.sinks.k1.channel = c1\n";
  await using folder = await folderWith({ "a.conf": conf });
  const defined = ["-Dflume.monitoring.type=http", "-Dflume.monitoring.port=0"];
  const args = [
    "agent",
    "-n",
    "a1",
    "-f",
    "a.conf",
    ...defined,
    "--log-format",
    "json",
    "--state-dir",
    "state",
  ];
  const program = new Program(args, { cwd: folder.path });
  const port = () => /"sluice\.reporter\.http","port":(\d+)/.exec(program.stderr)?.[1];
  await until(`the reporter\n${program.stderr}`, () => port() !== undefined, 30_000);
  await program.says('"sluice.source.r1"');
  const counters = JSON.parse(await textOf(`http://127.0.0.1:${port()}/metrics`));
  assert.deepEqual(Object.keys(counters).sort(), ["CHANNEL.c1", "SINK.k1", "SOURCE.r1"]);
  assert.deepEqual([counters["SOURCE.r1"].Type, counters["SOURCE.r1"].EventReceivedCount], ["SOURCE", "0"]);
  await stop(program);
});

Deno.test("--admin-port that is no port is an error of usage", async () => {
  await using folder = await folderWith({ "web.yaml": ONE });
  const program = new Program(["run", "--admin-port", "many", "web.yaml"], { cwd: folder.path });
  const { code, stderr } = await program.end();
  assert.equal(code, 2, stderr);
  assert.match(stderr, /--admin-port "many" is no port/);
});
