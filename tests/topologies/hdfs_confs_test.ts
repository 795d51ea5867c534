import assert from "node:assert/strict";
import { Place } from "../confs/place.ts";
import { freePorts } from "../peers/free_ports.ts";
import type { Peer } from "../peers/peer.ts";
import { sharedServerTest } from "../servers/mod.ts";
import { connectHdfs, readFile } from "../support/hdfs.ts";
import { listHdfs } from "../support/hdfs_tree.ts";
import { until } from "../support/until.ts";

const LOG = "/opt/module/hive/logs/hive.log";
const UPLOAD = "/opt/module/flume/upload";
const OUT = "/opt/module/datas/flume3";
const LIMIT_MS = 30_000;

const hdfsTest = sharedServerTest("hdfs");
type Env = Readonly<Record<string, string>>;

hdfsTest(
  "02: lines of a log that is followed come once and in order, into a file of their hour that Hadoop reads",
  async ({ env }) => {
    await using place = new Place();
    place.put(LOG, "");
    const lines = numbered("line", 3_000);
    const hours = new Set([hourOf(new Date())]);
    const { agent, drained } = startAgent(place, "02", env);
    await agent.untilItSays("Started");
    // A tail that starts later than this still shows it.
    append(place.path(LOG), lines.slice(0, 1));
    await until("the first line", async () => await drained() >= 1, LIMIT_MS);
    append(place.path(LOG), lines.slice(1));
    await until("3,000 lines", async () => await drained() >= lines.length, LIMIT_MS);
    assert.equal(await agent.stop(), 0, agent.lastWords);
    hours.add(hourOf(new Date()));
    assert.deepEqual(await judgeFiles(env, "/flume", "logs-"), lines);
    for (const path of await pathsBelow(env, "/flume")) {
      assert.ok(hours.has(path.split("/").slice(2, 4).join("/")), path);
    }
    assert.deepEqual(await readWithHadoop(env, "/flume/*/*/*"), lines);
  },
);

hdfsTest(
  "03: new files of a folder come once and are renamed, but for *.tmp; a name that comes again stops no other",
  async ({ env }) => {
    await using place = new Place();
    const lines = numbered("line", 1_000);
    place.put(`${UPLOAD}/abc.log`, textOf(lines.slice(0, 900)));
    place.put(`${UPLOAD}/y.log.tmp`, "not yet\n");
    place.put(`${UPLOAD}/empty.log`, "");
    const { agent } = startAgent(place, "03", env);
    const names = () => Array.from(Deno.readDirSync(place.path(UPLOAD)), ({ name }) => name).sort();
    const isRenamed = (name: string) => names().includes(`${name}.COMPLETED`);
    await until("both to be renamed", () => isRenamed("abc.log") && isRenamed("empty.log"), LIMIT_MS);
    place.put(`${UPLOAD}/abc.log`, "other bytes\n");
    await until("an error", () => agent.saying("abc.log").length > 0, LIMIT_MS);
    place.put(`${UPLOAD}/later.log`, textOf(lines.slice(900)));
    await until("the later file to be renamed", () => isRenamed("later.log"), LIMIT_MS);
    assert.equal(await agent.stop(), 0, agent.lastWords);
    const written = await judgeFiles(env, "/flume/upload", "upload-");
    assert.deepEqual(written.filter((line) => line !== "" && line !== "other bytes"), lines);
    assert.ok(names().includes("y.log.tmp"), names().join(" "));
  },
);

hdfsTest("04 to 05 and 06: a log goes to HDFS and to local files, each line to both", async ({ env }) => {
  await using place = new Place();
  place.put(LOG, "");
  Deno.mkdirSync(place.path(OUT), { recursive: true });
  const lines = numbered("line", 500);
  const { agent, drained } = startAgent(place, "05", env);
  await agent.untilItSays("Listening");
  const files = await place.listening("06");
  const sender = place.agent("04");
  await sender.untilItSays("Started");
  append(place.path(LOG), lines.slice(0, 1));
  await until("the first line", async () => await drained() >= 1, LIMIT_MS);
  append(place.path(LOG), lines.slice(1));
  await until("all in HDFS", async () => await drained() >= lines.length, LIMIT_MS);
  await until("all in local files", () => place.linesIn(OUT).length >= lines.length, LIMIT_MS);
  for (const peer of [sender, agent, files]) assert.equal(await peer.stop(), 0, peer.lastWords);
  assert.deepEqual(await judgeFiles(env, "/flume2", "flume2-"), lines);
  assert.deepEqual(place.linesIn(OUT), lines);
});

/** Runs a file as it is, but for where WebHDFS is; its port is not in Flume's files. `drained` tells what its sink has delivered. */
function startAgent(place: Place, number: string, { HDFS_WEBHDFS: webHdfs }: Env) {
  const text = place.text(number);
  const [, agentName, sink] = /^(\w+)\.sinks\.(\w+)\.type = hdfs/m.exec(text)!;
  const file = place.put(
    `/job/${number}.conf`,
    `${text}\n${agentName}.sinks.${sink}.hdfs.nameNodes = http://${webHdfs}\n`,
  );
  const port = freePorts(1)[0]!;
  const monitoring = ["-Dflume.monitoring.type=http", `-Dflume.monitoring.port=${port}`];
  const agent = place.run([
    ...["agent", "--name", agentName!, "--conf-file", file, "-Dflume.root.logger=INFO,console"],
    ...monitoring,
  ]);
  return { agent, drained: () => drainedBy(agent, { port, sink: sink! }) };
}

async function drainedBy(agent: Peer, { port, sink }: { port: number; sink: string }): Promise<number> {
  if (agent.hasEnded) throw new Error(agent.lastWords);
  const metrics = await fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.json()).catch(
    () => ({}),
  );
  return Number(metrics[`SINK.${sink}`]?.EventDrainSuccessCount ?? 0);
}

/** The lines of all files below a folder, which all have final names of Flume's form. */
async function judgeFiles({ HDFS_WEBHDFS: webHdfs }: Env, folder: string, prefix: string): Promise<string[]> {
  const client = connectHdfs(webHdfs!);
  let text = "";
  for (const path of await listHdfs(client, folder)) {
    assert.match(path, new RegExp(`^${folder}/\\d{8}/\\d\\d/${prefix}\\.\\d{13}$`));
    text += new TextDecoder().decode(await readFile(client, path));
  }
  client.close();
  return text.split("\n").slice(0, -1);
}

async function pathsBelow({ HDFS_WEBHDFS: webHdfs }: Env, folder: string): Promise<string[]> {
  const client = connectHdfs(webHdfs!);
  const paths = await listHdfs(client, folder);
  client.close();
  return paths;
}

/** The same by Hadoop's own command. */
async function readWithHadoop({ HDFS_CLI: program }: Env, pattern: string): Promise<string[]> {
  const { stdout } = await new Deno.Command(program!, { args: ["dfs", "-text", pattern] }).output();
  return new TextDecoder().decode(stdout).split("\n").slice(0, -1);
}

/** `20260307/22` in local time. */
function hourOf(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}/${two(date.getHours())}`;
}

function numbered(word: string, count: number): string[] {
  return Array.from({ length: count }, (_, number) => `${word} ${number}`);
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

function append(path: string, lines: readonly string[]): void {
  Deno.writeTextFileSync(path, textOf(lines), { append: true });
}
