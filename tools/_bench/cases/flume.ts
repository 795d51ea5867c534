import { sendWithFlume } from "../../../tests/peers/flume/flume.ts";
import type { Settings } from "../../../tests/peers/conf_text.ts";
import type { Row } from "../figures.ts";
import { flumeClasspath, type Program, type Receiver, startReceiver } from "../flume_peer.ts";
import type { Case, Lab } from "../lab.ts";
import { putLoad } from "../load.ts";
import type { SyslogOrder } from "../syslog_load.ts";

/** What is sent to both programs. */
interface Work {
  readonly name: string;
  readonly title: string;
  readonly source: Settings;
  /** Events a second. */
  send(receiver: Receiver, about: { readonly lab: Lab; readonly classpath: string }): Promise<number>;
  /** How many times Flume's rate it must reach. */
  readonly times: number;
}

interface Run {
  readonly rates: Readonly<Record<Program, number>>;
  readonly peakBytes: number;
}

const PROGRAMS: readonly Program[] = ["Flume", "Sluice"];
const BATCH = 1000;
const BODY_BYTES = 200;

/** Flume's own client, and plain senders, against Flume's sources and ours in the same run. */
export const flumeCases: readonly Case[] = [
  ...[1, 4].flatMap((senders) => [rpcWork("avro", senders), rpcWork("thrift", senders)]),
  syslogWork("3164"),
  syslogWork("5424"),
].map(caseOf);

function rpcWork(protocol: "avro" | "thrift", senders: number): Work {
  return {
    name: `flume/${protocol}-${senders}`,
    title: `Flume's ${protocol} client, ${senders} sender${
      senders > 1 ? "s" : ""
    } → ${protocol} → memory → null`,
    source: { type: protocol },
    times: 2,
    send: async ({ port }, { lab, classpath }) => {
      const [sent] = await sendWithFlume(classpath, {
        port,
        senders,
        batch: BATCH,
        bodyBytes: BODY_BYTES,
        seconds: Math.ceil(lab.options.loadSeconds),
        "client.type": protocol === "avro" ? "default" : "thrift",
        "request-timeout": 60_000,
      });
      return sent!.events / (sent!.ms / 1000);
    },
  };
}

function syslogWork(format: SyslogOrder["format"]): Work {
  return {
    name: `flume/syslogtcp-${format}`,
    title: `syslog over TCP, RFC ${format}, 1 connection → syslogtcp → memory → null`,
    source: { type: "syslogtcp" },
    times: 2,
    send: async ({ port }, { lab }) => {
      const order: SyslogOrder = {
        port,
        transport: "tcp",
        format,
        connections: 1,
        seconds: lab.options.loadSeconds,
      };
      // The virtual machine compiles what it runs often: the first part of the load is not counted.
      await putLoad("syslog_load", { ...order, seconds: 2 });
      const { accepted, ms } = await putLoad("syslog_load", order);
      return accepted / (ms / 1000);
    },
  };
}

function caseOf(work: Work): Case {
  return {
    name: work.name,
    measure: async (lab) => {
      const classpath = await flumeClasspath();
      if (classpath === undefined) return [];
      return rowsOf(work, await lab.repeat(work.name, () => measureRun(work, lab, classpath)));
    },
  };
}

async function measureRun(work: Work, lab: Lab, classpath: string): Promise<Run> {
  const rates: Record<Program, number> = { Sluice: 0, Flume: 0 };
  let peakBytes = 0;
  for (const program of PROGRAMS) {
    await lab.inFolder(async (folder) => {
      await using receiver = await startReceiver(program, work.source, { folder, lab, classpath });
      rates[program] = await work.send(receiver, { lab, classpath });
      if (program === "Sluice") peakBytes = receiver.stats()?.peakBytes ?? 0;
    });
  }
  return { rates, peakBytes };
}

function rowsOf({ title, times }: Work, runs: readonly Run[]): Row[] {
  const [flume, sluice] = PROGRAMS.map((program) => runs.map(({ rates }) => rates[program]));
  return [
    {
      name: title,
      unit: "events/s",
      values: sluice!,
      limit: { name: "Flume", values: flume! },
      peakBytes: runs.map(({ peakBytes }) => peakBytes),
    },
    {
      name: `${title}: against Flume`,
      unit: "×",
      values: runs.map(({ rates }) => rates.Sluice / rates.Flume),
      bar: { atLeast: times },
    },
  ];
}
