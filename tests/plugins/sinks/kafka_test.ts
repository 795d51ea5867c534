import assert from "node:assert/strict";
import { EventBatch, PoisonError } from "sluice/plugin";
import { sharedServerTest } from "../../servers/mod.ts";
import { readTopic } from "../../support/kafka_topic.ts";
import { bodies, Stage } from "./_kafka/stage.ts";

const brokerTest = sharedServerTest("kafka", { KAFKA_SETTINGS: "auto.create.topics.enable=false" });
const CLIENTS = ["platformatic", "kafkajs"];

for (const client of CLIENTS) {
  brokerTest(`kafka sink sends bodies, keys, headers and times (${client})`, async ({ env }) => {
    await using stage = new Stage(env.KAFKA_BROKERS!);
    await stage.createTopic();
    const at = String(Date.now() - 60_000);
    const sink = await stage.sink(
      {
        client,
        timestampHeader: "at",
        partitionIdHeader: "part",
        header: { host: "hostname" },
        headers: "user",
        "kafka.producer.compression.type": "zstd",
      },
    );
    await stage.deliver(
      sink,
      EventBatch.from([
        { body: "one", headers: { key: "k", at, part: "1", host: "web01", user: "ü" } },
        { body: "", headers: { part: "0" } },
      ]),
    );
    const records = await readTopic(stage.brokers, stage.topic, 2);
    const [empty, one] = records.sort((some, other) => some.partition - other.partition);
    assert.deepEqual(one, {
      partition: 1,
      key: "k",
      value: "one",
      headers: { hostname: "web01", user: "ü" },
      timestampMs: Number(at),
    });
    assert.deepEqual([empty!.partition, empty!.key, empty!.value, empty!.headers], [0, undefined, "", {}]);
    assert.ok(stage.context.counters.histogram("KafkaSendSeconds", []).state().sum > 0);
  });

  brokerTest(`kafka sink tells which events the brokers will never take (${client})`, async ({ env }) => {
    await using stage = new Stage(env.KAFKA_BROKERS!);
    await stage.createTopic({ "max.message.bytes": "500" });
    const sink = await stage.sink({ client, "kafka.producer.batch.size": 4096 });
    const large = "x".repeat(1000);
    const cause = await stage.deliver(sink, bodies(["a", large, "b", large])).catch((cause) => cause);
    assert.ok(cause instanceof PoisonError, String(cause));
    assert.deepEqual(cause.indexes, [1, 3]);
    assert.deepEqual(await stage.values(2), ["a", "b"]);
  });

  brokerTest(`kafka sink takes back what a transaction held that fails (${client})`, async ({ env }) => {
    await using stage = new Stage(env.KAFKA_BROKERS!);
    await stage.createTopic({ "max.message.bytes": "500" });
    const first = await stage.sink({ client, transactional: true });
    assert.equal(await first.resume?.(), undefined);
    const good = await stage.write(first, bodies(["again"], { "in@1/f": 1 }));
    const bad = await stage.write(first, bodies(["x".repeat(1000)], { "in@1/f": 2 }));
    await assert.rejects(bad.delivered, PoisonError);
    await good.delivered.catch(() => {});
    await first.close?.();
    const second = await stage.sink({ client, transactional: true });
    const resumed = await second.resume?.();
    await stage.deliver(second, bodies(["kept"], { "in@1/f": 3 }));
    // The two writes may have come into one transaction or, on a slow machine, into two.
    const expected = resumed ? ["again", "kept"] : ["kept"];
    assert.deepEqual(await stage.values(expected.length), expected);
  });
}

for (const client of CLIENTS) {
  Deno.test(`kafka sink gives up brokers that are away after delivery.timeout.ms (${client})`, async () => {
    await using stage = new Stage("127.0.0.1:1");
    const sink = await stage.sink({ client, "kafka.producer.delivery.timeout.ms": 300 });
    await assert.rejects(stage.deliver(sink, bodies(["1"])), /No broker was reached within 300 ms/);
  });
}
