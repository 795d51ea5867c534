import assert from "node:assert/strict";
import { EventBatch } from "sluice/plugin";
import { serverTest, sharedServerTest, startServer } from "../../servers/mod.ts";
import { testContext } from "../../support/context.ts";
import { until } from "../../support/until.ts";
import { Witness } from "../../trials/kafka/witness.ts";
import {
  freshSettings,
  memberCount,
  NEVER,
  openChannel,
  putLines,
  takeLines,
} from "./_kafka/kafka_channels.ts";

const kafkaTest = sharedServerTest("kafka");

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `line ${from + index}`);
/** Losing the broker for a moment does not cost the membership. */
const PATIENT = {
  "kafka.consumer.session.timeout.ms": 20_000,
  "kafka.consumer.max.poll.interval.ms": 20_000,
};
const topicOf = (settings: ReturnType<typeof freshSettings>) => settings["kafka.topic"] as string;

for (const reset of ["latest", "earliest"]) {
  kafkaTest(
    `kafka channel gives what was put before the first take, beginning at ${reset}`,
    async ({ env }) => {
      await using witness = new Witness(env.KAFKA_BROKERS!);
      const settings = { ...freshSettings(env.KAFKA_BROKERS!), "kafka.consumer.auto.offset.reset": reset };
      const raw = { ...settings, parseAsFlumeEvent: false };
      await witness.createTopic(topicOf(settings), { partitions: 3 });
      for (const partition of [0, 1, 2]) {
        await witness.send(topicOf(settings), partition, [`old ${partition}`]);
      }
      const putting = await openChannel(raw);
      for (let n = 0; n < 6; n++) await putLines(putting, [`new ${n}`]);
      await putting.close();
      const taking = await openChannel(raw);
      const expected = [
        ...reset === "latest" ? [] : ["old 0", "old 1", "old 2"],
        ...lines(0, 6).map((_, n) => `new ${n}`),
      ];
      assert.deepEqual((await takeLines(taking, expected.length)).sort(), expected.sort());
      await until("nothing to be left", () => taking.size === 0);
      await taking.close();
    },
  );
}

kafkaTest(
  "kafka channel gives what was put before the first take into a topic that was not there",
  async ({ env }) => {
    const settings = freshSettings(env.KAFKA_BROKERS!);
    const putting = await openChannel(settings);
    await putLines(putting, lines(0, 5));
    const taking = await openChannel(settings);
    assert.deepEqual(await takeLines(taking, 5), lines(0, 5));
    await Promise.all([putting.close(), taking.close()]);
  },
);

kafkaTest(
  "kafka channel that only puts joins no group, and one that only takes sends nothing",
  async ({ env }) => {
    await using witness = new Witness(env.KAFKA_BROKERS!);
    const settings = freshSettings(env.KAFKA_BROKERS!);
    const [putting, taking] = [await openChannel(settings), await openChannel(settings)];
    await putLines(putting, lines(0, 5));
    assert.equal(await memberCount(env.KAFKA_BROKERS!, topicOf(settings)), 0);
    assert.deepEqual(await takeLines(taking, 5), lines(0, 5));
    assert.equal(await memberCount(env.KAFKA_BROKERS!, topicOf(settings)), 1);
    assert.equal(putting.size, 0);
    await taking.close();
    assert.equal(await memberCount(env.KAFKA_BROKERS!, topicOf(settings)), 0);
    await putting.close();
    assert.equal(await witness.size(topicOf(settings)), 5);
  },
);

kafkaTest(
  "kafka channel goes on behind what was committed, and gives again what was not",
  async ({ env }) => {
    const settings = freshSettings(env.KAFKA_BROKERS!);
    const first = await openChannel(settings);
    await putLines(first, lines(0, 10));
    await (await first.take({ maxEvents: 4, signal: NEVER })).commit();
    await (await first.take({ maxEvents: 3, signal: NEVER })).rollback();
    await first.close();
    const second = await openChannel(settings);
    assert.deepEqual(await takeLines(second, 6), lines(4, 10));
    await second.close();
  },
);

kafkaTest(
  "kafka channel begins behind what its sink holds, also where the group knows less",
  async ({ env }) => {
    const settings = freshSettings(env.KAFKA_BROKERS!);
    const first = await openChannel(settings);
    await putLines(first, lines(0, 10));
    const { batch: { position }, rollback } = await first.take({ maxEvents: 4, signal: NEVER });
    await rollback();
    await first.close();
    const second = await openChannel(settings);
    await second.resume!({ ...position, "in@1/file": 7 });
    assert.deepEqual(await takeLines(second, 6), lines(4, 10));
    await second.close();
  },
);

kafkaTest(
  "kafka channel shares a topic between two members, which repeat nothing when one joins and leaves",
  async ({ env }) => {
    await using witness = new Witness(env.KAFKA_BROKERS!);
    const settings = freshSettings(env.KAFKA_BROKERS!);
    await witness.createTopic(topicOf(settings), { partitions: 4 });
    const channels = [await openChannel(settings), await openChannel(settings)] as const;
    const taken: string[] = [];
    const leave = new AbortController();
    const drain = async (at: 0 | 1, signal: AbortSignal) => {
      while (!signal.aborted) {
        const take = await channels[at].take({ maxEvents: 10, signal }).catch(() => undefined);
        if (!take) return;
        // Meanwhile partitions are taken away.
        await new Promise((resolve) => setTimeout(resolve));
        for (let index = 0; index < take.batch.size; index++) taken.push(take.batch.text(index));
        await take.commit();
      }
    };
    const end = new AbortController();
    const draining = [drain(0, end.signal)];
    const putting = await openChannel({ ...settings, "kafka.producer.batch.size": 1 });
    for (let n = 0; n < 60; n++) {
      await putLines(putting, lines(n * 10, n * 10 + 10));
      if (n === 20) draining.push(drain(1, leave.signal));
      if (n === 40) {
        leave.abort();
        await draining[1];
        await channels[1].close();
      }
    }
    await until("all to be taken", () => taken.length >= 600);
    end.abort();
    await draining[0];
    await Promise.all([channels[0].close(), putting.close()]);
    assert.deepEqual(taken.sort(), lines(0, 600).sort());
  },
);

kafkaTest(
  "kafka channel refuses a put whose event the brokers do not take, and says what to raise",
  async ({ env }) => {
    await using witness = new Witness(env.KAFKA_BROKERS!);
    const settings = freshSettings(env.KAFKA_BROKERS!);
    await witness.createTopic(topicOf(settings), {
      partitions: 1,
      settings: { "max.message.bytes": "2000" },
    });
    const channel = await openChannel(settings);
    const receipt = await channel.put(EventBatch.from([{ body: "x".repeat(5000) }, { body: "other" }]));
    const refusal = { name: "DeliveryError", message: /^Cannot put: .*max\.message\.bytes/ };
    await assert.rejects(receipt!.committed!, refusal);
    for (const bytes of [5000, 2_000_000]) {
      const batch = EventBatch.from([{ body: "x".repeat(bytes) }, { body: "other" }]);
      await assert.rejects(async () => await channel.put(batch), refusal);
    }
    await putLines(channel, ["small"]);
    // What came with the refused event came once, however often it was put again.
    assert.deepEqual(await takeLines(channel, 2), ["other", "small"]);
    assert.equal(channel.size, 0);
    await channel.close();
  },
);

kafkaTest("kafka channel shows why nothing can be put, and lets go of it at its end", async ({ env }) => {
  const context = testContext();
  const settings = { ...freshSettings(env.KAFKA_BROKERS!), "kafka.topic": "no such topic" };
  const channel = await openChannel(settings, context);
  const put = putLines(channel, ["a"]).then(() => undefined, (cause) => cause);
  await until("the trouble to be told", () => context.lines.length > 0);
  assert.match(JSON.stringify(context.lines), /no such topic/);
  await channel.close();
  assert.ok(await put instanceof Error);
});

serverTest(
  { needs: ["kafka"] },
  "kafka channel keeps what is put and taken while the broker is killed and started again",
  async () => {
    const server = (await startServer("kafka"))!;
    try {
      const context = testContext();
      const channel = await openChannel({ ...freshSettings(server.env.KAFKA_BROKERS!), ...PATIENT }, context);
      await putLines(channel, lines(0, 10));
      const taken = [...await takeLines(channel, 10)];
      const puts: Promise<void>[] = [];
      const killed = server.control("kill 1");
      for (let n = 1; n <= 20; n++) {
        puts.push(putLines(channel, lines(n * 10, n * 10 + 10)));
        await new Promise((resolve) => setTimeout(resolve));
      }
      await killed;
      await until(
        "the trouble to be told",
        () => context.lines.some(({ text }) => text.startsWith("Trying again")),
      );
      await server.control("start 1");
      await Promise.all(puts);
      taken.push(...await takeLines(channel, 200));
      assert.deepEqual(taken, lines(0, 210));
      await until("nothing to be left", () => channel.size === 0);
      await server.control("kill 1");
      await channel.close();
    } finally {
      await server.stop();
    }
  },
);
