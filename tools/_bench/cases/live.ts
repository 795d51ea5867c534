import { join } from "node:path";
import { makeLines } from "../access_log.ts";
import { Agent } from "../agent.ts";
import { quantileOf, type Row } from "../figures.ts";
import type { Case, Lab } from "../lab.ts";
import { freePort, isListening } from "../load.ts";
import { outputBytes } from "../output.ts";

const EVENT_PAUSE_MS = 100;
const IDLE_MS = 2000;

/** What an operator feels: how soon it works, how little it takes when idle, how soon a lone event arrives. */
export const liveCases: readonly Case[] = [
  { name: "live/start", measure: measureStart },
  { name: "live/idle", measure: measureIdle },
  loneCase("taildir"),
  loneCase("netcat"),
];

function pipelineOf(source: unknown, out: string): unknown {
  return {
    source,
    channel: "direct",
    sink: { type: "file_roll", "sink.directory": out, "sink.rollInterval": 0 },
  };
}

async function measureStart(lab: Lab): Promise<readonly Row[]> {
  const values = await lab.repeat("live/start", () =>
    lab.inFolder(async (folder) => {
      const [log, out] = [join(folder, "access.log"), join(folder, "out")];
      await Deno.mkdir(out);
      await Deno.writeFile(log, makeLines(1000));
      const source = { type: "taildir", filegroups: { logs: log } };
      await using agent = await Agent.start(pipelineOf(source, out), folder, lab);
      await agent.until("the first event was written", () => outputBytes(out) > 0);
      const ms = performance.now() - agent.startMs;
      await agent.stop();
      return ms;
    }));
  return [{ name: "start of the process → first event written", unit: "ms", values, bar: { atMost: 150 } }];
}

async function measureIdle(lab: Lab): Promise<readonly Row[]> {
  const values = await lab.repeat("live/idle", () =>
    lab.inFolder(async (folder) => {
      const [port, out] = [freePort(), join(folder, "out")];
      await Deno.mkdir(out);
      await using agent = await Agent.start(
        pipelineOf({ type: "http", bind: "127.0.0.1", port }, out),
        folder,
        lab,
      );
      await agent.until("it listened", () => isListening(port));
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      const { residentBytes } = agent.stats()!;
      await agent.stop();
      return residentBytes / 1e6;
    }));
  return [{ name: "memory when idle (http → direct → file_roll)", unit: "MB", values, bar: { atMost: 80 } }];
}

function loneCase(source: "taildir" | "netcat"): Case {
  const name = `live/lone-${source}`;
  return {
    name,
    measure: async (lab) => {
      const runs = await lab.repeat(name, () => lab.inFolder((folder) => measureLone(source, folder, lab)));
      const ascending = runs.map(({ waits }) => waits.toSorted((a, b) => a - b));
      const title = `a lone event, 10 a second, ${source} → file`;
      const row = (share: number, atMost: number): Row => ({
        name: `${title}, p${share * 100}`,
        unit: "ms",
        values: ascending.map((waits) => quantileOf(waits, share)),
        bar: { atMost },
        peakBytes: runs.map(({ peakBytes }) => peakBytes),
      });
      return [row(0.5, 5), row(0.99, 25)];
    },
  };
}

async function measureLone(source: "taildir" | "netcat", folder: string, lab: Lab) {
  const [port, log, out] = [freePort(), join(folder, "access.log"), join(folder, "out")];
  await Deno.mkdir(out);
  await Deno.writeTextFile(log, "");
  const settings = source === "taildir"
    ? { type: source, filegroups: { logs: log } }
    : { type: source, bind: "127.0.0.1", port, "ack-every-event": false };
  await using agent = await Agent.start(pipelineOf(settings, out), folder, lab);
  if (source === "netcat") await agent.until("it listened", () => isListening(port));
  using target: Deno.FsFile | Deno.Conn = source === "netcat"
    ? await Deno.connect({ hostname: "127.0.0.1", port })
    : await Deno.open(log, { append: true });
  const line = makeLines(1).subarray();
  await target.write(line);
  await agent.until("the first event was written", () => outputBytes(out) >= line.length);
  const waits: number[] = [];
  for (let event = 2; event <= lab.options.loneEvents + 1; event++) {
    await new Promise((resolve) => setTimeout(resolve, EVENT_PAUSE_MS));
    waits.push(await waitFor(target, line, () => outputBytes(out) >= line.length * event));
  }
  const { peakBytes } = await agent.stop();
  return { waits, peakBytes };
}

/** Milliseconds from the write of a line until it shows; looked at without pause, on the core that is free. */
async function waitFor(
  target: Deno.FsFile | Deno.Conn,
  line: Uint8Array,
  isThere: () => boolean,
): Promise<number> {
  const startMs = performance.now();
  await target.write(line);
  while (!isThere()) {
    if (performance.now() - startMs > 10_000) throw new Error("A lone event did not arrive within 10 s");
  }
  return performance.now() - startMs;
}
