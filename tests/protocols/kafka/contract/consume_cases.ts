import assert from "node:assert/strict";
import type { ContractCase } from "../../../contracts/case.ts";
import { type ClientBench, partOf, sendAll, texts } from "./bench.ts";

const BROKEN_TEXT = Uint8Array.of(0x61, 0xff, 0x62);

/** Fills the first partition of a new topic. */
async function filledTopic(bench: ClientBench, count: number): Promise<string> {
  const topic = await bench.topic();
  await sendAll(await bench.producer(), [partOf(topic, texts(count))]);
  return topic;
}

/** What a consumer promises about what it reads. */
export const CONSUME_CASES: readonly ContractCase<ClientBench>[] = [
  {
    name: "begins where its owner says",
    run: async (bench) => {
      const topic = await filledTopic(bench, 10);
      const reading = bench.read({ topics: [topic] }, { start: () => 7 });
      await reading.until("the last three", () => reading.records.length === 3);
      assert.deepEqual(reading.records.map(({ offset, text }) => [offset, text]), [
        [7, "event 7"],
        [8, "event 8"],
        [9, "event 9"],
      ]);
      assert.deepEqual(reading.assigned.map(({ committed }) => committed), [undefined]);
    },
  },
  {
    name: "begins at the start or at the end where nobody knows an offset",
    run: async (bench) => {
      const topic = await filledTopic(bench, 3);
      const latest = bench.read({ topics: [topic], offsetReset: "latest" });
      await latest.untilAssigned(1);
      // Where a partition ends is asked after it was assigned: what comes first may be left out, the last never.
      const producer = await bench.producer();
      let sent = 0;
      await latest.until("a record that came later", () => {
        if (sent < 1_000 && latest.records.length === 0) {
          sent++;
          producer.send([partOf(topic, ["later"])]);
        }
        return latest.records.length > 0;
      });
      assert.equal(latest.texts[0], "later");
      assert.deepEqual(latest.begins, [latest.records[0]!.offset]);
      assert.deepEqual((await bench.contents(topic, 4)).texts.slice(0, 4), [...texts(3), "later"]);
    },
  },
  {
    name: "goes on at the start when the offset is not there any more",
    run: async (bench) => {
      const topic = await filledTopic(bench, 3);
      const reading = bench.read({ topics: [topic] }, { start: () => 1_000 });
      await reading.until("all three", () => reading.records.length === 3);
      assert.deepEqual(reading.texts, texts(3));
      assert.deepEqual(reading.resets, [{ from: 1_000, to: 0 }]);
      assert.deepEqual(reading.begins, [0]);
    },
  },
  {
    name: "refuses to begin anywhere when it shall not, and nobody knows an offset",
    run: async (bench) => {
      const topic = await filledTopic(bench, 1);
      const reading = bench.read({ topics: [topic], offsetReset: "none" });
      await assert.rejects(reading.until("an error", () => false), /offset/);
    },
  },
  {
    name: "cuts what it reads into chunks, and tells how much is left",
    run: async (bench) => {
      const topic = await filledTopic(bench, 100);
      const reading = bench.read({ topics: [topic], maxRecords: 30 });
      await reading.until(
        "all, and nothing left",
        () => reading.records.length === 100 && reading.lags.get(`${topic}/0`) === 0,
      );
      assert.ok(Math.max(...reading.chunks) <= 30, `chunks of ${reading.chunks}`);
      assert.deepEqual(
        reading.records.map(({ offset }) => offset),
        Array.from({ length: 100 }, (_, offset) => offset),
      );
    },
  },
  {
    name: "reads tombstones, and texts that are no UTF-8",
    run: async (bench) => {
      const topic = await bench.topic();
      const producer = bench.stranger.producer();
      await producer.connect();
      await producer.send({
        topic,
        messages: [
          { value: "plain", key: "k", headers: { host: Buffer.from(BROKEN_TEXT), twice: ["first", "last"] } },
          { value: null, key: Buffer.from(BROKEN_TEXT) },
          { value: "", key: "" },
        ],
      });
      await producer.disconnect();
      const { records } = await bench.contents(topic, 3);
      assert.deepEqual(records.map(({ text, isNull }) => [text, isNull]), [["plain", false], ["", true], [
        "",
        false,
      ]]);
      assert.deepEqual(records.map(({ key }) => key), ["k", "a\uFFFDb", ""]);
      const [{ headers }, { headers: keyHeaders }] = records as [typeof records[0], typeof records[0]];
      assert.deepEqual([headers.host, headers.twice], ["a\uFFFDb", "last"]);
      const exact = Buffer.from(BROKEN_TEXT).toString("base64");
      assert.deepEqual([headers["host.base64"], keyHeaders["key.base64"]], [exact, exact]);
    },
  },
  {
    name: "leaves headers out where they are not wanted",
    run: async (bench) => {
      const topic = await bench.topic();
      await sendAll(await bench.producer(), [
        partOf(topic, ["one"], { headers: new Map([["a", "b"]]), keys: "k" }),
      ]);
      const { records } = await bench.contents(topic, 1, { wantsHeaders: false });
      assert.deepEqual(records.map(({ key, headers }) => [key, headers]), [["k", {}]]);
    },
  },
  {
    name: "reads all topics of a pattern, and no others",
    run: async (bench) => {
      const word = crypto.randomUUID();
      const names = [`${word}-a`, `${word}-b`, `other-${word}`];
      for (const name of names) await bench.createTopic(name);
      const producer = await bench.producer();
      await sendAll(producer, names.map((name) => partOf(name, [name])));
      const reading = bench.read({ topics: [], pattern: new RegExp(`^${word}-`) }, { commits: true });
      await reading.until("both", () => reading.records.length >= 2);
      await bench.createTopic(`${word}-c`);
      await sendAll(producer, [partOf(`${word}-c`, ["new"])]);
      await reading.until("a topic that came later", () => reading.records.length >= 3);
      assert.deepEqual(reading.texts.toSorted(), [`${word}-a`, `${word}-b`, "new"].toSorted());
    },
  },
  {
    name: "waits for a topic that is not there, and tells of it",
    run: async (bench) => {
      const topic = `late-${crypto.randomUUID()}`;
      const present = await filledTopic(bench, 1);
      const reading = bench.read({ topics: [topic, present] }, { commits: true });
      await reading.until("the topic that is there", () => reading.records.length === 1);
      await reading.until("trouble", () => bench.troubles.some((cause) => cause?.message.includes(topic)));
      await bench.createTopic(topic);
      await sendAll(await bench.producer(), [partOf(topic, ["at last"])]);
      await reading.until("its record", () => reading.records.length === 2);
      assert.deepEqual(reading.texts, ["event 0", "at last"]);
      assert.equal(bench.troubles.at(-1), undefined);
    },
  },
  {
    name: "tells the ids of topics",
    run: async (bench) => {
      const topic = await filledTopic(bench, 1);
      const { records: [first] } = await bench.contents(topic, 1);
      assert.match(first?.topicId ?? "", /^[0-9a-zA-Z_-]{22,36}$/);
    },
  },
  {
    name: "reads what is behind the records of an aborted transaction, and where it goes on",
    run: async (bench) => {
      const topic = await bench.topic();
      const producer = await bench.producer({ transactionalId: crypto.randomUUID() });
      const reading = bench.read({ topics: [topic] }, { commits: true });
      await reading.untilAssigned(1);
      for (let round = 0; round < 5; round++) {
        producer.begin();
        await sendAll(producer, [partOf(topic, texts(20, `aborted ${round} `))]);
        await producer.abort();
        producer.begin();
        await sendAll(producer, [partOf(topic, [`committed ${round}`])]);
        await producer.commit("g", []);
      }
      await reading.until("what was committed", () => reading.records.length >= 5);
      assert.deepEqual(reading.texts, texts(5, "committed "));
      await reading.stop();
      assert.deepEqual(reading.lost, []);
    },
  },
];
