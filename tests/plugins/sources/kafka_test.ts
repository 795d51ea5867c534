import assert from "node:assert/strict";
import { Kafka, logLevel, type ProducerRecord } from "kafkajs";
import type { EventBatch, Position } from "sluice/plugin";
import kafka from "../../../plugins/sources/kafka.ts";
import { serverTest, sharedServerTest, startServer } from "../../servers/mod.ts";
import { runSource, type SourceRun } from "../../support/run_source.ts";
import { until } from "../../support/until.ts";
import { Proxy } from "../../topologies/proxy.ts";
import { Witness } from "../../trials/kafka/witness.ts";

/** A broker, a program that is not ours, and the settings of a source that reads from the beginning. */
interface Stage {
  readonly witness: Witness;
  readonly kafka: Kafka;
  start(settings: Record<string, unknown>, resume?: Position): SourceRun;
  send(topic: string, messages: ProducerRecord["messages"]): Promise<void>;
}

async function onStage(env: Record<string, string>, run: (stage: Stage) => Promise<void>): Promise<void> {
  const brokers = env.KAFKA_BROKERS!;
  await using witness = new Witness(brokers);
  const own = new Kafka({ brokers: [brokers], clientId: "stage", logLevel: logLevel.NOTHING });
  const producer = own.producer();
  await producer.connect();
  try {
    await run({
      witness,
      kafka: own,
      start: (settings, resume) =>
        runSource(
          kafka,
          { ...FAST, "kafka.bootstrap.servers": brokers, ...settings },
          resume ? { resume } : {},
        ),
      send: async (topic, messages) => void await producer.send({ topic, messages }),
    });
  } finally {
    await producer.disconnect();
  }
}

const brokerTest = sharedServerTest("kafka");

const FAST = {
  "kafka.consumer.auto.offset.reset": "earliest",
  "kafka.consumer.fetch.max.wait.ms": 50,
  "kafka.consumer.metadata.max.age.ms": 300,
  commitIntervalMillis: 5,
};

type Headers = Readonly<Record<string, string>>;

function headersOf(batches: readonly EventBatch[]) {
  return batches.flatMap((batch) => Array.from(batch, ({ headers }) => headers));
}

brokerTest(
  "kafka source reads keys, headers, times and tombstones",
  ({ env }) =>
    onStage(env, async ({ witness, start, send }) => {
      await witness.createTopic("one", { partitions: 1 });
      const headers = { trace: "t1", rest: "r" };
      await send("one", [{ key: "k", value: "v", headers, timestamp: "1700000000000" }]);
      await send("one", [{ key: "gone", value: null }]);
      const run = start({
        "kafka.topics": ["one"],
        header: { traceId: "trace" },
        timestampHeader: "sentAt",
      });
      assert.deepEqual(await run.untilSize(2), ["v", ""]);
      const [{ timestamp, ...others }, second] = headersOf(run.batches) as [Headers, Headers];
      assert.ok(Math.abs(Number(timestamp) - Date.now()) < 60_000, `${timestamp}`);
      const place = { topic: "one", partition: "0", offset: "0" };
      assert.deepEqual(others, { ...place, key: "k", traceId: "t1", sentAt: "1700000000000" });
      assert.deepEqual([second.key, second["flume.kafka.status"]], ["gone", "Null"]);
      assert.equal(second.traceId, undefined);
      await run.stop();
    }),
);

brokerTest(
  "kafka source reads topics by pattern, also those that are made later, and shows lag",
  ({ env }) =>
    onStage(env, async ({ witness, start, send }) => {
      for (const topic of ["app-1", "other", "xapp-1"]) await witness.createTopic(topic, { partitions: 1 });
      for (const topic of ["app-1", "other", "xapp-1"]) await send(topic, [{ value: topic }]);
      const pattern = { "kafka.topics": ["other"], "kafka.topics.regex": "app-\\d+" };
      const run = start({ ...pattern, "kafka.consumer.group.id": "pattern" });
      assert.deepEqual(await run.untilSize(1), ["app-1"]);
      await witness.createTopic("app-2", { partitions: 1 });
      await send("app-2", [{ value: "app-2" }]);
      assert.deepEqual(await run.untilSize(2), ["app-1", "app-2"]);
      const { counters } = run.context;
      await until("lag of both partitions", () => counters.gauges().length === 2);
      const [lag] = counters.gauges();
      assert.deepEqual([lag!.name, lag!.labels.partition, lag!.value], ["KafkaPartitionLag", "0", 0]);
      assert.ok(counters.get("KafkaRebalanceCount") >= 2);
      await run.stop();
      assert.deepEqual(counters.gauges(), []);
      assert.equal(counters.histograms().KafkaFetchRecords!.sum, 2);
    }),
);

brokerTest(
  "kafka source goes on at its own position, and where a tool has set the group",
  ({ env }) =>
    onStage(env, async ({ witness, kafka, start, send }) => {
      await witness.createTopic("moved", { partitions: 1 });
      await send("moved", Array.from({ length: 10 }, (_, index) => ({ value: String(index) })));
      const settings = { "kafka.topics": ["moved"], "kafka.consumer.group.id": "g", batchSize: 4 };
      const first = start(settings);
      await first.untilSize(10);
      assert.ok(first.batches.every(({ size }) => size <= 4));
      await first.stop();
      assert.equal(first.position!["moved/0"], 10);

      // As if it had been killed after the delivery of 10 and the commit of 6.
      const admin = kafka.admin();
      await admin.connect();
      const committed = async () =>
        (await admin.fetchOffsets({ groupId: "g", topics: ["moved"] }))[0]!.partitions[0]!;
      assert.equal((await committed()).offset, "10");
      const { metadata } = await committed();
      assert.match(metadata!, /^sluice /);
      await send("moved", [{ value: "10" }]);
      const second = start(settings, { ...first.position, "moved/0": 8 });
      assert.deepEqual(await second.untilSize(1), ["10"]);
      await second.stop();

      await admin.setOffsets({
        groupId: "g",
        topic: "moved",
        partitions: [{ partition: 0, offset: "7" }],
      });
      const third = start(settings, second.position);
      assert.deepEqual(await third.untilSize(4), ["7", "8", "9", "10"]);
      await third.stop();
      assert.match((await committed()).metadata!, /^sluice /);
      await admin.disconnect();
      const fourth = start(settings, third.position);
      await send("moved", [{ value: "11" }]);
      assert.deepEqual(await fourth.untilSize(1), ["11"]);
      await fourth.stop();
    }),
);

brokerTest(
  "kafka source reads a topic that was deleted and made again from its start",
  ({ env }) =>
    onStage(env, async ({ witness, start, send }) => {
      await witness.createTopic("again", { partitions: 2 });
      await send("again", [{ value: "a", partition: 0 }, { value: "b", partition: 1 }, {
        value: "c",
        partition: 1,
      }]);
      const settings = {
        "kafka.topics": ["again"],
        "kafka.consumer.auto.offset.reset": "latest",
        "kafka.consumer.group.id": "again",
      };
      const first = start({ ...settings, "kafka.consumer.auto.offset.reset": "earliest" });
      assert.deepEqual((await first.untilSize(3)).sort(), ["a", "b", "c"]);
      await witness.deleteTopic("again");
      await witness.createTopic("again", { partitions: 2 });
      await send("again", [{ value: "d", partition: 0 }, { value: "e", partition: 1 }]);
      assert.deepEqual((await first.untilSize(5)).slice(3).sort(), ["d", "e"]);
      await first.stop();

      await witness.deleteTopic("again");
      await witness.createTopic("again", { partitions: 2 });
      await send("again", [{ value: "f", partition: 1 }]);
      const second = start(settings, first.position);
      assert.deepEqual(await second.untilSize(1), ["f"]);
      await second.stop();
    }),
);

brokerTest(
  "kafka source commits nothing that was rolled back, and reads it again",
  ({ env }) =>
    onStage(env, async ({ witness, start, send }) => {
      await witness.createTopic("broken", { partitions: 1 });
      await send("broken", Array.from({ length: 6 }, (_, index) => ({ value: String(index) })));
      const settings = { "kafka.topics": ["broken"], "kafka.consumer.group.id": "rollback", batchSize: 2 };
      const first = start(settings);
      first.answer = (batch) =>
        batch.text(0) === "2" ? Promise.reject(new Error("The sink is broken")) : undefined;
      await first.untilSize(6);
      await first.stop();
      const second = start(settings, { "broken/0": 2 });
      assert.deepEqual(await second.untilSize(4), ["2", "3", "4", "5"]);
      await second.stop();
    }),
);

serverTest(
  { needs: ["kafka"] },
  "kafka source starts without a broker, says so, and reads when there is one",
  async () => {
    const proxy = new Proxy();
    proxy.shut();
    const address = `127.0.0.1:${proxy.port}`;
    const run = runSource(kafka, { ...FAST, "kafka.bootstrap.servers": address, "kafka.topics": ["t"] });
    const says = (text: string) => run.context.lines.some((line) => line.text.includes(text));
    await until("the trouble", () => says(address));
    const server = (await startServer("kafka", { KAFKA_PROXIES: address }))!;
    try {
      await onStage(server.env, async ({ witness, send }) => {
        await witness.createTopic("t", { partitions: 1 });
        await send("t", [{ value: "late" }]);
        proxy.target = Number(server.env.KAFKA_PROXIED!.split(":")[1]);
        proxy.restore();
        assert.deepEqual(await run.untilSize(1), ["late"]);
        assert.ok(says("Recovered"));
        await run.stop();
      });
    } finally {
      await run.stop();
      await proxy.close();
      await server.stop();
    }
  },
);
