import { Agent } from "../agent.ts";
import type { AvroOrder } from "../avro_load.ts";
import type { Bar, Row } from "../figures.ts";
import type { Case, Lab } from "../lab.ts";
import { freePort, isListening, putLoad } from "../load.ts";

interface AvroRun {
  readonly rate: number;
  readonly peakBytes: number;
  readonly cpuSeconds: number;
}

interface Work extends Pick<AvroOrder, "connections" | "compression" | "hasHeaders"> {
  readonly bar?: Bar;
}

const MILLION: Bar = { atLeast: 1e6 };

/** Our avro sink to our avro source in batches of 1,000 events of 200 bytes. */
export const avroCases: readonly Case[] = [
  avroCase({ connections: 1, compression: "none", hasHeaders: false, bar: MILLION }),
  avroCase({ connections: 1, compression: "none", hasHeaders: true, bar: MILLION }),
  avroCase({ connections: 4, compression: "none", hasHeaders: true, bar: MILLION }),
  avroCase({ connections: 1, compression: "deflate", hasHeaders: true }),
];

function avroCase({ bar, ...work }: Work): Case {
  const { connections, compression, hasHeaders } = work;
  const name = `avro/${connections}-${compression}${hasHeaders ? "-headers" : ""}`;
  const title =
    `${connections} avro sink${connections > 1 ? "s" : ""}, ${hasHeaders ? "3 headers" : "no headers"}` +
    `${compression === "none" ? "" : ", deflate"} → avro → memory → null`;
  return {
    name,
    measure: async (lab) => [rowOf(title, await lab.repeat(name, () => measureRun(work, lab)), bar)],
  };
}

function rowOf(name: string, runs: readonly AvroRun[], bar: Bar | undefined): Row {
  return {
    name,
    unit: "events/s",
    values: runs.map(({ rate }) => rate),
    bar,
    peakBytes: runs.map(({ peakBytes }) => peakBytes),
    cpuSeconds: runs.map(({ cpuSeconds }) => cpuSeconds),
  };
}

async function measureRun(work: Omit<Work, "bar">, lab: Lab): Promise<AvroRun> {
  const port = freePort();
  return await lab.inFolder(async (folder) => {
    const pipeline = {
      source: { type: "avro", bind: "127.0.0.1", port, "compression-type": work.compression },
      channel: { type: "memory", capacity: 50_000, transactionCapacity: 5000 },
      sink: { type: "null" },
    };
    await using agent = await Agent.start(pipeline, folder, lab);
    await agent.until("it listened", () => isListening(port));
    const load = await putLoad("avro_load", { ...work, port, seconds: lab.options.loadSeconds });
    const { peakBytes, cpuSeconds } = await agent.stop();
    return { rate: load.accepted / (load.ms / 1000), peakBytes, cpuSeconds };
  });
}
