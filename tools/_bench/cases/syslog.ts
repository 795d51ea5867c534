import { join } from "node:path";
import { Agent } from "../agent.ts";
import type { Bar, Row } from "../figures.ts";
import type { Case, Lab } from "../lab.ts";
import { freePort, isListening, putLoad } from "../load.ts";
import type { SyslogOrder } from "../syslog_load.ts";

/** What is measured: a load, and the source that takes it. */
interface Work {
  readonly name: string;
  readonly title: string;
  readonly source: Readonly<Record<string, unknown>>;
  readonly load: Omit<SyslogOrder, "port" | "seconds">;
  readonly bar: Bar;
}

interface SyslogRun {
  /** Received a second. */
  readonly rate: number;
  /** Of what was sent. */
  readonly lostShare: number;
  readonly peakBytes: number;
  readonly cpuSeconds: number;
}

/** The bar of what must arrive, with some room for a sender that is a little late. */
const UDP_RATE = 120_000;
const TCP_BAR: Bar = { atLeast: 1e6 };
/** Each event has some header values of its own, which the engine collects later than bodies, whose blocks come back. */
const PEAK_BYTES = 200e6;

const WORKS: readonly Work[] = [
  ...(["3164", "5424", "mixed"] as const).map((format): Work => ({
    name: `syslog/tcp-${format}`,
    title: `syslogtcp, ${format === "mixed" ? "RFC 3164 and 5424" : `RFC ${format}`}, 20 hosts, 4 senders`,
    source: { type: "syslogtcp" },
    load: { transport: "tcp", format, connections: 4 },
    bar: TCP_BAR,
  })),
  {
    name: "syslog/multiport",
    title: "multiport_syslogtcp, RFC 3164 and 5424, 20 hosts, 4 senders",
    source: { type: "multiport_syslogtcp" },
    load: { transport: "tcp", format: "mixed", connections: 4 },
    bar: TCP_BAR,
  },
  {
    name: "syslog/udp",
    title: `syslogudp, RFC 3164 and 5424, ${UDP_RATE} datagrams/s sent`,
    source: { type: "syslogudp" },
    load: { transport: "udp", format: "mixed", connections: 1, rate: UDP_RATE },
    bar: { atLeast: 100_000 },
  },
];

/** Syslog from many hosts, thrown away. */
export const syslogCases: readonly Case[] = WORKS.map((work) => ({
  name: work.name,
  measure: async (lab) => rowsOf(work, await lab.repeat(work.name, () => measureRun(work, lab))),
}));

function rowsOf({ title, load, bar }: Work, runs: readonly SyslogRun[]): Row[] {
  const rate: Row = {
    name: `${title} → memory → null`,
    unit: load.transport === "udp" ? "datagrams/s" : "events/s",
    values: runs.map(({ rate }) => rate),
    bar,
    peakBytes: runs.map(({ peakBytes }) => peakBytes),
    peakBarBytes: PEAK_BYTES,
    cpuSeconds: runs.map(({ cpuSeconds }) => cpuSeconds),
  };
  if (load.transport === "tcp") return [rate];
  return [rate, { name: `${title}: lost`, unit: "%", values: runs.map(({ lostShare }) => lostShare * 100) }];
}

async function measureRun({ source, load }: Work, lab: Lab): Promise<SyslogRun> {
  const port = freePort();
  return await lab.inFolder(async (folder) => {
    const listening = source.type === "multiport_syslogtcp" ? { ports: `${port}` } : { port };
    await using agent = await Agent.start(pipelineOf({ ...source, ...listening }), folder, lab);
    await agent.until(
      "it listened",
      () => load.transport === "udp" ? logHas(folder, "Listening") : isListening(port),
    );
    const order = { ...load, port };
    // Code that has not run yet is slow: a first, short load is not counted.
    const warmUp = await putLoad("syslog_load", { ...order, seconds: 1 });
    const { accepted, ms } = await putLoad("syslog_load", { ...order, seconds: lab.options.loadSeconds });
    const { peakBytes, cpuSeconds } = await agent.stop();
    const sent = warmUp.accepted + accepted;
    const lostShare = 1 - await receivedCount(folder) / sent;
    if (load.transport === "tcp" && lostShare !== 0) {
      throw new Error(`Of ${sent} events ${lostShare} were lost`);
    }
    return { rate: accepted * (1 - lostShare) / (ms / 1000), lostShare, peakBytes, cpuSeconds };
  });
}

function pipelineOf(source: Readonly<Record<string, unknown>>): unknown {
  return {
    source: { ...source, host: "127.0.0.1" },
    channel: { type: "memory", capacity: 200_000, transactionCapacity: 50_000 },
    sink: { type: "null" },
  };
}

async function logHas(folder: string, text: string): Promise<boolean> {
  const log = await Deno.readTextFile(join(folder, "agent.log")).catch(() => "");
  return log.includes(text);
}

/** The counter that the source writes into the log when it ends. */
async function receivedCount(folder: string): Promise<number> {
  const lines = (await Deno.readTextFile(join(folder, "agent.log"))).split("\n");
  const last = lines.findLast((line) => line.includes('"sluice.source.source"') && line.includes('"Ended"'));
  if (last === undefined) throw new Error("The log does not say how many events were received");
  return JSON.parse(last).EventReceivedCount;
}
