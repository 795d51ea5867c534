import assert from "node:assert/strict";
import { EventBatch, type Position } from "sluice/plugin";
import { Delivery } from "../../core/delivery.ts";
import { DeliveryTracker } from "../../core/delivery_tracker.ts";

function delivery(position?: Position): Delivery {
  const batch = EventBatch.from([{ body: "GET /" }]);
  return new Delivery(position ? batch.with({ position }) : batch);
}

Deno.test("tracker saves a position only when all before it are settled", async () => {
  const saved: Position[] = [];
  const tracker = new DeliveryTracker({ "1:7": 10 }, (safe) => saved.push(safe), () => {});
  const [first, second] = [delivery({ "1:7": 20 }), delivery({ "1:8": 5 })];
  tracker.track(first);
  tracker.track(second);
  second.resolve();
  await second.settled;
  assert.deepEqual(saved, []);
  first.resolve();
  await tracker.idle();
  assert.deepEqual(saved, [{ "1:7": 20, "1:8": 5 }]);
});

Deno.test("tracker forgets a key whose position is null", async () => {
  const saved: Position[] = [];
  const tracker = new DeliveryTracker({ "a.log": 10, "b.log": 3 }, (safe) => saved.push(safe), () => {});
  const last = delivery({ "a.log": null, "b.log": 4 });
  tracker.track(last);
  last.resolve();
  await tracker.idle();
  assert.deepEqual(saved, [{ "b.log": 4 }]);
});

Deno.test("tracker reports a rolled back position and saves none after it", async () => {
  const saved: Position[] = [];
  const causes: unknown[] = [];
  const tracker = new DeliveryTracker(undefined, (safe) => saved.push(safe), (cause) => causes.push(cause));
  const [first, second] = [delivery({ at: 1 }), delivery({ at: 2 })];
  tracker.track(first);
  tracker.track(second);
  first.reject("disk full");
  second.resolve();
  await tracker.idle();
  assert.deepEqual([saved, causes], [[], ["disk full"]]);
});

Deno.test("tracker follows deliveries without position until they settle, and saves nothing", async () => {
  const tracker = new DeliveryTracker(undefined, () => assert.fail("saved"), () => assert.fail("failed"));
  const only = delivery();
  tracker.track(only);
  assert.equal(tracker.open, 1);
  only.reject(new Error("Channel is full"));
  await tracker.idle();
  assert.equal(tracker.open, 0);
});
