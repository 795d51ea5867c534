import { join } from "node:path";
import { Agent } from "../agent.ts";
import { type Bar, megabytesPerSecond, type Row } from "../figures.ts";
import type { Case, Lab } from "../lab.ts";
import { freePort, isListening, type LoadResult, putLoad } from "../load.ts";
import { outputBytes } from "../output.ts";

interface NetcatRun {
  readonly rate: number;
  readonly peakBytes: number;
  readonly cpuSeconds: number;
}

interface NetcatOrder {
  readonly connections: number;
  readonly isAnswered: boolean;
}

/** Lines over TCP. */
export const netcatCases: readonly Case[] = [1, 10].flatMap((connections) => [
  netcatCase({ connections, isAnswered: false }),
  netcatCase({ connections, isAnswered: true }),
]);

function netcatCase(order: NetcatOrder): Case {
  const { connections, isAnswered } = order;
  const name = `netcat/${connections}-${isAnswered ? "answered" : "silent"}`;
  const title = `netcat, ${connections} connection${connections > 1 ? "s" : ""}, `;
  return {
    name,
    measure: async (lab) => {
      const runs = await lab.repeat(name, () => measureRun(order, lab));
      return [
        isAnswered
          ? rowOf(`${title}answers → memory → null`, runs, { unit: "lines/s", bar: { atLeast: 1e6 } })
          : rowOf(`${title}no answers → direct → file_roll`, runs, { unit: "MB/s", bar: { atLeast: 500 } }),
      ];
    },
  };
}

function rowOf(name: string, runs: readonly NetcatRun[], { unit, bar }: { unit: string; bar: Bar }): Row {
  return {
    name,
    unit,
    values: runs.map(({ rate }) => rate),
    bar,
    peakBytes: runs.map(({ peakBytes }) => peakBytes),
    cpuSeconds: runs.map(({ cpuSeconds }) => cpuSeconds),
  };
}

async function measureRun(order: NetcatOrder, lab: Lab): Promise<NetcatRun> {
  const port = freePort();
  return await lab.inFolder(async (folder) => {
    const out = join(folder, "out");
    await Deno.mkdir(out);
    await using agent = await Agent.start(pipelineOf(order, port, out), folder, lab);
    await agent.until("it listened", () => isListening(port));
    const load = await putLoad("line_load", { ...order, port, bytes: lab.options.inputBytes });
    if (!order.isAnswered) await agent.until("all was written", () => outputBytes(out) >= load.bytes);
    const wholeMs = performance.timeOrigin + performance.now() - load.startEpochMs;
    const { peakBytes, cpuSeconds } = await agent.stop();
    verify(order, load, outputBytes(out));
    const rate = order.isAnswered
      ? load.accepted / (load.ms / 1000)
      : megabytesPerSecond(load.bytes, wholeMs);
    return { rate, peakBytes, cpuSeconds };
  });
}

function pipelineOf({ isAnswered }: NetcatOrder, port: number, out: string): unknown {
  return {
    source: { type: "netcat", bind: "127.0.0.1", port, "ack-every-event": isAnswered },
    ...isAnswered
      ? {
        channel: { type: "memory", capacity: 200_000, transactionCapacity: 50_000 },
        sink: { type: "null" },
      }
      : {
        channel: "direct",
        sink: { type: "file_roll", "sink.directory": out, "sink.rollInterval": 0 },
      },
  };
}

function verify({ isAnswered }: NetcatOrder, load: LoadResult, bytes: number): void {
  if (load.refused > 0) throw new Error(`${load.refused} lines were not answered OK`);
  if (!isAnswered && bytes !== load.bytes) {
    throw new Error(`The output has ${bytes} bytes instead of ${load.bytes}`);
  }
}
