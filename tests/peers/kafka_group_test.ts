import assert from "node:assert/strict";
import { serverTest } from "../servers/mod.ts";
import { until } from "../support/until.ts";
import { Witness } from "../trials/kafka/witness.ts";
import { confText, type Settings } from "./conf_text.ts";
import { startFlume } from "./flume/flume.ts";
import { freePorts } from "./free_ports.ts";
import { countEvents, type NumberedEvent, readEvents } from "./numbered_events.ts";
import { startSluice } from "./sluice.ts";

const TOPIC = "shared";
const PARTITIONS = 12;
const KEYS = 60;
const ARRIVAL_LIMIT_MS = 60_000;
const BRIEF: Settings = {
  "kafka.consumer.session.timeout.ms": 2000,
  "kafka.consumer.heartbeat.interval.ms": 300,
};

serverTest(
  ["flume", "kafka"],
  "Flume and Sluice with one file send equal keys to the same partition and share a group; who is killed is stood in for",
  async ({ FLUME_CLASSPATH, KAFKA_BROKERS }) => {
    const folder = await Deno.makeTempDir({ prefix: "kafka-group-" });
    const [flumePort, sluicePort] = freePorts(2) as [number, number];
    const outputs = ["flume", "sluice"].map((name) => `${folder}/${name}/out`);
    for (const output of outputs) Deno.mkdirSync(output, { recursive: true });
    const [flumeOutput, sluiceOutput] = outputs as [string, string];
    const came = () => outputs.reduce((sum, output) => sum + countEvents(output), 0);
    await using witness = new Witness(KAFKA_BROKERS!);
    await witness.createTopic(TOPIC, { partitions: PARTITIONS });
    const agent = (name: string, port: number) => ({
      name: "a1",
      folder: `${folder}/${name}`,
      conf: agentConf(KAFKA_BROKERS!, port, `${folder}/${name}/out`),
    });
    const classpath = FLUME_CLASSPATH!;
    const [flume, sluice] = await Promise.all([
      startFlume({ ...agent("flume", flumePort), classpath }),
      startSluice({ ...agent("sluice", sluicePort), listening: 1 }),
    ]);
    await using _flume = flume;
    await using _sluice = sluice;
    let round = 0;
    await until("both to get some", async () => {
      const wanted = came() + 2 * KEYS;
      await post(flumePort, `flume ${round}`);
      await post(sluicePort, `sluice ${round++}`);
      await until("a round to arrive", () => came() >= wanted, ARRIVAL_LIMIT_MS);
      return outputs.every((output) => countEvents(output) > 0);
    }, ARRIVAL_LIMIT_MS);
    await flume.kill();
    await post(sluicePort, "alone");
    const sent = (2 * round + 1) * KEYS;
    await until("all to arrive", () => came() >= sent, ARRIVAL_LIMIT_MS);
    assert.equal(await sluice.stop(), 0, sluice.lastWords);
    const events = [...await readEvents(flumeOutput), ...await readEvents(sluiceOutput)];
    assert.equal(new Set(events.map(textOf)).size, sent);
    assert.equal(events.length, sent);
    assertOnePartitionEach(events);
    await Deno.remove(folder, { recursive: true });
  },
);

/** Takes events by HTTP into the topic, and from the topic into files. */
function agentConf(brokers: string, port: number, output: string): string {
  const kafka = { "kafka.bootstrap.servers": brokers };
  return confText({
    "sources.in": { type: "http", bind: "127.0.0.1", port, channels: "in" },
    "channels.in": { type: "memory" },
    "sinks.kafka": {
      type: "org.apache.flume.sink.kafka.KafkaSink",
      ...kafka,
      "kafka.topic": TOPIC,
      channel: "in",
    },
    "sources.kafka": {
      type: "org.apache.flume.source.kafka.KafkaSource",
      ...kafka,
      "kafka.topics": TOPIC,
      "kafka.consumer.group.id": "together",
      "kafka.consumer.auto.offset.reset": "earliest",
      ...BRIEF,
      batchSize: 100,
      backoffSleepIncrement: 50,
      maxBackoffSleep: 100,
      batchDurationMillis: 100,
      channels: "out",
    },
    "channels.out": { type: "memory" },
    "sinks.out": {
      type: "file_roll",
      "sink.directory": output,
      "sink.rollInterval": 0,
      "sink.serializer": "avro_event",
      channel: "out",
    },
  });
}

/** Sends an event for each key. */
async function post(port: number, origin: string): Promise<void> {
  const events = Array.from({ length: KEYS }, (_, at) => ({ headers: { key: `clé ${at}` }, body: origin }));
  const response = await fetch(`http://127.0.0.1:${port}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(events),
  });
  assert.equal(response.status, 200, await response.text());
}

function textOf({ headers: { key }, body }: NumberedEvent): string {
  return `${key}: ${new TextDecoder().decode(body)}`;
}

function assertOnePartitionEach(events: readonly NumberedEvent[]): void {
  const places = new Set(events.map(({ headers: { key, partition } }) => `${key} in ${partition}`));
  assert.equal(places.size, KEYS, [...places].sort().join(", "));
}
