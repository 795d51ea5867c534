import assert from "node:assert/strict";
import type { ConsumerEvents, FetchedRecords } from "../../../../protocols/kafka/client.ts";
import { Holdings } from "../../../../protocols/kafka/kafkajs/holdings.ts";

const PARTITION = { topic: "app", partition: 3 };

/** Records of the partition, up to an offset. */
function recordsUpTo(nextOffset: number): FetchedRecords {
  const bodies = { block: new Uint8Array(0), starts: new Uint32Array(0), ends: new Uint32Array(0), size: 0 };
  return { ...PARTITION, bodies, offsets: new Float64Array(0), timestamps: new Float64Array(0), nextOffset };
}

/** Holdings, and what their owner was told; it settles what it gets when the case says so. */
function heldBy({ limitMs = 10_000 } = {}) {
  const calls: string[] = [];
  const settled = Promise.withResolvers<void>();
  const events: ConsumerEvents = {
    onAssigned: () => undefined,
    onFetched: ({ nextOffset }) => {
      calls.push(`fetched ${nextOffset}`);
      return settled.promise;
    },
    onRevoked: (partitions) => {
      calls.push(`revoked ${partitions.length}`);
      return Promise.resolve();
    },
    onLost: (partitions) => void calls.push(`lost ${partitions.length}`),
    onLag: () => {},
    onRebalanced: () => {},
  };
  const holdings = new Holdings(events, limitMs);
  return { holdings, calls, settled, holding: holdings.assign([PARTITION])[0]! };
}

Deno.test("kafkajs holdings give back a partition only when all that was handed out is settled", async () => {
  const { holdings, calls, settled, holding } = heldBy();
  const handing = holdings.hand(holding, recordsUpTo(5));
  const giving = holdings.giveBack();
  const late = holdings.hand(holding, recordsUpTo(9));
  assert.deepEqual(calls, ["fetched 5", "revoked 1"]);
  assert.deepEqual([holdings.isGiving, holdings.isEmpty], [true, false]);
  settled.resolve();
  await Promise.all([handing, giving, late]);
  assert.deepEqual(calls, ["fetched 5", "revoked 1"]);
  assert.deepEqual([holdings.isGiving, holdings.isEmpty, holding.position], [false, true, 5]);
});

Deno.test("kafkajs holdings are lost when the owner is not done in time", async () => {
  const { holdings, calls, holding } = heldBy({ limitMs: 10 });
  holdings.hand(holding, recordsUpTo(5));
  await holdings.giveBack();
  assert.deepEqual(calls.slice(-2), ["revoked 1", "lost 1"]);
  assert.equal(holdings.isEmpty, true);
});

Deno.test("kafkajs holdings hand nothing out beside what a former assignment of the partition handed out", async () => {
  const { holdings, calls, settled, holding } = heldBy();
  const first = holdings.hand(holding, recordsUpTo(5));
  holdings.lose();
  const [again] = holdings.assign([PARTITION]);
  const second = holdings.hand(again!, recordsUpTo(5));
  await Promise.resolve();
  assert.deepEqual(calls, ["fetched 5", "lost 1"]);
  settled.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(calls, ["fetched 5", "lost 1", "fetched 5"]);
});

Deno.test("kafkajs holdings refuse offsets of partitions that are not held", () => {
  const { holdings } = heldBy();
  holdings.mustHold([{ ...PARTITION, offset: 1, metadata: "" }]);
  assert.throws(
    () => holdings.mustHold([{ topic: "app", partition: 4, offset: 1, metadata: "" }]),
    /app\/4.*not assigned/,
  );
});
