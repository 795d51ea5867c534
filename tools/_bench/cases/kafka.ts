import { join } from "node:path";
import { Agent } from "../agent.ts";
import type { Bar, Row } from "../figures.ts";
import { BODY_BYTES, KafkaLab, type Rival, writeLines } from "../kafka_lab.ts";
import type { Case, Lab } from "../lab.ts";
import { outputBytes } from "../output.ts";
import type { ProcessStats } from "../process_stats.ts";

/** Events of a transaction. */
const TRANSACTION = 10_000;
/** Of the input of all cases; more would only take longer. */
const MOST_RECORDS = 2_000_000;
/** MB over an idle one. */
const HELD_BAR = 64;
/** Fetches of up to `fetch.max.bytes` are in memory while it runs; what a sink that stands still costs has a row of its own. */
const PEAK_BAR_BYTES = 512e6;
const STILL_MS = 5000;

/** What one run of Sluice did. */
interface KafkaRun {
  /** Events a second, from the first one at the target to the last. */
  readonly rate: number;
  readonly peakBytes: number;
  readonly cpuSeconds: number;
}

/** Work for Sluice, and for others in the same run. */
interface Work {
  readonly name: string;
  readonly title: string;
  readonly atLeast: number;
  readonly rivals: readonly {
    readonly rival: Rival;
    readonly work: "produce" | "consume";
    readonly bar?: Bar;
  }[];
  readonly transaction?: number;
  run(about: Stage): Promise<KafkaRun>;
}

/** Where a run works. */
interface Stage {
  readonly kafka: KafkaLab;
  readonly topic: string;
  readonly folder: string;
  readonly records: number;
  readonly lab: Lab;
}

/** 200-byte events, three partitions, one broker. */
export const kafkaCases: readonly Case[] = [
  caseOf({
    name: "kafka/sink",
    title: "file → kafka, acks=all, idempotent",
    atLeast: 200_000,
    rivals: [
      { rival: "Java client", work: "produce", bar: { atLeast: 1 } },
      { rival: "bare @platformatic/kafka", work: "produce" },
      { rival: "bare kafkajs", work: "produce" },
    ],
    run: (stage) => send(stage, {}),
  }),
  caseOf({
    name: "kafka/transactions",
    title: "file → kafka, transactions of 10,000 events",
    atLeast: 120_000,
    transaction: TRANSACTION,
    rivals: [{ rival: "Java client", work: "produce" }, { rival: "bare kafkajs", work: "produce" }],
    run: (stage) => send(stage, { transactional: true, transactionEvents: TRANSACTION }),
  }),
  caseOf({
    name: "kafka/source",
    title: "kafka → direct → file_roll, exactly once",
    atLeast: 350_000,
    rivals: [
      { rival: "Java client", work: "consume" },
      { rival: "bare @platformatic/kafka", work: "consume" },
      { rival: "bare kafkajs", work: "consume" },
    ],
    run: read,
  }),
  caseOf({
    name: "kafka/channel",
    title: "file → kafka channel → file_roll, one agent",
    atLeast: 120_000,
    rivals: [],
    run: throughChannel,
  }),
  { name: "kafka/held", measure: measureHeld },
];

function caseOf(work: Work): Case {
  return {
    name: work.name,
    measure: async (lab) => {
      await using kafka = await KafkaLab.open();
      if (kafka === undefined) return [];
      const records = recordsOf(lab);
      const runs = await lab.repeat(work.name, () => measureRun(work, { kafka, records, lab }));
      return rowsOf(work, runs);
    },
  };
}

function recordsOf(lab: Lab): number {
  const lines = Math.floor(lab.options.inputBytes / BODY_BYTES);
  return Math.min(MOST_RECORDS, lines - lines % TRANSACTION);
}

interface Measured {
  readonly own: KafkaRun;
  readonly rates: readonly number[];
}

/** Sluice and the others, one after the other. */
async function measureRun(work: Work, about: Omit<Stage, "topic" | "folder">): Promise<Measured> {
  const { kafka, records, lab } = about;
  const own = await kafka.withTopic((topic) =>
    lab.inFolder((folder) => work.run({ ...about, topic, folder }))
  );
  const rates: number[] = [];
  for (const { rival, work: kind } of work.rivals) {
    rates.push(
      await kafka.withTopic(async (topic) => {
        if (kind === "consume") await kafka.fill(topic, records);
        return await kafka.rateOf(rival, { work: kind, topic, records, transaction: work.transaction ?? 0 });
      }),
    );
  }
  return { own, rates };
}

function rowsOf({ title, atLeast, rivals }: Work, runs: readonly Measured[]): Row[] {
  const own: Row = {
    name: title,
    unit: "events/s",
    values: runs.map(({ own }) => own.rate),
    bar: { atLeast },
    peakBytes: runs.map(({ own }) => own.peakBytes),
    peakBarBytes: PEAK_BAR_BYTES,
    cpuSeconds: runs.map(({ own }) => own.cpuSeconds),
  };
  const others = rivals.flatMap(({ rival, bar }, at): Row[] => [
    { name: `  ${rival}`, unit: "events/s", values: runs.map(({ rates }) => rates[at]!) },
    {
      name: `  Sluice against ${rival}`,
      unit: "×",
      values: runs.map(({ own, rates }) => own.rate / rates[at]!),
      bar,
    },
  ]);
  return [own, ...others];
}

/** A file into a topic. */
async function send({ kafka, topic, folder, records, lab }: Stage, settings: object): Promise<KafkaRun> {
  await writeLines(join(folder, "lines"), records);
  const pipeline = {
    source: { type: "taildir", filegroups: { f: join(folder, "lines") } },
    sink: { type: "kafka", "kafka.bootstrap.servers": kafka.brokers, "kafka.topic": topic, ...settings },
  };
  await using agent = await Agent.start(pipeline, folder, lab);
  const rate = await rateUntil(agent, records, () => kafka.offsets(topic));
  return { rate, ...await statsOf(agent) };
}

/** A topic into files. */
async function read({ kafka, topic, folder, records, lab }: Stage): Promise<KafkaRun> {
  await kafka.fill(topic, records);
  const out = join(folder, "out");
  const pipeline = { source: sourceOf(kafka, topic), sink: rollInto(out) };
  await using agent = await Agent.start(pipeline, folder, lab);
  const rate = await rateUntil(agent, records, () => outputBytes(out) / (BODY_BYTES + 1));
  return { rate, ...await statsOf(agent) };
}

async function throughChannel({ kafka, topic, folder, records, lab }: Stage): Promise<KafkaRun> {
  await writeLines(join(folder, "lines"), records);
  const out = join(folder, "out");
  const pipeline = {
    source: { type: "taildir", filegroups: { f: join(folder, "lines") } },
    channel: {
      type: "kafka",
      "kafka.bootstrap.servers": kafka.brokers,
      "kafka.topic": topic,
      "kafka.consumer.group.id": topic,
      "kafka.consumer.auto.offset.reset": "earliest",
    },
    sink: rollInto(out),
  };
  await using agent = await Agent.start(pipeline, folder, lab);
  const rate = await rateUntil(agent, records, () => outputBytes(out) / (BODY_BYTES + 1));
  return { rate, ...await statsOf(agent) };
}

function sourceOf(kafka: KafkaLab, topic: string): Record<string, unknown> {
  return {
    type: "kafka",
    "kafka.bootstrap.servers": kafka.brokers,
    "kafka.topics": topic,
    "kafka.consumer.group.id": topic,
    "kafka.consumer.auto.offset.reset": "earliest",
  };
}

function rollInto(directory: string): Record<string, unknown> {
  return { type: "file_roll", "sink.directory": directory, "sink.rollInterval": 0 };
}

/** From the first look at which something has arrived: a client's own figure does not count its start either. */
async function rateUntil(
  agent: Agent,
  records: number,
  arrived: () => number | Promise<number>,
): Promise<number> {
  let first: { readonly events: number; readonly ms: number } | undefined;
  let events = 0;
  await agent.until("all had arrived", async () => {
    events = await arrived();
    if (events > 0) first ??= { events, ms: performance.now() };
    return events >= records;
  });
  return (records - first!.events) / ((performance.now() - first!.ms) / 1000);
}

async function statsOf(agent: Agent): Promise<Pick<ProcessStats, "peakBytes" | "cpuSeconds">> {
  const { peakBytes, cpuSeconds } = await agent.stop();
  return { peakBytes, cpuSeconds };
}

/** What a source holds whose sink never gets an answer, over one whose topic is empty. */
async function measureHeld(lab: Lab): Promise<readonly Row[]> {
  await using kafka = await KafkaLab.open();
  if (kafka === undefined) return [];
  const values = await lab.repeat("kafka/held", async () => {
    const idle = await kafka.withTopic((topic) => residentAfter(kafka, topic, lab));
    const held = await kafka.withTopic(async (topic) => {
      await kafka.fill(topic, recordsOf(lab));
      return await residentAfter(kafka, topic, lab);
    });
    return (held - idle) / 1e6;
  });
  const name = "memory over idle of a kafka source whose sink stands still";
  return [{ name, unit: "MB", values, bar: { atMost: HELD_BAR } }];
}

async function residentAfter(kafka: KafkaLab, topic: string, lab: Lab): Promise<number> {
  return await lab.inFolder(async (folder) => {
    // It accepts connections and answers nothing.
    using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const endpoint = `http://127.0.0.1:${silent.addr.port}/`;
    const sink = { type: "http", endpoint, encoder: "line", batchSize: 500, requestTimeout: 120_000 };
    await using agent = await Agent.start({ source: sourceOf(kafka, topic), sink }, folder, lab);
    await new Promise((resolve) => setTimeout(resolve, STILL_MS));
    const { residentBytes } = agent.stats()!;
    await agent.kill();
    return residentBytes;
  });
}
