import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { registerCodecs } from "../../../protocols/kafka/kafkajs/codecs.ts";
import { Agent } from "../agent.ts";
import { quantileOf, type Row } from "../figures.ts";
import { KafkaLab } from "../kafka_lab.ts";
import type { Case, Lab } from "../lab.ts";

/** What a sink is told. */
interface Setting {
  readonly batchKib: number;
  readonly lingerMs: number;
  readonly compression: string;
}

interface Measured {
  readonly rate: number;
  /** Milliseconds from a line in the log to the event at a reader, ascending. */
  readonly waits: readonly number[];
}

const BATCHES_KIB = [16, 64, 256, 1024];
const LINGERS_MS = [0, 5, 20, 100];
const COMPRESSIONS = ["gzip", "snappy", "lz4", "zstd"];
/** A steady load: lines written at once, and the pause between. */
const LINES = 50;
const PAUSE_MS = 10;
const SECONDS = 3;
const LOAD_LINES = LINES * SECONDS * 1000 / PAUSE_MS;

const SETTINGS: readonly Setting[] = [
  ...BATCHES_KIB.flatMap((batchKib) =>
    LINGERS_MS.map((lingerMs) => ({ batchKib, lingerMs, compression: "none" }))
  ),
  ...COMPRESSIONS.map((compression) => ({ batchKib: 256, lingerMs: 5, compression })),
];

/** How the size of batches, linger and compression change speed and delay: the curves of docs/guide/backlog.md. */
export const kafkaSweepCases: readonly Case[] = SETTINGS.map((setting) => {
  const { batchKib, lingerMs, compression } = setting;
  const name = `sweep/kafka-${batchKib}KiB-${lingerMs}ms-${compression}`;
  return {
    name,
    measure: async (lab) => {
      await using kafka = await KafkaLab.open();
      if (kafka === undefined) return [];
      const runs = await lab.repeat(name, () => measureSetting(setting, kafka, lab));
      return rowsOf(`batch.size ${batchKib} KiB, linger.ms ${lingerMs}, ${compression}`, runs);
    },
  };
});

function rowsOf(title: string, runs: readonly Measured[]): Row[] {
  const wait = (share: number): Row => ({
    name: `${title}: delay at 5,000 events/s, p${share * 100}`,
    unit: "ms",
    values: runs.map(({ waits }) => quantileOf(waits, share)),
  });
  return [
    { name: `${title}: a backlog`, unit: "events/s", values: runs.map(({ rate }) => rate) },
    wait(0.5),
    wait(0.99),
  ];
}

async function measureSetting(setting: Setting, kafka: KafkaLab, lab: Lab): Promise<Measured> {
  const rate = await kafka.withTopic((topic) =>
    lab.inFolder((folder) => measureBacklog(setting, { kafka, topic, folder, lab }))
  );
  const waits = await kafka.withTopic((topic) =>
    lab.inFolder((folder) => measureDelay(setting, { kafka, topic, folder, lab }))
  );
  return { rate, waits };
}

interface Stage {
  readonly kafka: KafkaLab;
  readonly topic: string;
  readonly folder: string;
  readonly lab: Lab;
}

function pipelineOf(log: string, { batchKib, lingerMs, compression }: Setting, { kafka, topic }: Stage) {
  return {
    source: { type: "taildir", filegroups: { f: log } },
    sink: {
      type: "kafka",
      "kafka.bootstrap.servers": kafka.brokers,
      "kafka.topic": topic,
      "kafka.producer.batch.size": batchKib * 1024,
      "kafka.producer.linger.ms": lingerMs,
      "kafka.producer.compression.type": compression,
    },
  };
}

/** An access log that lies there whole. */
async function measureBacklog(setting: Setting, stage: Stage): Promise<number> {
  const { kafka, topic, folder, lab } = stage;
  const { path, lines } = await lab.input();
  await using agent = await Agent.start(pipelineOf(path, setting, stage), folder, lab);
  const seen: { events: number; ms: number }[] = [];
  await agent.until("all had arrived", async () => {
    const events = await kafka.offsets(topic);
    if (events > 0) seen.push({ events, ms: performance.now() });
    return events >= lines;
  });
  await agent.stop();
  const [first, last] = [seen[0]!, seen.at(-1)!];
  return (last.events - first.events) / ((last.ms - first.ms) / 1000);
}

/** A log that grows steadily; each line holds its time. */
async function measureDelay(setting: Setting, stage: Stage): Promise<number[]> {
  const { kafka, topic, folder, lab } = stage;
  const log = join(folder, "app.log");
  await Deno.writeTextFile(log, "");
  await using agent = await Agent.start(pipelineOf(log, setting, stage), folder, lab);
  const waits: number[] = [];
  await using _reader = await readWaits(kafka, topic, waits);
  using file = await Deno.open(log, { append: true });
  const filler = "x".repeat(180);
  const encoder = new TextEncoder();
  const startMs = performance.now();
  for (let turn = 0; turn < LOAD_LINES / LINES; turn++) {
    const line = `${performance.timeOrigin + performance.now()} ${filler}\n`;
    await file.write(encoder.encode(line.repeat(LINES)));
    const dueMs = startMs + (turn + 1) * PAUSE_MS - performance.now();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs)));
  }
  await agent.until("all had been read", () => waits.length >= LOAD_LINES);
  await agent.stop();
  // The start of the program is not what is measured.
  return waits.slice(LOAD_LINES / 3).sort((a, b) => a - b);
}

async function readWaits(kafka: KafkaLab, topic: string, waits: number[]): Promise<AsyncDisposable> {
  registerCodecs();
  const client = new Kafka({ brokers: kafka.brokers.split(","), logLevel: logLevel.NOTHING });
  const consumer = client.consumer({ groupId: topic, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch }) => {
      const nowMs = performance.timeOrigin + performance.now();
      for (const { value } of batch.messages) {
        waits.push(nowMs - Number(value!.toString("latin1", 0, value!.indexOf(32))));
      }
      return Promise.resolve();
    },
  });
  return { [Symbol.asyncDispose]: () => consumer.disconnect() };
}
