import assert from "node:assert/strict";
import type { Emit, EventBatch } from "sluice/plugin";
import seq from "../../../plugins/sources/seq.ts";
import { collectingEmit, testContext } from "../../support/context.ts";

Deno.test("seq counts from 0 and ends, when the total is reached", async () => {
  const emit = collectingEmit();
  const source = await seq.create({ batchSize: 4, totalEvents: 102 }, testContext());
  await source.run(emit);
  assert.deepEqual(emit.bodies(), Array.from({ length: 102 }, (_, number) => String(number)));
  assert.equal(emit.batches[0]!.size, 4);
  assert.equal(emit.batches.at(-1)!.size, 2);
});

Deno.test("seq makes dense batches, also where numbers get longer", async () => {
  const emit = collectingEmit();
  const source = await seq.create({ batchSize: 12, totalEvents: 12 }, testContext());
  await source.run(emit);
  const batch = emit.batches[0]!;
  assert.equal(batch.layout, "dense");
  const lines = new TextDecoder().decode(batch.block.subarray(batch.starts[0], batch.ends[11]! + 1));
  assert.equal(lines, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n");
});

Deno.test("seq stops and lets others run, when the signal aborts", async () => {
  const stop = new AbortController();
  const emit = collectingEmit();
  const source = await seq.create({ batchSize: 1, totalEvents: 1e15 }, testContext({ signal: stop.signal }));
  setImmediate(() => stop.abort());
  await source.run(emit);
  assert.ok(emit.batches.length > 0);
});

Deno.test("seq fails with the cause, when a batch is rolled back for good", async () => {
  const refuse = (_batch: EventBatch) => Promise.reject(new Error("The pipeline has stopped"));
  const emit: Emit = Object.assign(refuse, { ready: Promise.resolve() });
  const source = await seq.create({ batchSize: 1, totalEvents: 1e6 }, testContext());
  await assert.rejects(source.run(emit), /The pipeline has stopped/);
});
