import assert from "node:assert/strict";
import { confText } from "../peers/conf_text.ts";
import { sendWithFlume, startFlume } from "../peers/flume/flume.ts";
import { countEvents, judgeArrival, readEvents } from "../peers/numbered_events.ts";
import { type RunningServer, serverTest } from "../servers/mod.ts";
import { until } from "../support/until.ts";
import { Witness } from "../trials/kafka/witness.ts";
import { Estate } from "./estate.ts";

const EVENTS = 10_000;
const TOPIC = "between";
const LIMIT_MS = 60_000;

serverTest(
  ["flume", "kafka"],
  "Flume → Sluice → Kafka → Sluice → files: events come once and unchanged, the broker and the last agent killed meanwhile",
  async ({ FLUME_CLASSPATH: classpath, KAFKA_BROKERS: brokers }, [, kafka]) => {
    await using estate = new Estate();
    await using witness = new Witness(brokers!);
    await witness.createTopic(TOPIC, { partitions: 3 });
    addAgents(estate, brokers!);
    const conf = flumeConf(estate);
    const [flume] = await Promise.all([
      startFlume({ classpath: classpath!, name: "a1", conf, folder: `${estate.folder}/flume` }),
      estate.start("first", "last"),
    ]);
    await using _flume = flume;
    const port = estate.port("flume");
    const sent = sendWithFlume(classpath!, { port, origin: "x", events: EVENTS, batch: 250 });
    await killSome(estate, kafka!);
    await sent;
    const folder = estate.output("last");
    await until("all to arrive", () => countEvents(folder) >= EVENTS, LIMIT_MS).catch(() => {});
    await estate.stop();
    const clean = { events: EVENTS, lost: 0, repeated: 0, wrong: 0 };
    assert.deepEqual(
      judgeArrival(await readEvents(folder), "x", EVENTS),
      clean,
      estate.agent("last").lastWords,
    );
  },
);

/** The agents on both sides of Kafka. */
function addAgents(estate: Estate, brokers: string): void {
  const kafka = { "kafka.bootstrap.servers": brokers, useFlumeEventFormat: "true" };
  estate.add("first", {
    ...estate.receiving("first", "c"),
    ...estate.keeping("first", "c"),
    "sinks.k": { type: "kafka", ...kafka, "kafka.topic": TOPIC, transactional: "true", channel: "c" },
  });
  Deno.mkdirSync(estate.output("last"), { recursive: true });
  estate.add("last", {
    "sources.in": {
      type: "kafka",
      ...kafka,
      "kafka.topics": TOPIC,
      "kafka.consumer.auto.offset.reset": "earliest",
      "kafka.consumer.isolation.level": "read_committed",
      "kafka.consumer.session.timeout.ms": 1000,
      "kafka.consumer.heartbeat.interval.ms": 300,
      interceptors: "added",
      "interceptors.added.type": "remove_header",
      "interceptors.added.fromList": "topic,partition,offset,timestamp",
      channels: "c",
    },
    ...estate.keeping("last", "c"),
    "sinks.k": {
      type: "file_roll",
      "sink.directory": estate.output("last"),
      "sink.rollInterval": 0,
      "sink.serializer": "avro_event",
      channel: "c",
    },
  });
}

function flumeConf(estate: Estate): string {
  return confText({
    ...estate.receiving("flume", "c"),
    "channels.c": { type: "memory", capacity: EVENTS, transactionCapacity: 1000 },
    ...estate.sending("k", "c", "first"),
  });
}

/** Cuts the power of the last agent, and then the broker's, while events come. */
async function killSome(estate: Estate, kafka: RunningServer): Promise<void> {
  await until("some to arrive", () => countEvents(estate.output("last")) > 0, LIMIT_MS);
  await estate.agent("last").kill();
  assert.ok(countEvents(estate.output("last")) < EVENTS, "all had come before the kill");
  await kafka.control("kill 1");
  await kafka.control("start 1");
  await estate.start("last");
}
