import assert from "node:assert/strict";
import { EventBatch } from "sluice/plugin";
import nullSink from "../../../plugins/sinks/null.ts";
import { testContext } from "../../support/context.ts";

const signal = new AbortController().signal;
const ofSize = (size: number) => EventBatch.ofBodies(Array.from({ length: size }, () => new Uint8Array(1)));

Deno.test("null tells of each round number of events, once", async () => {
  const context = testContext();
  const sink = await nullSink.create({ batchSize: 100, logEveryNEvents: 10 }, context);
  for (const size of [9, 0, 1, 4, 5, 1, 35]) await sink.write(ofSize(size), signal);
  const texts = context.lines.map(({ text }) => text);
  assert.deepEqual(texts, ["Discarded 10 events", "Discarded 20 events", "Discarded 50 events"]);
});

Deno.test("null stays silent when told so", async () => {
  const context = testContext();
  const sink = await nullSink.create({ batchSize: 100, logEveryNEvents: 0 }, context);
  await sink.write(ofSize(30_000), signal);
  assert.deepEqual(context.lines, []);
});
