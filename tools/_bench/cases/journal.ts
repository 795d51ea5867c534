import { join } from "node:path";
import { Agent } from "../agent.ts";
import { megabytesPerSecond, type Row, spreadOf } from "../figures.ts";
import type { Case, Lab } from "../lab.ts";
import { measureDd, measureSyncs } from "../machine.ts";
import { hasLastLine, outputBytes } from "../output.ts";
import { loadAgent, singleBody } from "./http.ts";

const FILE_CHANNEL = { type: "file", capacity: 1_000_000_000, sync: "always" };
/** A target that nobody can reach, so that everything stays in the journal. */
const NOWHERE = { type: "http", endpoint: "http://127.0.0.1:1/" };
const CONNECTIONS = 64;
const BACKLOG_BYTES = 4 * 2 ** 30;
const PEAK_BAR_BYTES = 200e6;
const LOOK_MS = 2000;

/** Events that wait on disk between their source and their sink. */
export const journalCases: readonly Case[] = [
  { name: "journal/file", measure: measureFile },
  { name: "journal/http", measure: measureHttp },
  { name: "journal/fan-out", measure: measureFanOut },
  { name: "journal/lag", measure: measureLag },
  { name: "journal/open", measure: measureOpen },
];

/** The spool folder of a run, with the input in it as often as asked. */
async function spoolOf(folder: string, lab: Lab, copies = 1): Promise<{ type: string; spoolDir: string }> {
  const input = await lab.input();
  const spoolDir = join(folder, "spool");
  await Deno.mkdir(spoolDir);
  for (let copy = 1; copy <= copies; copy++) {
    await Deno.link(input.path, join(spoolDir, `access-${copy}.log`));
  }
  return { type: "spooldir", spoolDir };
}

function isSpooled(spoolDir: string): boolean {
  return Array.from(Deno.readDirSync(spoolDir)).every(({ name }) => name.endsWith(".COMPLETED"));
}

async function measureFile(lab: Lab): Promise<readonly Row[]> {
  const input = await lab.input();
  const runs = await lab.repeat("journal/file", async () => ({
    dd: await measureDd(input.path, lab),
    ...await lab.inFolder((folder) => moveThroughJournal(folder, lab)),
  }));
  const dd = spreadOf(runs.map((run) => run.dd)).median;
  return [{
    name: "spooldir → file channel → file_roll, sync always",
    unit: "MB/s",
    values: runs.map(({ ms }) => megabytesPerSecond(input.bytes, ms)),
    bar: { atLeast: dd >= 1000 ? Math.max(400, 0.4 * dd) : 0.4 * dd },
    limit: { name: "dd fdatasync", values: runs.map((run) => run.dd) },
    peakBytes: runs.map(({ peakBytes }) => peakBytes),
    peakBarBytes: PEAK_BAR_BYTES,
    cpuSeconds: runs.map(({ cpuSeconds }) => cpuSeconds),
  }];
}

async function moveThroughJournal(folder: string, lab: Lab) {
  const input = await lab.input();
  const out = join(folder, "out");
  const sink = { type: "file_roll", "sink.directory": out, "sink.rollInterval": 0 };
  const source = await spoolOf(folder, lab);
  await using agent = await Agent.start({ source, channel: FILE_CHANNEL, sink }, folder, lab);
  await agent.until("the last line was written", () => hasLastLine(out) && outputBytes(out) >= input.bytes);
  const stats = await agent.stop();
  const ms = performance.now() - agent.startMs;
  const bytes = outputBytes(out);
  if (bytes !== input.bytes) throw new Error(`The output has ${bytes} bytes instead of ${input.bytes}`);
  return { ms, ...stats };
}

async function measureHttp(lab: Lab): Promise<readonly Row[]> {
  const posts = { connections: CONNECTIONS, contentType: "application/json", body: singleBody() };
  const runs = await lab.repeat("journal/http", async () => ({
    syncs: await measureSyncs(lab),
    ...await loadAgent(FILE_CHANNEL, posts, lab),
  }));
  const syncs = spreadOf(runs.map((run) => run.syncs)).median;
  return [{
    name: `http, one event a request, ${CONNECTIONS} connections → file channel → null`,
    unit: "requests/s",
    values: runs.map(({ load }) => load.accepted / (load.ms / 1000)),
    bar: { atLeast: Math.min(25_000, 0.7 * CONNECTIONS * syncs) },
    limit: { name: "fdatasync", values: runs.map((run) => run.syncs) },
    peakBytes: runs.map(({ peakBytes }) => peakBytes),
    peakBarBytes: PEAK_BAR_BYTES,
    cpuSeconds: runs.map(({ cpuSeconds }) => cpuSeconds),
  }];
}

/** One channel and three take turns, so that a change of the disk's mood hits both. */
async function measureFanOut(lab: Lab): Promise<readonly Row[]> {
  const runs = await lab.repeat("journal/fan-out", async () => ({
    one: await lab.inFolder((folder) => replicate(folder, ["a"], lab)),
    three: await lab.inFolder((folder) => replicate(folder, ["a", "b", "c"], lab)),
  }));
  return [{
    name: "replicate to three file channels, time beside one",
    unit: "×",
    values: runs.map(({ one, three }) => three.ms / one.ms),
    bar: { atMost: 1.15 },
    peakBytes: runs.map(({ three }) => three.peakBytes),
    peakBarBytes: PEAK_BAR_BYTES,
    cpuSeconds: runs.map(({ three }) => three.cpuSeconds),
  }];
}

async function replicate(folder: string, names: readonly string[], lab: Lab) {
  const source = await spoolOf(folder, lab);
  const all = <T>(make: (name: string) => T) => Object.fromEntries(names.map((name) => [name, make(name)]));
  const pipeline = {
    sources: { in: { ...source, channels: names } },
    channels: all(() => FILE_CHANNEL),
    sinks: all((name) => ({ type: "null", channel: name })),
  };
  await using agent = await Agent.start(pipeline, folder, lab);
  await agent.until("the file was read", () => isSpooled(source.spoolDir));
  const stats = await agent.stop();
  return { ms: performance.now() - agent.startMs, ...stats };
}

/** Fills a journal whose sink is down, in order (`stop`) or until a kill. */
async function fill(folder: string, lab: Lab, how: { copies: number; end: "stop" | "kill" }) {
  const source = await spoolOf(folder, lab, how.copies);
  await using agent = await Agent.start({ source, channel: FILE_CHANNEL, sink: NOWHERE }, folder, lab);
  await agent.until("all was in the journal", () => isSpooled(source.spoolDir), 300_000);
  return await agent[how.end]();
}

async function measureLag(lab: Lab): Promise<readonly Row[]> {
  const input = await lab.input();
  const runs = await lab.repeat("journal/lag", () =>
    lab.inFolder(async (folder) => {
      await fill(folder, lab, { copies: 1, end: "stop" });
      // The source ends at once; then the pipeline ends as soon as the channel is empty.
      const pipeline = {
        source: { type: "exec", command: "true" },
        channel: FILE_CHANNEL,
        sink: { type: "null" },
      };
      await using agent = await Agent.start(pipeline, folder, lab);
      const stats = await agent.ended();
      return { ms: performance.now() - agent.startMs, ...stats };
    }));
  return [{
    name: "a reader that lags, segments → null, with start and end of the process",
    unit: "MB/s",
    values: runs.map(({ ms }) => megabytesPerSecond(input.bytes, ms)),
    bar: { atLeast: 1000 },
    peakBytes: runs.map(({ peakBytes }) => peakBytes),
    peakBarBytes: PEAK_BAR_BYTES,
    cpuSeconds: runs.map(({ cpuSeconds }) => cpuSeconds),
  }];
}

async function measureOpen(lab: Lab): Promise<readonly Row[]> {
  const copies = Math.max(1, Math.round(BACKLOG_BYTES / (await lab.input()).bytes));
  const runs = await lab.repeat("journal/open", () =>
    lab.inFolder(async (folder) => {
      const filling = await fill(folder, lab, { copies, end: "kill" });
      const out = join(folder, "out");
      const sink = { type: "file_roll", "sink.directory": out, "sink.rollInterval": 0 };
      const source = { type: "spooldir", spoolDir: join(folder, "spool") };
      await using agent = await Agent.start({ source, channel: FILE_CHANNEL, sink }, folder, lab);
      await agent.until("the first event was written", () => outputBytes(out) > 0);
      const ms = performance.now() - agent.startMs;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      const { peakBytes } = await agent.kill();
      return { ms, peakBytes: Math.max(peakBytes, filling.peakBytes) };
    }));
  return [{
    name: `start after SIGKILL with ${copies} × the input undelivered → first event written`,
    unit: "ms",
    values: runs.map(({ ms }) => ms),
    bar: { atMost: 2000 },
    peakBytes: runs.map(({ peakBytes }) => peakBytes),
    peakBarBytes: PEAK_BAR_BYTES,
  }];
}
