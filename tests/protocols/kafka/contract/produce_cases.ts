import assert from "node:assert/strict";
import { RecordsRefusedError, type TextColumn } from "../../../../protocols/kafka/client.ts";
import type { ContractCase } from "../../../contracts/case.ts";
import { type ClientBench, partOf, sendAll, texts } from "./bench.ts";

const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
/** More than the pieces that codecs cut their input into. */
const LONG_TEXT = "a text that comes again and again, and is long enough. ".repeat(2_000);

/** Which of the parts were refused, and where. */
async function refusedIn(delivered: Promise<void>): Promise<RecordsRefusedError> {
  const error = await delivered.then(() => undefined, (cause) => cause);
  assert.ok(error instanceof RecordsRefusedError, `expected records to be refused, got ${error}`);
  return error;
}

/** What a producer promises. */
export const PRODUCE_CASES: readonly ContractCase<ClientBench>[] = [
  {
    name: "keeps the order of each partition over many sends",
    run: async (bench) => {
      const topic = await bench.topic(3);
      const producer = await bench.producer({ lingerMs: 2, batchBytes: 4_000 });
      const all = texts(3_000);
      const delivered: Promise<void>[] = [];
      for (let from = 0; from < all.length; from += 10) {
        const partition = (from / 10) % 3;
        const sent = await producer.send([partOf(topic, all.slice(from, from + 10), { partition })]);
        delivered.push(sent.delivered);
      }
      await Promise.all(delivered);
      const { records } = await bench.contents(topic, all.length);
      for (const partition of [0, 1, 2]) {
        const wanted = all.filter((_, index) => Math.floor(index / 10) % 3 === partition);
        assert.deepEqual(
          records.filter((one) => one.partition === partition).map(({ text }) => text),
          wanted,
        );
      }
    },
  },
  {
    name: "writes every compression so that both clients read it",
    run: async (bench) => {
      const topic = await bench.topic(CODECS.length);
      for (const [partition, compression] of CODECS.entries()) {
        const producer = await bench.producer({ compression, batchBytes: 512 * 1024 });
        await sendAll(producer, [partOf(topic, [compression, LONG_TEXT, ...texts(50)], { partition })]);
        await producer.close();
      }
      const count = CODECS.length * 52;
      for (const client of [bench.client(), bench.other()]) {
        const { records } = await bench.contents(topic, count, { client });
        for (const [partition, compression] of CODECS.entries()) {
          const found = records.filter((one) => one.partition === partition).map(({ text }) => text);
          assert.deepEqual(found, [compression, LONG_TEXT, ...texts(50)], compression);
        }
      }
    },
  },
  {
    name: "compresses at a level that is asked for",
    run: async (bench) => {
      const topic = await bench.topic();
      for (const compressionLevel of [1, 9]) {
        const producer = await bench.producer({ compression: "gzip", compressionLevel });
        await sendAll(producer, [partOf(topic, [`level ${compressionLevel}`])]);
        await producer.close();
      }
      assert.deepEqual((await bench.contents(topic, 2)).texts, ["level 1", "level 9"]);
    },
  },
  {
    name: "carries keys, headers and timestamps",
    run: async (bench) => {
      const topic = await bench.topic();
      const producer = await bench.producer();
      const headers = new Map<string, TextColumn>([["host", "köln"], ["level", ["info", undefined, ""]]]);
      const keys = ["a", undefined, "ключ"];
      const timestamps = Float64Array.of(1_700_000_000_000, 5, 1_700_000_000_002);
      await sendAll(producer, [partOf(topic, ["one", "two", ""], { keys, headers, timestamps })]);
      await sendAll(producer, [partOf(topic, ["three"], { timestamps: 1_600_000_000_000, keys: "all" })]);
      for (const client of [bench.client(), bench.other()]) {
        const { records } = await bench.contents(topic, 4, { client });
        assert.deepEqual(
          records.map(({ text, key, headers, timestampMs }) => [text, key, headers, timestampMs]),
          [
            ["one", "a", { host: "köln", level: "info" }, 1_700_000_000_000],
            ["two", undefined, { host: "köln" }, 5],
            ["", "ключ", { host: "köln", level: "" }, 1_700_000_000_002],
            ["three", "all", {}, 1_600_000_000_000],
          ],
        );
      }
    },
  },
  {
    name: "knows how many partitions a topic has, and which topic is not there",
    run: async (bench) => {
      const producer = await bench.producer();
      assert.equal(await producer.partitionCount(await bench.topic(7)), 7);
      await assert.rejects(
        producer.partitionCount("never-made"),
        /never-made.*create/,
      );
    },
  },
  {
    name: "refuses a record alone that the brokers find too large",
    run: async (bench) => {
      const topic = await bench.topic(2, { "max.message.bytes": "3000" });
      const producer = await bench.producer();
      const parts = [
        partOf(topic, ["a", "x".repeat(4_000), "b", "c", "y".repeat(5_000)]),
        partOf(topic, ["other"], { partition: 1 }),
      ];
      const { delivered } = await producer.send(parts);
      const { parts: refused } = await refusedIn(delivered);
      assert.deepEqual(refused.map(({ part, indexes }) => [part === parts[0], indexes]), [[true, [1, 4]]]);
      assert.match(refused[0]!.reason, /MESSAGE_TOO_LARGE.*max\.message\.bytes/);
      await sendAll(producer, [partOf(topic, ["d"])]);
      const found = await bench.contents(topic, 5);
      assert.deepEqual(found.records.filter((one) => one.partition === 0).map(({ text }) => text), [
        "a",
        "b",
        "c",
        "d",
      ]);
    },
  },
  {
    name: "refuses a record above its own limit, and sends the others",
    run: async (bench) => {
      const topic = await bench.topic();
      const producer = await bench.producer({ maxRecordBytes: 1_000, batchBytes: 1_000 });
      const { delivered } = await producer.send([partOf(topic, ["a", "x".repeat(1_001), "b"])]);
      const { parts: [refused] } = await refusedIn(delivered);
      assert.deepEqual(refused!.indexes, [1]);
      assert.match(refused!.reason, /max\.request\.size/);
      assert.deepEqual((await bench.contents(topic, 2)).texts, ["a", "b"]);
    },
  },
  {
    name: "takes parts without records",
    run: async (bench) => {
      const topic = await bench.topic();
      const producer = await bench.producer();
      await sendAll(producer, []);
      await sendAll(producer, [partOf(topic, []), partOf(topic, ["one"]), partOf(topic, [])]);
      assert.deepEqual((await bench.contents(topic, 1)).texts, ["one"]);
    },
  },
  {
    name: "copies what is sent before it returns",
    run: async (bench) => {
      const topic = await bench.topic();
      const producer = await bench.producer({ lingerMs: 50 });
      const part = partOf(topic, ["first", "second"]);
      const sending = producer.send([part]);
      await sending;
      part.bodies.block.fill(0);
      await (await sending).delivered;
      assert.deepEqual((await bench.contents(topic, 2)).texts, ["first", "second"]);
    },
  },
  {
    name: "gathers small sends, and sends at once when it is flushed",
    run: async (bench) => {
      const topic = await bench.topic();
      const producer = await bench.producer({ lingerMs: 60_000 });
      const all = texts(300);
      const sent: Promise<void>[] = [];
      let isDelivered = false;
      for (const text of all) sent.push((await producer.send([partOf(topic, [text])])).delivered);
      sent[0]!.then(() => isDelivered = true);
      await producer.partitionCount(topic);
      assert.equal(isDelivered, false);
      await producer.flush();
      await Promise.all(sent);
      assert.deepEqual((await bench.contents(topic, all.length)).texts, all);
    },
  },
  {
    name: "sends with acks 0, 1 and all, with and without numbers",
    run: async (bench) => {
      const topic = await bench.topic();
      for (const [acks, idempotent] of [[0, false], [1, false], [-1, false], [-1, true]] as const) {
        const producer = await bench.producer({ acks, idempotent });
        await sendAll(producer, [partOf(topic, [`acks ${acks} ${idempotent}`])]);
        await producer.flush();
        await bench.contents(topic, 1);
        await producer.close();
      }
      const { texts } = await bench.contents(topic, 4);
      assert.deepEqual(texts, ["acks 0 false", "acks 1 false", "acks -1 false", "acks -1 true"]);
    },
  },
];
