import assert from "node:assert/strict";
import { type Column, EventBatch } from "sluice/plugin";
import { EventMaker, type EventSettings } from "../../../../plugins/sources/_kafka/event_maker.ts";
import type { FetchedRecords } from "../../../../protocols/kafka/client.ts";
import { encodeFlumeEvents } from "../../../../protocols/kafka/records/flume_event.ts";
import { testContext } from "../../../support/context.ts";

const NOW = 1_795_227_685_564;
const DEFAULTS: EventSettings = {
  useFlumeEventFormat: false,
  setTopicHeader: true,
  topicHeader: "topic",
  setOffsetHeader: true,
  header: {},
};

function fetched(batch: EventBatch, change: Partial<FetchedRecords> = {}): FetchedRecords {
  const { size } = batch;
  return {
    topic: "app",
    partition: 3,
    bodies: batch,
    offsets: Float64Array.from({ length: size }, (_, index) => 70 + index),
    timestamps: new Float64Array(size).fill(1_700_000_000_123),
    nextOffset: 70 + size,
    ...change,
  };
}

function make(records: FetchedRecords, settings: Partial<EventSettings> = {}) {
  const clock = { now: () => NOW, sleep: () => Promise.resolve() };
  const context = testContext({ clock });
  const batches = new EventMaker({ ...DEFAULTS, ...settings }, context).batches(records);
  return { context, batches, events: batches.flatMap((batch) => [...batch]) };
}

const TWO = EventBatch.from([{ body: "a" }, { body: "b" }]);

Deno.test("events have Flume's headers: time of reading, topic, partition, offset, and the key of those with one", () => {
  const { events, batches } = make(fetched(TWO, { keys: ["k", undefined] }));
  const all = { timestamp: String(NOW), topic: "app", partition: "3" };
  assert.deepEqual(events.map(({ headers }) => headers), [
    { ...all, offset: "70", key: "k" },
    { ...all, offset: "71" },
  ]);
  assert.equal(batches[0]!.block, TWO.block);
});

Deno.test("headers can be left out, renamed, and taken from the record with its own time", () => {
  const headers = new Map<string, Column>([["trace", ["t1", undefined]], ["other", "x"]]);
  const { events } = make(fetched(TWO, { headers }), {
    setTopicHeader: false,
    setOffsetHeader: false,
    timestampHeader: "timestamp",
    header: { traceId: "trace" },
  });
  const timestamp = "1700000000123";
  assert.deepEqual(events.map(({ headers }) => headers), [
    { timestamp, partition: "3", traceId: "t1" },
    { timestamp, partition: "3" },
  ]);
  assert.equal(make(fetched(TWO), { topicHeader: "from" }).events[0]!.headers.from, "app");
});

Deno.test("headers of Flume events stand, what they lack is added, and the record's key wins", () => {
  const sent = EventBatch.from([
    { body: "a", headers: { topic: "origin", timestamp: "5", key: "old", host: "h" } },
    { body: "b" },
  ]);
  const { events } = make(fetched(asFlumeEvents(sent), { keys: ["new", undefined] }), {
    useFlumeEventFormat: true,
  });
  assert.deepEqual(
    events.map(({ headers, body }) => ({ ...headers, body: new TextDecoder().decode(body) })),
    [
      { topic: "origin", timestamp: "5", key: "new", host: "h", partition: "3", offset: "70", body: "a" },
      { topic: "app", timestamp: String(NOW), partition: "3", offset: "71", body: "b" },
    ],
  );
});

Deno.test("value that is no Flume event is passed on whole, marked, counted and told of once", () => {
  const { block, starts, ends } = asFlumeEvents(TWO);
  const bad = new TextEncoder().encode("plain text");
  const bodies = EventBatch.ofBodies([block.subarray(starts[0], ends[0]), bad, bad, new Uint8Array(0)]);
  const { events, context } = make(fetched(bodies, { nulls: [3] }), { useFlumeEventFormat: true });
  assert.deepEqual(events.map(({ headers }) => headers["flume.kafka.status"]), [
    undefined,
    "Invalid",
    "Invalid",
    "Null",
  ]);
  assert.deepEqual(
    events.map(({ body }) => new TextDecoder().decode(body)),
    ["a", "plain text", "plain text", ""],
  );
  assert.equal(context.counters.get("EventReadFail"), 2);
  assert.equal(context.lines.length, 1);
  assert.deepEqual(context.lines[0]!.properties!.offset, 71);
});

Deno.test("record without a value is an empty event that says so", () => {
  const one = EventBatch.from([{ body: "" }]);
  assert.equal(make(fetched(one, { nulls: [0] })).events[0]!.headers["flume.kafka.status"], "Null");
  const { events } = make(fetched(TWO, { nulls: [1] }));
  assert.deepEqual(events.map(({ headers }) => headers["flume.kafka.status"]), [undefined, "Null"]);
});

Deno.test("exact bytes of a key or header that is no UTF-8 come along", () => {
  const headers = new Map([["key.base64", "/w=="], ["h", "\uFFFD"], ["h.base64", "/g=="]]);
  const { events } = make(fetched(TWO, { keys: "\uFFFD", headers }), { header: { from: "h" } });
  const { key, from, "key.base64": exactKey, "from.base64": exactFrom } = events[0]!.headers;
  assert.deepEqual([key, exactKey, from, exactFrom], ["\uFFFD", "/w==", "\uFFFD", "/g=="]);
});

Deno.test("events with more different headers than one batch can hold come in several, none lost", () => {
  const size = 1500;
  const sent = EventBatch.from(
    Array.from({ length: size }, (_, index) => ({ body: String(index), headers: { [`h${index}`]: "v" } })),
  );
  const { batches, events } = make(fetched(asFlumeEvents(sent)), { useFlumeEventFormat: true });
  assert.ok(batches.length > 1);
  assert.equal(events.length, size);
  events.forEach(({ headers, body }, index) => {
    assert.equal(new TextDecoder().decode(body), String(index));
    assert.deepEqual([headers[`h${index}`], headers.offset], ["v", String(70 + index)]);
  });
});

Deno.test("columns for each event are made only when somebody asks for them, and are sliced right", () => {
  let reads = 0;
  const offsets = new Proxy(new Float64Array([7, 8, 9]), {
    get(target, name) {
      reads++;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const three = EventBatch.from([{ body: "a" }, { body: "b" }, { body: "c" }]);
  const [batch] = make(fetched(three, { offsets })).batches as [EventBatch];
  const before = reads;
  assert.equal(batch.with({ bornMs: 5 }).header(1, "topic"), "app");
  assert.equal(reads, before);
  assert.equal(batch.slice(1, 3).header(0, "offset"), "8");
  assert.deepEqual(batch.withHeader("x", "y").event(2).headers.offset, "9");
});

function asFlumeEvents(batch: EventBatch): EventBatch {
  const { block, starts, ends } = encodeFlumeEvents(batch);
  return new EventBatch({ block: block.slice(), starts, ends });
}
