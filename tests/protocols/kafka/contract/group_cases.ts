import assert from "node:assert/strict";
import type { ContractCase } from "../../../contracts/case.ts";
import { type ClientBench, partOf, sendAll, texts } from "./bench.ts";
import type { Reading } from "./reading.ts";

/** Short, so that a member that is silent is missed soon. */
const SHORT_SESSION = { sessionTimeoutMs: 1_000, heartbeatMs: 200 };

function offsetsOf(readings: readonly Reading[]): string[] {
  return readings.flatMap(({ records }) => records.map(({ partition, offset }) => `${partition}/${offset}`));
}

/** What a member of a group promises. */
export const GROUP_CASES: readonly ContractCase<ClientBench>[] = [
  {
    name: "notes offsets with metadata, and goes on there",
    run: async (bench) => {
      const topic = await bench.topic();
      const group = crypto.randomUUID();
      await sendAll(await bench.producer(), [partOf(topic, texts(10))]);
      const first = bench.read({ topics: [topic], group });
      await first.until("all", () => first.records.length === 10);
      await first.consumer.commit([{ topic, partition: 0, offset: 4, metadata: "sluice ä" }]);
      await first.stop();
      assert.deepEqual(first.revoked.map(({ partition }) => partition), [0]);
      const second = bench.read({ topics: [topic], group });
      await second.until("the rest", () => second.records.length === 6);
      assert.deepEqual(second.assigned.map(({ committed }) => committed), [{
        offset: 4,
        metadata: "sluice ä",
      }]);
      assert.deepEqual(second.records.map(({ offset }) => offset), [4, 5, 6, 7, 8, 9]);
    },
  },
  {
    name: "refuses to note offsets of partitions that are not its own",
    run: async (bench) => {
      const topic = await bench.topic();
      const reading = bench.read({ topics: [topic] });
      const stranger = { topic: "somebody-elses", partition: 0, offset: 1, metadata: "" };
      await reading.untilAssigned(1);
      await assert.rejects(reading.consumer.commit([stranger]), /somebody-elses/);
      await reading.stop();
      await assert.rejects(
        reading.consumer.commit([{ topic, partition: 0, offset: 1, metadata: "" }]),
        /OffsetCommit|member|assigned/i,
      );
    },
  },
  {
    name: "stays a member while its owner takes longer than a session",
    run: async (bench) => {
      const topic = await bench.topic();
      await sendAll(await bench.producer(), [partOf(topic, texts(4))]);
      const held = Promise.withResolvers<void>();
      const settle = () => held.promise;
      const reading = bench.read({ topics: [topic], maxRecords: 2, ...SHORT_SESSION }, { settle });
      await reading.until("the first chunk", () => reading.records.length > 0);
      await new Promise((resolve) => setTimeout(resolve, 2.5 * SHORT_SESSION.sessionTimeoutMs));
      assert.deepEqual(reading.chunks, [2]);
      held.resolve();
      await reading.until("the second", () => reading.records.length === 4);
      assert.deepEqual([reading.lost, reading.revoked, reading.assigned.length], [[], [], 1]);
    },
  },
  {
    name: "repeats nothing when members come and go in order",
    run: async (bench) => {
      const topic = await bench.topic(4);
      const group = crypto.randomUUID();
      const producer = await bench.producer();
      let sent = 0;
      const send = async (rounds: number) => {
        for (let round = 0; round < rounds; round++, sent++) {
          await sendAll(producer, [0, 1, 2, 3].map((partition) => partOf(topic, [`${sent}`], { partition })));
        }
      };
      const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 5));
      const options = { topics: [topic], group, maxRecords: 5 };
      await send(50);
      const first = bench.read(options, { settle, commits: true });
      await first.until("some", () => first.records.length > 20);
      const second = bench.read(options, { settle, commits: true });
      await Promise.all([send(50), second.untilAssigned(2)]);
      await second.until("its share", () => second.records.length > 20);
      await first.stop();
      await send(20);
      await second.until("everything", () => new Set(offsetsOf([first, second])).size === sent * 4);
      await second.stop();
      assert.equal(offsetsOf([first, second]).length, sent * 4);
      assert.deepEqual([first.lost, second.lost], [[], []]);
    },
  },
  {
    name: "lets the owner finish before its partitions go to another member",
    run: async (bench) => {
      const topic = await bench.topic(2);
      const group = crypto.randomUUID();
      await sendAll(
        await bench.producer(),
        [0, 1].map((partition) => partOf(topic, texts(3), { partition })),
      );
      const held = Promise.withResolvers<void>();
      const first = bench.read({ topics: [topic], group }, { settle: () => held.promise, commits: true });
      await first.until("both partitions", () => first.records.length === 6);
      const second = bench.read({ topics: [topic], group }, { commits: true });
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.deepEqual([first.revoked.length, second.assigned.length], [0, 0]);
      held.resolve();
      await second.untilAssigned(1);
      assert.deepEqual(second.assigned.map(({ committed }) => committed?.offset), [3]);
      assert.deepEqual(first.records.length + second.records.length, 6);
    },
  },
  {
    name: "leaves in order in bounded time, though the owner never finishes",
    run: async (bench) => {
      const topic = await bench.topic();
      await sendAll(await bench.producer(), [partOf(topic, ["stuck"])]);
      const settle = () => new Promise<void>(() => {});
      const reading = bench.read({ topics: [topic], rebalanceTimeoutMs: 1_000 }, { settle });
      await reading.until("a record", () => reading.records.length === 1);
      const startMs = Date.now();
      await reading.stop();
      assert.ok(Date.now() - startMs < 6_000, `took ${Date.now() - startMs} ms`);
    },
  },
  {
    name: "shares a group with the other client",
    run: async (bench) => {
      const topic = await bench.topic(5);
      const group = crypto.randomUUID();
      const options = { topics: [topic], group };
      const ours = bench.read(options, { commits: true });
      await ours.untilAssigned(5);
      const others = bench.read(options, { commits: true, client: bench.other() });
      await Promise.all([
        ours.until("a share", () => ours.held.length > 0 && ours.held.length < 5),
        others.until("the rest", () => others.held.length > 0 && others.held.length < 5),
      ]);
      await ours.until("all", () => ours.held.length + others.held.length === 5);
      const numbers = [...ours.held, ...others.held].map(({ partition }) => partition).sort();
      assert.deepEqual(numbers, [0, 1, 2, 3, 4]);
    },
  },
  {
    name: "is known again by its instance id",
    run: async (bench) => {
      const topic = await bench.topic(2);
      const options = { topics: [topic], group: crypto.randomUUID(), instanceId: "agent-1" };
      const reading = bench.read(options);
      await reading.untilAssigned(2);
    },
  },
  {
    name: "reads as a member of a group of Kafka 4",
    run: async (bench) => {
      const topic = await bench.topic(2);
      await sendAll(await bench.producer(), [partOf(topic, texts(3))]);
      const reading = bench.read({ topics: [topic], protocol: "consumer" });
      await reading.until("all", () => reading.records.length === 3);
      assert.deepEqual(reading.texts, texts(3));
    },
  },
];
