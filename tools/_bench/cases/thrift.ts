import { Agent } from "../agent.ts";
import type { Row } from "../figures.ts";
import type { Case, Lab } from "../lab.ts";
import { freePort, isListening, putLoad } from "../load.ts";
import type { ThriftOrder } from "../thrift_load.ts";

interface ThriftRun {
  readonly rate: number;
  readonly peakBytes: number;
  readonly cpuSeconds: number;
}

type Work = Pick<ThriftOrder, "by" | "connections" | "protocol" | "hasHeaders">;

/** Batches of 1,000 events over Thrift. */
export const thriftCases: readonly Case[] = [
  thriftCase({ by: "sink", connections: 1, protocol: "compact", hasHeaders: false }),
  thriftCase({ by: "sink", connections: 1, protocol: "compact", hasHeaders: true }),
  thriftCase({ by: "frames", connections: 1, protocol: "compact", hasHeaders: false }),
  thriftCase({ by: "frames", connections: 1, protocol: "compact", hasHeaders: true }),
  thriftCase({ by: "frames", connections: 4, protocol: "binary", hasHeaders: true }),
];

function thriftCase(work: Work): Case {
  const { by, connections, protocol, hasHeaders } = work;
  const name = `thrift/${by}-${protocol}-${connections}${hasHeaders ? "-headers" : ""}`;
  const from = by === "sink" ? "thrift sink" : "ready frames";
  const title =
    `${from}, ${protocol}, ${hasHeaders ? "3 headers" : "no headers"}, ${connections} connection` +
    `${connections > 1 ? "s" : ""} → thrift → memory → null`;
  return {
    name,
    measure: async (lab) => [rowOf(title, await lab.repeat(name, () => measureRun(work, lab)))],
  };
}

function rowOf(name: string, runs: readonly ThriftRun[]): Row {
  return {
    name,
    unit: "events/s",
    values: runs.map(({ rate }) => rate),
    bar: { atLeast: 1e6 },
    peakBytes: runs.map(({ peakBytes }) => peakBytes),
    cpuSeconds: runs.map(({ cpuSeconds }) => cpuSeconds),
  };
}

async function measureRun(work: Work, lab: Lab): Promise<ThriftRun> {
  const port = freePort();
  return await lab.inFolder(async (folder) => {
    const pipeline = {
      source: { type: "thrift", bind: "127.0.0.1", port, protocol: work.protocol },
      channel: { type: "memory", capacity: 50_000, transactionCapacity: 5000 },
      sink: { type: "null" },
    };
    await using agent = await Agent.start(pipeline, folder, lab);
    await agent.until("it listened", () => isListening(port));
    const load = await putLoad("thrift_load", { ...work, port, seconds: lab.options.loadSeconds });
    const { peakBytes, cpuSeconds } = await agent.stop();
    return { rate: load.accepted / (load.ms / 1000), peakBytes, cpuSeconds };
  });
}
