import assert from "node:assert/strict";
import type { ConsumerOptions } from "../../../../protocols/kafka/client.ts";
import { type RunningServer, sharedServerTest } from "../../../servers/mod.ts";
import { until } from "../../../support/until.ts";
import { Proxy } from "../../../topologies/proxy.ts";
import { numbered, Reading, sendTransaction, Topics } from "./_reading.ts";

const proxy = new Proxy();
const broker = sharedServerTest("kafka", {
  KAFKA_PROXIES: `127.0.0.1:${proxy.port}`,
  KAFKA_SETTINGS: "message.max.bytes=4000000",
});
Deno.test.afterAll(() => proxy.close());

interface Room {
  readonly brokers: string;
  readonly topics: Topics;
  readonly env: RunningServer["env"];
  /** A member of the group of the topic's name; it is stopped with the test. */
  read(
    topic: string,
    options?: Partial<ConsumerOptions>,
    more?: ConstructorParameters<typeof Reading>[2],
  ): Reading;
}

/** Runs a test with topics, and ends all that it began. */
function readingTest(name: string, body: (room: Room) => Promise<void>): void {
  broker(name, async ({ env }) => {
    await using ending = new AsyncDisposableStack();
    const brokers = env.KAFKA_BROKERS!;
    const topics = new Topics(brokers);
    ending.defer(() => topics.close());
    const read: Room["read"] = (topic, options, more) => {
      const reading = new Reading(brokers, { group: topic, topics: [topic], ...options }, more);
      ending.defer(() => reading.stop());
      return reading;
    };
    await body({ brokers, topics, env, read });
  });
}

readingTest(
  "a reader begins at its own offset, else the committed one, else where offsetReset says",
  async ({ topics, read }) => {
    await topics.create("start");
    await topics.send("start", numbered("a", 10));
    const first = read("start");
    await until("all to be read", () => first.texts.length === 10);
    assert.equal(first.committed.get("start/0"), undefined);
    await first.stop();
    await topics.send("start", numbered("b", 5));
    const second = read("start", {});
    await until("the rest to be read", () => second.texts.length === 5);
    assert.deepEqual(second.texts, numbered("b", 5));
    assert.deepEqual(second.committed.get("start/0"), { offset: 10, metadata: "read" });
    await second.stop();
    const third = read("start", {}, { starts: new Map([["start/0", 12]]) });
    await until("its own offset to be read", () => third.texts.length === 3);
    assert.equal(third.texts[0], "b-2");
    const late = read("start", { group: "start-late", offsetReset: "latest" });
    await until("the late one to wait at the end", () => late.lags.get("start/0") === 0);
    await topics.send("start", ["new"]);
    await until("the new one to be read", () => late.texts.length > 0);
    assert.deepEqual(late.texts, ["new"]);
  },
);

readingTest(
  "a reader that begins at the end reads partitions and topics that come later from their start",
  async ({ topics, read }) => {
    await topics.create("grows");
    await topics.send("grows", ["old"]);
    const reading = read("grows", { offsetReset: "latest", topics: ["grows", "comes"] });
    await until("it to wait at the end", () => reading.lags.get("grows/0") === 0);
    await topics.grow("grows", { from: 1, to: 2 });
    await topics.create("comes");
    const send = (topic: string, partition: number) =>
      topics.send(topic, [`new ${topic}`], partition).then(() => true, () => false);
    await until("the partition to be there", () => send("grows", 1));
    await until("the topic to be there", () => send("comes", 0));
    await until("both", () => reading.texts.length > 1);
    assert.deepEqual(reading.texts.toSorted(), ["new comes", "new grows"]);
  },
);

readingTest(
  "a reader without an offset that may choose none ends with a reason",
  async ({ topics, read, brokers }) => {
    await topics.create("none");
    const reading = new Reading(brokers, { group: "none", topics: ["none"], offsetReset: "none" });
    await assert.rejects(
      reading.ended,
      /none\/0 for group none: OFFSET_OUT_OF_RANGE: no offset is known.*auto\.offset\.reset/,
    );
    reading.cluster.close();
    const own = read("none", { offsetReset: "none" }, { starts: new Map([["none/0", 0]]) });
    await topics.send("none", ["a"]);
    await until("it to read from its own offset", () => own.texts.length === 1);
  },
);

readingTest(
  "a reader whose offset is not there any more goes on where offsetReset says, and tells so",
  async ({ topics, read }) => {
    await topics.create("range");
    await topics.send("range", numbered("a", 3));
    const reading = read("range", {}, { starts: new Map([["range/0", 77]]) });
    await until("all to be read", () => reading.texts.length === 3);
    assert.ok(reading.told.includes("reset range/0 77 0"));
  },
);

readingTest(
  "a topic that was deleted and made again is read from its start, under its new id",
  async ({ topics, read }) => {
    await topics.create("again");
    await topics.send("again", numbered("old", 10));
    const reading = read("again");
    await until("the old ones to be read", () => reading.texts.length === 10);
    await reading.commit();
    const oldId = reading.topicIds.get("again/0");
    await topics.delete("again");
    await until("the topic to be made again", () => topics.create("again").then(() => true, () => false));
    const send = () => topics.send("again", numbered("new", 4)).then(() => true, () => false);
    await until("it to be known to the sender", send);
    await until("the new ones to be read", () => reading.texts.length === 14);
    assert.deepEqual(reading.texts.slice(10), numbered("new", 4));
    assert.notEqual(reading.topicIds.get("again/0"), oldId);
    await reading.commit();
    const old = { topic: "again", partition: 0, topicId: oldId, offset: 10, metadata: "" };
    await assert.rejects(reading.consumer.commit([old]), { code: "ILLEGAL_GENERATION" });
  },
);

readingTest(
  "a topic that is missing is told of, and read as soon as it is there",
  async ({ topics, read }) => {
    const reading = read("missing", {}, { target: { metadataAgeMs: 100 } });
    await until(
      "it to be told",
      () => reading.troubles.some(({ message }) => /Subscription to missing.*create the topic/.test(message)),
    );
    await topics.create("missing");
    await topics.send("missing", ["there"]);
    await until("it to be read", () => reading.texts.length === 1);
  },
);

readingTest(
  "a reader whose sink stands still holds at most two answers, and reads all afterwards",
  async ({ topics, read }) => {
    await topics.create("slow", 4);
    const texts = numbered("x".repeat(1000), 20);
    const send = () => Promise.all([0, 1, 2, 3].map((partition) => topics.send("slow", texts, partition)));
    for (let round = 0; round < 20; round++) await send();
    const gate = Promise.withResolvers<void>();
    const fetchBytes = 200_000;
    const reading = read("slow", { fetchBytes, partitionBytes: 64 * 1024, fetchWaitMs: 20 }, {
      starts: new Map([0, 1, 2, 3].map((partition) => [`slow/${partition}`, 0])),
    });
    reading.gate = gate.promise;
    await until("answers to be held", () => reading.held.size >= 2);
    const startMs = performance.now();
    await until("many fetches to have had time", () => performance.now() - startMs > 400);
    const held = [...reading.held.keys()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    // One batch more than that may be in each answer.
    assert.ok(held <= 2 * (fetchBytes + 20_000), `${held} bytes are held`);
    await send();
    const lag = () => [...reading.lags.values()].reduce((sum, lag) => sum + lag, 0);
    await until("the lag to be told", () => lag() === 4 * 420);
    gate.resolve();
    await until("all to be read", () => reading.texts.length === 4 * 420);
  },
);

readingTest(
  "events larger than a partition's share of a fetch are read, also behind other partitions",
  async ({ topics, read }) => {
    await topics.create("large", 3);
    const large = "y".repeat(2_000_000);
    for (const partition of [0, 1, 2]) {
      await topics.send(
        "large",
        ["small", `${large}${partition}`, "small"],
        partition,
      );
    }
    const reading = read("large", { fetchBytes: 100_000, partitionBytes: 10_000 });
    await until("all to be read", () => reading.texts.length === 9);
    const lengths = reading.texts.map(({ length }) => length).sort((a, b) => a - b);
    assert.deepEqual(lengths, [5, 5, 5, 5, 5, 5, 2_000_001, 2_000_001, 2_000_001]);
  },
);

readingTest(
  "a reader of committed events sees neither aborted nor open transactions",
  async ({ brokers, topics, read }) => {
    await topics.create("tx");
    await sendTransaction(brokers, "tx", { texts: numbered("aborted", 50), ending: "abort" });
    await sendTransaction(brokers, "tx", { texts: numbered("committed", 5), ending: "commit" });
    const end = await sendTransaction(brokers, "tx", { texts: ["open"], ending: "open" });
    await topics.send("tx", ["behind the open one"]);
    const all = read("tx", { group: "tx-all" });
    const committed = read("tx", { readsCommitted: true });
    await until("all to be read", () => all.texts.length === 57);
    await until("the committed ones to be read", () => committed.texts.length === 5);
    await until("no lag", () => committed.lags.get("tx/0") === 0);
    await end();
    await until("the rest to be read", () => committed.texts.length === 7);
    assert.deepEqual(committed.texts, [...numbered("committed", 5), "open", "behind the open one"]);
  },
);

readingTest(
  "a reader that aborted transactions left at the end has no lag there",
  async ({ brokers, topics, read }) => {
    await topics.create("tail");
    await sendTransaction(brokers, "tail", { texts: numbered("aborted", 5), ending: "abort" });
    const reading = read("tail", { readsCommitted: true });
    await until("the lag to be told", () => reading.lags.get("tail/0") === 0);
    assert.deepEqual(reading.texts, []);
  },
);

readingTest(
  "connections that are cut again and again cost and repeat no event",
  async ({ env, topics, read }) => {
    await topics.create("cuts", 2);
    proxy.target = Number(env.KAFKA_PROXIED!.split(":")[1]);
    const options = { fetchBytes: 40_000, partitionBytes: 20_000 };
    const reading = read("cuts", options, { target: { brokers: [`127.0.0.1:${proxy.port}`] } });
    await until("it to join", () => reading.assigned.length === 2);
    const sent: string[] = [];
    for (let round = 0; round < 10; round++) {
      for (const partition of [0, 1]) {
        const texts = numbered(`${"z".repeat(200)}-${round}-${partition}`, 200);
        sent.push(...texts);
        await topics.send("cuts", texts, partition);
      }
      if (round % 2) proxy.loseNextAnswer();
      else proxy.cutAll();
    }
    await until("all to be read", () => reading.texts.length >= sent.length);
    assert.deepEqual(reading.texts.sort(), sent.sort());
  },
);
