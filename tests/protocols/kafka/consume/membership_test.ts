import assert from "node:assert/strict";
import { sharedServerTest } from "../../../servers/mod.ts";
import { until } from "../../../support/until.ts";
import { Proxy } from "../../../topologies/proxy.ts";
import { numbered, Reading, Topics } from "./_reading.ts";

const proxy = new Proxy();
const PROTOCOLS = ["classic", "consumer"] as const;
const broker = sharedServerTest("kafka", {
  KAFKA_PROXIES: `127.0.0.1:${proxy.port}`,
  KAFKA_SETTINGS: "group.consumer.heartbeat.interval.ms=100;group.consumer.session.timeout.ms=1500",
});
Deno.test.afterAll(() => proxy.close());

/** Runs a test with topics, and ends all that it began. */
function memberTest(
  name: string,
  body: (
    about: { brokers: string; topics: Topics; ending: AsyncDisposableStack; env: Record<string, string> },
  ) => Promise<void>,
) {
  broker(name, async ({ env }) => {
    await using ending = new AsyncDisposableStack();
    const brokers = env.KAFKA_BROKERS!;
    const topics = new Topics(brokers);
    ending.defer(() => topics.close());
    await body({ brokers, topics, ending, env });
  });
}

/** A member that is stopped with the test. */
function join(ending: AsyncDisposableStack, ...args: ConstructorParameters<typeof Reading>): Reading {
  const reading = new Reading(...args);
  ending.defer(() => reading.stop());
  return reading;
}

function partitionsOf(topic: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${topic}/${at}`);
}

for (const protocol of PROTOCOLS) {
  memberTest(
    `${protocol} members share the partitions, and one that leaves has nothing repeated`,
    async ({ brokers, topics, ending }) => {
      const topic = `share-${protocol}`;
      await topics.create(topic, 3);
      const options = { group: topic, topics: [topic], protocol };
      const one = join(ending, brokers, options);
      await until("one to have all", () => one.assigned.length === 3);
      const other = new Reading(brokers, options);
      await until(
        "both to share",
        () => one.assigned.length + other.assigned.length === 3 && other.assigned.length > 0,
      );
      const sent: string[] = [];
      const send = async (name: string) => {
        for (const partition of [0, 1, 2]) {
          const texts = numbered(`${name}${partition}`, 200);
          sent.push(...texts);
          await topics.send(topic, texts, partition);
        }
      };
      await send("a");
      await until("some to be read", () => other.texts.length > 0);
      await Promise.all([send("b"), other.stop()]);
      await send("c");
      await until("all to be read", () => one.texts.length + other.texts.length >= sent.length);
      assert.deepEqual([...one.texts, ...other.texts].sort(), sent.sort());
      assert.deepEqual(one.assigned, partitionsOf(topic, 3));
      assert.ok(!one.told.concat(other.told).some((text) => text.startsWith("lost")), "none was lost");
    },
  );

  memberTest(
    `a ${protocol} member with a pattern reads a topic that is made later, and partitions that are added`,
    async ({ brokers, topics, ending }) => {
      const name = `pattern-${protocol}`;
      const reading = join(ending, brokers, {
        group: name,
        pattern: new RegExp(`^${name}-[0-9]$`),
        protocol,
      });
      await topics.create(`${name}-1`, 1);
      await until("the first topic", () => reading.assigned.length === 1);
      await topics.create(`${name}-2`, 1);
      await topics.create(`${name}-other`, 1);
      await topics.send(`${name}-2`, ["first"]);
      await until("the second topic", () => reading.texts.length === 1);
      await topics.grow(`${name}-1`, { from: 1, to: 3 });
      const all = [...partitionsOf(`${name}-1`, 3), ...partitionsOf(`${name}-2`, 1)];
      await until("more partitions", () => reading.assigned.length === all.length);
      assert.deepEqual(reading.assigned, all);
    },
  );

  memberTest(
    `a ${protocol} static member comes back to its partitions, and others do not notice`,
    async ({ brokers, topics, ending }) => {
      const topic = `static-${protocol}`;
      await topics.create(topic, 2);
      const options = { group: topic, topics: [topic], protocol };
      const other = join(ending, brokers, { ...options, instanceId: "b" });
      await until("the other", () => other.assigned.length === 2);
      const one = new Reading(brokers, { ...options, instanceId: "a" });
      await until("both to share", () => one.assigned.length === 1 && other.assigned.length === 1);
      const had = one.assigned;
      await one.stop();
      const told = [...other.told];
      const again = join(ending, brokers, { ...options, instanceId: "a" });
      await until("it to be back", () => again.assigned.length === 1);
      assert.deepEqual(again.assigned, had);
      assert.deepEqual(other.told, told);
    },
  );

  memberTest(
    `a ${protocol} member that was cut off for longer than its session loses its partitions, and joins again`,
    async ({ env, topics, ending }) => {
      const topic = `cut-${protocol}`;
      await topics.create(topic, 1);
      proxy.target = Number(env.KAFKA_PROXIED!.split(":")[1]);
      const target = { requestTimeoutMs: 500, connectTimeoutMs: 500 };
      const options = { group: topic, topics: [topic], protocol, sessionTimeoutMs: 1500 };
      const reading = join(ending, `127.0.0.1:${proxy.port}`, options, { target });
      await until("it to join", () => reading.assigned.length === 1);
      proxy.hold();
      await until("the loss", () => reading.told.includes(`lost ${topic}/0`));
      await topics.send(topic, ["sent meanwhile"]);
      proxy.restore();
      await until("it to read again", () => reading.texts.length > 0);
      assert.deepEqual(reading.told, [
        "rebalanced",
        `assigned ${topic}/0`,
        `lost ${topic}/0`,
        "rebalanced",
        `assigned ${topic}/0`,
      ]);
      assert.ok(reading.troubles.length > 0, "trouble was shown");
    },
  );

  memberTest(
    `a ${protocol} member whose sink stands still stays a member`,
    async ({ brokers, topics, ending }) => {
      const topic = `stall-${protocol}`;
      await topics.create(topic, 1);
      await topics.send(topic, ["one", "two"]);
      const gate = Promise.withResolvers<void>();
      const reading = join(ending, brokers, {
        group: topic,
        topics: [topic],
        protocol,
        sessionTimeoutMs: 1000,
      });
      reading.gate = gate.promise;
      await until("a chunk to be held", () => reading.held.size > 0);
      const startMs = performance.now();
      await until("its session to pass twice", () => performance.now() - startMs > 2000);
      gate.resolve();
      await until("the chunk to be taken", () => reading.texts.length === 2);
      await reading.commit();
      assert.deepEqual(reading.told, ["rebalanced", `assigned ${topic}/0`]);
    },
  );
}

memberTest(
  "a commit for a partition that went to another member is refused, the others are noted",
  async ({ brokers, topics, ending }) => {
    await topics.create("away", 2);
    const options = { group: "away", topics: ["away"] };
    const one = join(ending, brokers, options);
    await until("one to have all", () => one.assigned.length === 2);
    const other = join(ending, brokers, options);
    await until("both to share", () => one.assigned.length === 1 && other.assigned.length === 1);
    const offsets = [0, 1].map((partition) => ({ topic: "away", partition, offset: 7, metadata: "" }));
    await assert.rejects(one.consumer.commit(offsets), {
      code: "ILLEGAL_GENERATION",
      message: /away\/[01] for group away/,
    });
    const kept = Number(one.assigned[0]!.split("/")[1]);
    const position = () => other.committed.get(`away/${kept}`)?.offset;
    await one.stop();
    await until("the other to have all", () => other.assigned.length === 2);
    assert.equal(position(), 7);
  },
);
