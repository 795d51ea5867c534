import assert from "node:assert/strict";
import { Lane } from "../../../../protocols/kafka/produce/lane.ts";
import { PendingBatch } from "../../../../protocols/kafka/produce/pending_batch.ts";
import { SendOutcome } from "../../../../protocols/kafka/produce/send_outcome.ts";
import { RecordBatchWriter } from "../../../../protocols/kafka/records/batch_writer.ts";
import { numberedPart } from "./_sending.ts";

const TARGET = { topic: "app", partition: 0 };
const NO_WAIT = () => 0;

/** A lane with batches of so many records, all on their way. */
function flyingLane(...sizes: readonly number[]): { lane: Lane; batches: PendingBatch[] } {
  const lane = new Lane("app", 0);
  lane.open = batchOf(1);
  lane.confirmed(lane.take());
  lane.renumber();
  const batches = sizes.map((size) => {
    lane.open = batchOf(size);
    return lane.take();
  });
  return { lane, batches };
}

function batchOf(size: number, transaction = 0): PendingBatch {
  const batch = new PendingBatch(TARGET, new RecordBatchWriter({ maxBytes: 100_000 }), transaction);
  batch.append(numberedPart(TARGET, { from: 0, size }), 0, new SendOutcome());
  return batch;
}

function sequences(batches: readonly PendingBatch[]): (number | undefined)[] {
  return batches.map(({ sequence }) => sequence);
}

Deno.test("lane numbers the records of its batches without gaps", () => {
  assert.deepEqual(sequences(flyingLane(3, 1, 10).batches), [0, 3, 4]);
});

Deno.test("lane sends nothing more while a batch is to be sent again, until all have come back", () => {
  const { lane, batches: [first, second, third] } = flyingLane(3, 1, 10);
  lane.open = batchOf(1);
  lane.giveBack(second!, NO_WAIT);
  assert.equal(lane.readyMs(0, 0), Infinity);
  lane.confirmed(first!);
  assert.equal(lane.readyMs(0, 0), Infinity);
  lane.giveBack(third!, NO_WAIT);
  assert.ok(lane.readyMs(0, 0) <= performance.now());
  assert.deepEqual([lane.take(), lane.take()], [second, third]);
});

Deno.test("lane sends one batch at a time until its broker has confirmed one under the producer's id", () => {
  const lane = new Lane("app", 0);
  const push = () => lane.waiting.push(batchOf(1));
  for (const begin of [() => {}, () => lane.renumber()]) {
    begin();
    push();
    push();
    push();
    const first = lane.take();
    assert.equal(lane.readyMs(0, 0), Infinity);
    lane.confirmed(first);
    const second = lane.take();
    assert.ok(lane.readyMs(0, 0) <= performance.now());
    const third = lane.take();
    lane.giveBack(third, NO_WAIT);
    lane.confirmed(second);
    lane.confirmed(lane.take());
  }
});

Deno.test("lane sends again in the old order, in whatever order batches come back", () => {
  const { lane, batches: [first, second, third] } = flyingLane(3, 1, 10);
  for (const batch of [third!, first!, second!]) lane.giveBack(batch, NO_WAIT);
  assert.deepEqual([lane.take(), lane.take(), lane.take()], [first, second, third]);
  assert.deepEqual(sequences([first!, second!, third!]), [0, 3, 4]);
});

Deno.test("lane keeps the order of pieces when two batches that were too large come back", () => {
  const { lane, batches: [first, second, third] } = flyingLane(4, 2, 1);
  const piece = (sequence: number) => Object.assign(batchOf(1), { sequence });
  lane.replace(first!, [piece(0), piece(2)]);
  lane.replace(second!, [piece(4), piece(5)]);
  lane.giveBack(third!, NO_WAIT);
  assert.deepEqual(sequences(lane.waiting), [0, 2, 4, 5, 6]);
});

Deno.test("lane waits before it sends again, longer each time, and starts over after a success", () => {
  const { lane, batches: [batch] } = flyingLane(1);
  const failures: number[] = [];
  const wait = (count: number) => (failures.push(count), 50);
  for (let again = 0; again < 3; again++) {
    lane.giveBack(batch!, wait);
    assert.ok(lane.readyMs(0, 0) > performance.now());
    assert.equal(lane.take(), batch);
  }
  lane.confirmed(batch!);
  lane.open = batchOf(1);
  lane.giveBack(lane.take(), wait);
  assert.deepEqual(failures, [0, 1, 2, 0]);
});

Deno.test("lane moves up what stands behind records that were dropped", () => {
  const { lane, batches: [first, second, third] } = flyingLane(3, 1, 10);
  lane.confirmed(second!);
  lane.closeGap(second!.sequence!, 1);
  assert.deepEqual(sequences([first!, third!]), [0, 3]);
  lane.open = batchOf(2);
  assert.equal(lane.take().sequence, 13);
});

Deno.test("lane counts on behind the greatest number as brokers do", () => {
  const { lane, batches: [batch] } = flyingLane(1);
  batch!.sequence = 2 ** 31 - 1;
  lane.open = batchOf(1);
  const next = lane.take();
  next.sequence = 0;
  lane.giveBack(next, NO_WAIT);
  lane.giveBack(batch!, NO_WAIT);
  assert.equal(lane.hasBefore(next), true);
  assert.equal(lane.hasBefore(batch!), false);
  assert.deepEqual([lane.take(), lane.take()], [batch, next]);
});

Deno.test("lane lets small sends gather while a batch is on its way, and lingers otherwise", () => {
  const lane = new Lane("app", 0);
  lane.open = batchOf(1);
  assert.equal(lane.readyMs(40, 0), lane.open.openedMs + 40);
  const flying = lane.take();
  lane.open = batchOf(1);
  assert.equal(lane.readyMs(0, 0), Infinity);
  lane.confirmed(flying);
  assert.equal(lane.readyMs(0, 0), lane.open.openedMs);
});

Deno.test("lane keeps back what belongs to the next transaction", () => {
  const lane = new Lane("app", 0);
  lane.waiting.push(batchOf(1, 1), batchOf(1, 2));
  assert.equal(lane.readyMs(0, 1), 0);
  lane.confirmed(lane.take());
  assert.equal(lane.readyMs(0, 1), Infinity);
  assert.equal(lane.readyMs(0, 2), 0);
  assert.equal(lane.giveUp(1).length, 0);
  assert.equal(lane.giveUp(2).length, 1);
  assert.equal(lane.isIdle, true);
});
