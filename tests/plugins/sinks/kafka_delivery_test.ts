import assert from "node:assert/strict";
import { EventBatch } from "sluice/plugin";
import { decodeFlumeEvents } from "../../../protocols/kafka/records/flume_event.ts";
import { sharedServerTest } from "../../servers/mod.ts";
import { readTopic } from "../../support/kafka_topic.ts";
import { until } from "../../support/until.ts";
import { Witness } from "../../trials/kafka/witness.ts";
import { bodies, Stage } from "./_kafka/stage.ts";

const brokerTest = sharedServerTest("kafka", { KAFKA_SETTINGS: "auto.create.topics.enable=false" });
const CLIENTS = ["platformatic", "kafkajs"];
const LATER = { "other@1/g": "ü".repeat(5000) };

for (const client of CLIENTS) {
  brokerTest(
    `kafka sink goes on at the position that was committed with its records (${client})`,
    async ({ env }) => {
      await using stage = new Stage(env.KAFKA_BROKERS!);
      await stage.createTopic();
      const settings = { client, transactional: true, transactionMillis: 30_000 };
      const first = await stage.sink(settings);
      await stage.deliver(first, bodies(["1"], { "in@1/f": 10 }));
      await stage.deliver(first, bodies(["2"], LATER));
      const open = await stage.write(first, bodies(["3"], { "in@1/f": 30 }));
      await first.close?.();
      await open.delivered;
      const second = await stage.sink(settings);
      assert.deepEqual(await second.resume?.(), { "in@1/f": 30, ...LATER });
      assert.deepEqual(await stage.values(3), ["1", "2", "3"]);
    },
  );

  brokerTest(`kafka sink shuts out a forerunner that still runs (${client})`, async ({ env }) => {
    await using stage = new Stage(env.KAFKA_BROKERS!);
    await stage.createTopic();
    const settings = { client, "kafka.producer.transactional.id": stage.topic };
    const first = await stage.sink(settings);
    await stage.deliver(first, bodies(["1"], { f: 1 }));
    const second = await stage.sink(settings);
    assert.deepEqual(await second.resume?.(), { f: 1 });
    await assert.rejects(stage.deliver(first, bodies(["never"], { f: 2 })), /PRODUCER|EPOCH|transactional/i);
    await stage.deliver(second, bodies(["2"], { f: 2 }));
    assert.deepEqual(await stage.values(2), ["1", "2"]);
  });

  brokerTest(
    `kafka sink says that a topic is not there, and delivers when it is (${client})`,
    async ({ env }) => {
      await using stage = new Stage(env.KAFKA_BROKERS!);
      const sink = await stage.sink({ client });
      await assert.rejects(
        stage.deliver(sink, bodies(["1"])),
        (cause: Error) =>
          cause.message.includes(stage.topic) && /auto\.create\.topics\.enable/.test(cause.message),
      );
      assert.equal(stage.context.counters.get("RollbackCount"), 1);
      await stage.createTopic();
      await until(
        "the topic to be seen",
        () => stage.deliver(sink, bodies(["2"])).then(() => true, () => false),
      );
      assert.deepEqual(await stage.values(1), ["2"]);
    },
  );

  brokerTest(
    `kafka sink speaks TLS and SASL, and asks for the broker's name (${client})`,
    async ({ env }) => {
      const trust = { client, "kafka.producer.ssl.truststore.location": env.KAFKA_CA };
      const user = (mechanism: string) => ({
        ...trust,
        "kafka.producer.security.protocol": "SASL_SSL",
        "kafka.producer.sasl.mechanism": mechanism,
        "kafka.producer.sasl.jaas.config": `org.apache.kafka.common.security.${
          mechanism === "PLAIN" ? "plain.Plain" : "scram.Scram"
        }LoginModule required username="${env.KAFKA_USER}" password="${env.KAFKA_PASSWORD}";`,
      });
      const [cert, key] = await Promise.all(
        [env.KAFKA_CERT!, env.KAFKA_KEY!].map((path) => Deno.readTextFile(path)),
      );
      const ways: [string, Record<string, unknown>][] = [
        [env.KAFKA_SSL!, { ...trust, "kafka.producer.security.protocol": "SSL" }],
        [env.KAFKA_SASL_SSL!, user("PLAIN")],
        [env.KAFKA_SASL_SSL!, user("SCRAM-SHA-256")],
        [env.KAFKA_SASL_SSL!, user("SCRAM-SHA-512")],
        [env.KAFKA_MTLS!, {
          ...trust,
          "kafka.producer.security.protocol": "SSL",
          // One line, as a properties file has it.
          "kafka.producer.ssl.keystore.certificate.chain": cert!.replaceAll("\n", " "),
          "kafka.producer.ssl.keystore.key": key!.replaceAll("\n", " "),
        }],
      ];
      await using witness = new Witness(env.KAFKA_BROKERS!);
      for (const [brokers, settings] of ways) {
        await using stage = new Stage(brokers);
        await witness.createTopic(stage.topic, { partitions: 1 });
        await stage.deliver(await stage.sink(settings), bodies(["secret"]));
        assert.equal(await witness.size(stage.topic), 1);
      }
    },
  );

  brokerTest(`kafka sink shows why it is not let in, and never the password (${client})`, async ({ env }) => {
    const ways: [string, Record<string, unknown>, RegExp][] = [
      [env.KAFKA_SASL_PLAINTEXT!, {
        "kafka.producer.security.protocol": "SASL_PLAINTEXT",
        "kafka.producer.sasl.mechanism": "SCRAM-SHA-256",
        "kafka.producer.sasl.username": env.KAFKA_USER,
        "kafka.producer.sasl.password": "n0t-the-one",
      }, /user name and password|authentication/i],
      [env.KAFKA_EXPIRED!, {
        "kafka.producer.security.protocol": "SSL",
        "kafka.producer.ssl.truststore.location": env.KAFKA_CA,
      }, /expired/i],
    ];
    for (const [brokers, settings, expected] of ways) {
      await using stage = new Stage(brokers);
      const sink = await stage.sink({ client, ...settings });
      const write = stage.deliver(sink, bodies(["1"])).catch((cause) => stage.context.hold(cause));
      const said = () => stage.context.lines.map(({ text }) => text).join("\n");
      await until("the reason", () => expected.test(said()), 15_000).catch((cause) => {
        throw new Error(`${cause.message}; said: ${said()}`);
      });
      assert.ok(!said().includes("n0t-the-one"));
      stage.stop.abort();
      await write;
    }
  });
}

brokerTest("kafka sink writes events as Flume's Kafka components read them", async ({ env }) => {
  await using stage = new Stage(env.KAFKA_BROKERS!);
  await stage.createTopic();
  const sink = await stage.sink({ useFlumeEventFormat: true });
  await stage.deliver(sink, EventBatch.from([{ body: "event", headers: { host: "ü", key: "k" } }]));
  const [{ key, value } = { key: "", value: "" }] = await readTopic(stage.brokers, stage.topic, 1);
  const block = Uint8Array.from(value, (character) => character.charCodeAt(0));
  const { events } = decodeFlumeEvents({
    block,
    starts: Uint32Array.of(0),
    ends: Uint32Array.of(block.length),
    size: 1,
  });
  const event = new EventBatch(events).event(0);
  assert.deepEqual([key, event.headers, new TextDecoder().decode(event.body)], [
    "k",
    { host: "ü", key: "k" },
    "event",
  ]);
});

brokerTest("kafka sink keeps the name of its transactions in the state folder", async ({ env }) => {
  await using stage = new Stage(env.KAFKA_BROKERS!);
  await stage.createTopic();
  await stage.deliver(await stage.sink({ transactional: true }), bodies(["1"], { f: 1 }));
  const path = `${stage.context.stateDir}/kafka/test/transactional_id`;
  assert.match(await Deno.readTextFile(path), /^sluice-test-[0-9a-f-]{36}\n$/);
  assert.deepEqual(await (await stage.sink({ transactional: true })).resume?.(), { f: 1 });
  await Deno.writeTextFile(path, "");
  assert.equal(await (await stage.sink({ transactional: true })).resume?.(), undefined);
});
