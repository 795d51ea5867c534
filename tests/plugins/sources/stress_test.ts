import assert from "node:assert/strict";
import { type Emit, type EventBatch, systemClock } from "sluice/plugin";
import stress from "../../../plugins/sources/stress.ts";
import { collectingEmit, testContext } from "../../support/context.ts";

const settings = {
  size: 3,
  maxTotalEvents: -1,
  maxSuccessfulEvents: -1,
  batchSize: 4,
  maxEventsPerSecond: 0,
};

Deno.test("stress sends bodies of one size and ends, when the total is sent", async () => {
  const emit = collectingEmit();
  await (await stress.create({ ...settings, maxTotalEvents: 10 }, testContext())).run(emit);
  assert.deepEqual(emit.batches.map(({ size }) => size), [4, 4, 2]);
  assert.deepEqual(new Set(emit.bodies()), new Set(["\x7f\x7f\x7f"]));
  assert.equal(emit.batches[0]!.layout, "dense");
});

Deno.test("stress goes on until enough events are accepted, when some are refused", async () => {
  let [tries, accepted] = [0, 0];
  const refuseOdd = (batch: EventBatch) => {
    if (tries++ % 2 === 1) return Promise.reject(new Error("Full"));
    accepted += batch.size;
    return Promise.resolve();
  };
  const emit: Emit = Object.assign(refuseOdd, { ready: Promise.resolve() });
  await (await stress.create({ ...settings, maxSuccessfulEvents: 10 }, testContext())).run(emit);
  assert.equal(accepted, 10);
  assert.ok(tries > 3);
});

Deno.test("stress keeps its rate, when one is set", async () => {
  let nowMs = 1_000_000;
  const clock = {
    ...systemClock,
    now: () => nowMs,
    sleep: (ms: number) => {
      nowMs += ms;
      return Promise.resolve();
    },
  };
  const source = await stress.create(
    { ...settings, maxTotalEvents: 40, maxEventsPerSecond: 20 },
    testContext({ clock }),
  );
  await source.run(collectingEmit());
  assert.equal(nowMs - 1_000_000, 1800);
});
