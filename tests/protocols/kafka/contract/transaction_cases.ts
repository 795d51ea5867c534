import assert from "node:assert/strict";
import type { ContractCase } from "../../../contracts/case.ts";
import { type ClientBench, partOf, sendAll } from "./bench.ts";

/** What transactions promise. */
export const TRANSACTION_CASES: readonly ContractCase<ClientBench>[] = [
  {
    name: "shows readers of committed records what was committed, and never what was aborted",
    run: async (bench) => {
      const topic = await bench.topic(2);
      const producer = await bench.producer({ transactionalId: crypto.randomUUID() });
      for (const [word, commits] of [["one", true], ["two", false], ["three", true]] as const) {
        producer.begin();
        await sendAll(producer, [partOf(topic, [word]), partOf(topic, [word], { partition: 1 })]);
        await (commits ? producer.commit("g", []) : producer.abort());
      }
      const both = [...["one", "three"], ...["one", "three"]];
      const { records } = await bench.contents(topic, 4);
      assert.deepEqual(
        records.toSorted((one, other) => one.partition - other.partition).map(({ text }) => text),
        both,
      );
      const all = await bench.contents(topic, 6, { readsCommitted: false });
      assert.equal(all.texts.filter((text) => text === "two").length, 2);
    },
  },
  {
    name: "commits without waiting for each record, and many times in a row",
    run: async (bench) => {
      const topic = await bench.topic();
      const producer = await bench.producer({ transactionalId: crypto.randomUUID(), lingerMs: 1_000 });
      const startMs = Date.now();
      for (let round = 0; round < 10; round++) {
        producer.begin();
        await producer.send([partOf(topic, [`${round} a`])]);
        await producer.send([partOf(topic, [`${round} b`])]);
        await producer.commit("g", []);
      }
      assert.ok(Date.now() - startMs < 8_000, `10 transactions took ${Date.now() - startMs} ms`);
      const wanted = Array.from({ length: 20 }, (_, index) => `${index >> 1} ${index % 2 ? "b" : "a"}`);
      assert.deepEqual((await bench.contents(topic, 20)).texts, wanted);
    },
  },
  {
    name: "keeps notes together with the records, for the next producer of the same name",
    run: async (bench) => {
      const topic = await bench.topic(3);
      const transactionalId = crypto.randomUUID();
      const group = `notes-${transactionalId}`;
      const first = await bench.producer({ transactionalId });
      assert.deepEqual(await first.notes(group, topic), []);
      const notes = [
        { topic, partition: 0, offset: 3, metadata: "ä".repeat(2_000) },
        { topic, partition: 2, offset: 0, metadata: "" },
      ];
      first.begin();
      await first.commit(group, notes);
      first.begin();
      await sendAll(first, [partOf(topic, ["one"])]);
      await first.commit(group, [{ topic, partition: 1, offset: 7, metadata: "second" }]);
      const second = await bench.producer({ transactionalId });
      const found = await second.notes(group, topic);
      assert.deepEqual(
        found.toSorted((one, other) => one.partition - other.partition),
        [notes[0], { topic, partition: 1, offset: 7, metadata: "second" }, notes[1]],
      );
      assert.deepEqual(await second.notes(group, "another-topic"), []);
    },
  },
  {
    name: "drops the notes of a transaction that is aborted",
    run: async (bench) => {
      const topic = await bench.topic();
      const transactionalId = crypto.randomUUID();
      const group = `notes-${transactionalId}`;
      const first = await bench.producer({ transactionalId });
      first.begin();
      await sendAll(first, [partOf(topic, ["lost"])]);
      await first.abort();
      first.begin();
      await sendAll(first, [partOf(topic, ["kept"])]);
      await first.commit(group, [{ topic, partition: 0, offset: 1, metadata: "kept" }]);
      assert.deepEqual((await first.notes(group, topic)).map(({ metadata }) => metadata), ["kept"]);
      assert.deepEqual((await bench.contents(topic, 1)).texts, ["kept"]);
    },
  },
  {
    name: "ends what a forerunner of the same name left open, and fences it",
    run: async (bench) => {
      const topic = await bench.topic();
      const transactionalId = crypto.randomUUID();
      const first = await bench.producer({ transactionalId });
      first.begin();
      await sendAll(first, [partOf(topic, ["left open"])]);
      const second = await bench.producer({ transactionalId });
      await assert.rejects(
        first.commit("g", [{ topic, partition: 0, offset: 1, metadata: "" }]),
        /transactional\.id/,
      );
      second.begin();
      await sendAll(second, [partOf(topic, ["of the second"])]);
      await second.commit("g", []);
      assert.deepEqual((await bench.contents(topic, 1)).texts, ["of the second"]);
    },
  },
  {
    name: "hides aborted transactions that overlap, when reading begins amid them",
    run: async (bench) => {
      const topic = await bench.topic();
      const producers = [];
      for (const word of ["one", "two"]) {
        const producer = await bench.producer({ transactionalId: crypto.randomUUID() });
        producer.begin();
        await sendAll(producer, [partOf(topic, [word])]);
        producers.push(producer);
      }
      for (const producer of producers.toReversed()) await sendAll(producer, [partOf(topic, ["amid"])]);
      for (const producer of producers) await producer.abort();
      await sendAll(await bench.producer(), [partOf(topic, ["plain"])]);
      const reading = bench.read({ topics: [topic] }, { start: () => 2 });
      await reading.until("what is not aborted", () => reading.texts.includes("plain"));
      assert.deepEqual(reading.texts, ["plain"]);
    },
  },
  {
    name: "commits nothing that has not begun",
    run: async (bench) => {
      const producer = await bench.producer({ transactionalId: crypto.randomUUID() });
      await assert.rejects(producer.commit("g", []));
    },
  },
];
