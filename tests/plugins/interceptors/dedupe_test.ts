import assert from "node:assert/strict";
import { EventBatch } from "sluice/plugin";
import dedupe from "../../../plugins/interceptors/dedupe.ts";
import { until } from "../../support/until.ts";
import { bodiesOf, configOf } from "./make.ts";
import { stage, TestFate } from "./dedupe_stage.ts";

Deno.test("dedupe interceptor drops repeats of whole bodies, within a batch and later, and counts them", async () => {
  await using at = await stage();
  const once = await at.open();
  const fate = new TestFate();
  assert.deepEqual(once.pass(["a", "b", "a", "", ""], fate), ["a", "b", ""]);
  assert.deepEqual(fate.waitsFor, []);
  await fate.commit();
  assert.deepEqual(await once.passSafely(["b", "c", ""]), ["c"]);
  assert.equal(at.context.counters.get("EventDuplicateCount"), 4);
});

Deno.test("dedupe interceptor takes the key from a header; events without it pass and are counted", async () => {
  await using at = await stage();
  const once = await at.open({ header: "id" });
  const events = [["1", "a"], ["1", "b"], [undefined, "c"], ["", "c"], ["2", "a"], ["ä".repeat(2000), "d"]];
  const batch = EventBatch.from(
    events.map(([id, body]) => ({ body: body!, headers: id === undefined ? {} : { id } })),
  );
  assert.deepEqual(bodiesOf(once.batch(batch, new TestFate())), ["a", "c", "c", "a", "d"]);
  assert.equal(at.context.counters.get("EventWithoutKeyCount"), 2);
  const alike = EventBatch.from([{ body: "x" }, { body: "y" }]).withHeader("id", "7");
  assert.deepEqual(bodiesOf(once.batch(alike, new TestFate())), ["x"]);
});

Deno.test("dedupe interceptor takes the key from a group of a regex, or from the whole match", async () => {
  await using at = await stage();
  const group = await at.open({ regex: "order=(\\d+)" });
  assert.deepEqual(
    await group.passSafely(["order=1 new", "order=1 paid", "no order", "no order", "order=2"]),
    [
      "order=1 new",
      "no order",
      "no order",
      "order=2",
    ],
  );
  const whole = await at.open({ regex: "\\d+" }, { name: "in/whole" });
  assert.deepEqual(await whole.passSafely(["a 1", "b 1", "b 2"]), ["a 1", "b 2"]);
});

Deno.test("dedupe interceptor answers a repeat only when the first one is safe", async () => {
  await using at = await stage();
  const once = await at.open();
  const [first, second, third] = [new TestFate(), new TestFate(), new TestFate()];
  once.pass(["a", "b"], first);
  assert.deepEqual(once.pass(["a", "b", "c"], second), ["c"]);
  assert.deepEqual(second.waitsFor, [first.settled]);
  await first.commit();
  assert.deepEqual(once.pass(["a", "c"], third), []);
  assert.deepEqual(third.waitsFor, [second.settled]);
});

Deno.test("dedupe interceptor forgets the keys of a batch that is rolled back, so that the next try passes", async () => {
  await using at = await stage();
  const once = await at.open();
  const [first, second] = [new TestFate(), new TestFate()];
  once.pass(["a", "b"], first);
  assert.deepEqual(once.pass(["a", "c"], second), ["c"]);
  await first.rollback();
  await second.rollback();
  assert.deepEqual(await once.passSafely(["a", "b", "c"]), ["a", "b", "c"]);
  assert.deepEqual(await once.passSafely(["a", "b", "c"]), []);
});

Deno.test("dedupe interceptor does not follow a clock that jumps, and lets a repeat pass after the window", async () => {
  await using at = await stage();
  let nowMs = 1_773_303_242_000;
  const clock = { now: () => nowMs, sleep: () => Promise.resolve() };
  const once = await at.open({ window: "1h" }, { clock });
  await once.passSafely(["a"]);
  nowMs += 86_400_000;
  assert.deepEqual(await once.passSafely(["a"]), []);
  nowMs -= 2 * 86_400_000;
  assert.deepEqual(await once.passSafely(["a"]), []);
  await once.close();
  // A start with a clock that went back: what it finds is as old as this start.
  const back = await at.open({ window: "1h" }, { clock });
  assert.deepEqual(await back.passSafely(["a"]), []);
  await back.close();
  nowMs += 3_600_001;
  const later = await at.open({ window: "1h" }, { clock });
  assert.deepEqual(await later.passSafely(["a"]), ["a"]);
  const short = await at.open({ window: "20ms" }, { name: "in/short" });
  await short.passSafely(["b"]);
  let passed: readonly string[] = [];
  await until("the repeat to pass", async () => (passed = await short.passSafely(["b"])).length > 0);
  assert.deepEqual(passed, ["b"]);
});

Deno.test("dedupe interceptor wants one kind of key", () => {
  const fault = (settings: Record<string, unknown>) => dedupe.check!(configOf(dedupe, settings))[0]?.text;
  assert.equal(fault({ header: "id", regex: "x" }), "More than one key is chosen");
  assert.equal(fault({ header: "id", body: true }), "More than one key is chosen");
  assert.equal(fault({ body: false }), "No key is chosen");
  assert.equal(fault({ header: "id", body: false }), undefined);
  assert.equal(fault({}), undefined);
});
