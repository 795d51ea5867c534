import assert from "node:assert/strict";
import { Counters, EventBatch } from "sluice/plugin";
import { Component, type ComponentStatus } from "../../core/component.ts";
import { Histogram } from "../../core/histogram.ts";
import { countersJson, counterSnapshot } from "../../core/reporter.ts";
import { testContext } from "../support/context.ts";
import { memoryChannel, startParts } from "../support/plan.ts";
import { until } from "../support/until.ts";

const SAMPLE = JSON.parse(
  await Deno.readTextFile(new URL("../data/flume/metrics-sample.json", import.meta.url)),
) as { readonly components: Readonly<Record<string, Readonly<Record<string, string>>>> };

function statusOf(kind: ComponentStatus["kind"]): ComponentStatus {
  const clock = { now: () => 1_795_227_685_564, sleep: () => Promise.resolve() };
  const component = new Component({ kind, name: "x", type: "y" }, testContext().log, clock);
  component.begin();
  return component.status();
}

for (const [type, sample] of Object.entries(SAMPLE.components)) {
  // The file channel's further counters are its own: see its tests.
  if (type === "channel.file") continue;
  Deno.test(`${type} shows all counters that Flume shows, as texts, before anything has happened`, () => {
    const kind = type.split(".", 1)[0] as "source";
    const own = JSON.parse(countersJson(counterSnapshot([statusOf(kind)])))[`${kind.toUpperCase()}.x`];
    assert.deepEqual(Object.keys(own).sort(), Object.keys(sample).sort());
    for (const [name, value] of Object.entries(own)) assert.equal(typeof value, "string", name);
    assert.deepEqual([own.Type, own.StartTime, own.StopTime], [sample.Type, "1795227685564", "0"]);
  });
}

Deno.test("fill of a channel is written as Java writes a double", () => {
  const fills: [size: number, capacity: number, text: string][] = [
    [0, 100, "0.0"],
    [1, 8, "12.5"],
    [100, 100, "100.0"],
    [1, 3, "33.33333333333333"],
    [1, 1_048_576, "9.5367431640625E-5"],
    [0, 0, "1.7976931348623157E308"],
  ];
  for (const [ChannelSize, ChannelCapacity, text] of fills) {
    const status = { ...statusOf("channel"), counters: { ChannelSize, ChannelCapacity } };
    assert.equal(counterSnapshot([status])["CHANNEL.x"]!.ChannelFillPercentage, text);
  }
});

Deno.test("histogram counts a value as often as it is told, in the bucket whose bound it does not exceed", () => {
  const histogram = new Histogram([1, 5]);
  histogram.observe(1);
  histogram.observe(1.5, 3);
  histogram.observe(9, 2);
  assert.deepEqual(histogram.state(), { bounds: [1, 5], counts: [1, 3, 2], sum: 1 + 4.5 + 18 });
  const counters = new Counters(["EventReadFail"]);
  assert.equal(counters.histogram("Age", [1]), counters.histogram("Age", [1]));
  assert.deepEqual(counters.snapshot(), { EventReadFail: 0 });
});

Deno.test("gauge is known by its name and labels in whatever order, and goes when it has no value", () => {
  const counters = new Counters();
  counters.gauge("Lag", { topic: "a", partition: "0" }, 5);
  counters.gauge("Lag", { topic: "a", partition: "1" }, 6);
  counters.gauge("Lag", { partition: "0", topic: "a" }, 7);
  assert.deepEqual(counters.gauges().map(({ value }) => value), [7, 6]);
  counters.gauge("Lag", { topic: "a", partition: "1" }, undefined);
  assert.deepEqual(counters.gauges().map(({ labels }) => labels), [{ partition: "0", topic: "a" }]);
  assert.deepEqual(counters.snapshot(), {});
});

Deno.test("takes are counted as in Flume: each event, one more for a take that finds nothing, success at the commit", async () => {
  const channel = memoryChannel(10);
  const delivered = Promise.withResolvers<void>();
  let go = () => {};
  const pipeline = await startParts({
    source: () => ({
      async run(emit) {
        await emit(EventBatch.from(["a", "b", "c"].map((body) => ({ body }))));
        await new Promise<void>((resolve) => go = resolve);
      },
    }),
    channels: { main: channel },
    sinks: { main: () => ({ batchSize: 2, write: () => Promise.resolve({ delivered: delivered.promise }) }) },
  });
  const counters = () => pipeline.components()[1]!.counters;
  await until("both takes", () => counters().EventTakeAttemptCount! >= 3);
  assert.equal(counters().EventTakeSuccessCount, 0);
  assert.equal(counters().ChannelSize, 3);
  delivered.resolve();
  await until("the commits", () => counters().EventTakeSuccessCount === 3);
  go();
  await pipeline.finished;
  const [source, , sink] = pipeline.components();
  assert.ok(source!.counters.StopTime! >= source!.counters.StartTime!);
  assert.equal(sink!.counters.EventDrainSuccessCount, 3);
  assert.ok(sink!.counters.StopTime! > 0);
});

Deno.test("age of a batch runs from its emit to its delivery, and counts for each of its events", async () => {
  const pipeline = await startParts({
    source: () => ({ run: (emit) => emit(EventBatch.from([{ body: "a" }, { body: "b" }])) }),
    interceptors: [{ intercept: (batch) => EventBatch.ofBodies([batch.body(0), batch.body(1)]) }],
    channels: { main: memoryChannel(10) },
    sinks: { main: () => ({ write: () => new Promise((resolve) => setTimeout(resolve, 30)) }) },
  });
  await pipeline.finished;
  const { counts, sum } = pipeline.components()[2]!.histograms.BatchAgeSeconds!;
  assert.equal(counts.reduce((total, count) => total + count), 2);
  assert.ok(sum >= 2 * 0.025 && sum < 2 * 5, `${sum} s`);
});

Deno.test("put that is refused and tried again counts as a failed write of the source", async () => {
  const channel = memoryChannel(1, 0.01);
  let take = () => {};
  const taking = new Promise<void>((resolve) => take = resolve);
  const pipeline = await startParts({
    source: () => ({
      async run(emit) {
        await Promise.all(["a", "b", "c"].map((body) => emit(EventBatch.from([{ body }]))));
      },
    }),
    channels: { main: channel },
    sinks: { main: () => ({ write: () => taking }) },
  });
  await until("refusals", () => pipeline.components()[0]!.counters.ChannelWriteFail! >= 2);
  take();
  await pipeline.finished;
  assert.equal(pipeline.components()[0]!.counters.EventAcceptedCount, 3);
});

Deno.test("each sink of a group has counters and a state of its own, and the group is shown as a processor", async () => {
  const pipeline = await startParts({
    source: () => ({ run: (emit) => emit(EventBatch.from([{ body: "a" }, { body: "b" }])) }),
    channels: { main: memoryChannel(10), other: memoryChannel(10) },
    selector: { select: (batch) => [{ channel: "main", batch, required: true }] },
    sinks: {
      main: () => ({ write: () => Promise.reject(new Error("Target answered 503")) }),
      other: () => ({ write: () => {} }),
    },
    processor: (_context, [first, second]) => ({
      write: (batch, signal) =>
        Promise.resolve(first!.write(batch, signal)).catch(() => second!.write(batch, signal)),
    }),
  });
  await pipeline.finished;
  const [group, bad, good] = pipeline.components().slice(3);
  assert.deepEqual([group!.kind, bad!.kind, good!.kind], ["sink_processor", "sink", "sink"]);
  assert.deepEqual([group!.group, bad!.group, good!.group], [undefined, "group", "group"]);
  assert.equal(group!.counters.EventDrainSuccessCount, 2);
  assert.deepEqual([bad!.counters.EventWriteFail, bad!.counters.EventDrainSuccessCount], [1, 0]);
  assert.equal(bad!.error, "Target answered 503");
  assert.deepEqual([good!.counters.EventDrainAttemptCount, good!.counters.EventDrainSuccessCount], [2, 2]);
  assert.ok(good!.counters.StopTime! > 0);
});

Deno.test("take that the channel fails counts as a failed read of the sink", async () => {
  const channel = memoryChannel(10);
  let isBroken = true;
  const failing = {
    capacity: 10,
    get size() {
      return channel.size;
    },
    put: (batch: EventBatch) => channel.put(batch),
    take: (options: Parameters<typeof channel.take>[0]) => {
      if (!isBroken) return channel.take(options);
      isBroken = false;
      return Promise.reject(new Error("Input/output error"));
    },
    close: () => channel.close(),
  };
  const pipeline = await startParts({
    source: () => ({ run: (emit) => emit(EventBatch.from([{ body: "a" }])) }),
    channels: { main: failing },
    sinks: { main: () => ({ write: () => {} }) },
  });
  await pipeline.finished;
  const { counters, restarts } = pipeline.components()[2]!;
  assert.deepEqual([counters.ChannelReadFail, restarts, counters.EventDrainSuccessCount], [1, 1, 1]);
});
