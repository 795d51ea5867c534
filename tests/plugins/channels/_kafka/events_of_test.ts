import assert from "node:assert/strict";
import { EventBatch } from "sluice/plugin";
import { eventReader } from "../../../../plugins/channels/_kafka/events_of.ts";
import type { FetchedRecords } from "../../../../protocols/kafka/client.ts";
import { encodeFlumeEvents } from "../../../../protocols/kafka/records/flume_event.ts";
import { testContext } from "../../../support/context.ts";

function recordsOf(bodies: FetchedRecords["bodies"], keys?: FetchedRecords["keys"]): FetchedRecords {
  const offsets = Float64Array.from({ length: bodies.size }, (_, index) => 100 + index);
  return {
    topic: "app",
    partition: 2,
    bodies,
    offsets,
    timestamps: offsets.map(() => 1_700_000_000_000),
    nextOffset: 100 + bodies.size,
    ...keys && { keys },
  };
}

Deno.test("kafka channel reads events with their headers, the record's key and its time", () => {
  const batch = EventBatch.from([
    { headers: { host: "web01", key: "of the event" }, body: "one" },
    { headers: { key: "stays" }, body: "two" },
  ]);
  const context = testContext();
  const [extract, ...more] = eventReader(true, context)(
    recordsOf(encodeFlumeEvents(batch), ["of the record", undefined]),
  );
  assert.deepEqual(more, []);
  assert.deepEqual(Array.from(extract!.batch, ({ headers }) => headers), [
    { host: "web01", key: "of the record" },
    { key: "stays" },
  ]);
  assert.deepEqual([extract!.batch.text(0), extract!.batch.text(1)], ["one", "two"]);
  assert.equal(extract!.batch.bornMs, 1_700_000_000_000);
});

Deno.test("kafka channel reads values as bodies, with the key as the only header", () => {
  const read = eventReader(false, testContext());
  const [extract] = read(recordsOf(EventBatch.from([{ body: "one" }, { body: "" }]), "k"));
  assert.deepEqual(Array.from(extract!.batch, ({ headers }) => headers), [{ key: "k" }, { key: "k" }]);
});

Deno.test("kafka channel keeps events when the fetched bytes are overwritten", () => {
  const bodies = EventBatch.from([{ body: "one" }, { body: "two" }]);
  const [extract] = eventReader(false, testContext())(recordsOf(bodies));
  bodies.block.fill(0);
  assert.equal(extract!.batch.text(1), "two");
});

Deno.test("kafka channel passes on values that are no Flume events, and says where they stand", () => {
  const { block, starts, ends } = encodeFlumeEvents(EventBatch.from([{ body: "one" }, { body: "two" }]));
  const odd = new TextEncoder().encode('{"json": true}');
  const bodies = EventBatch.ofBodies([
    odd,
    block.subarray(starts[0], ends[0]),
    odd,
    block.subarray(starts[1], ends[1]),
  ]);
  const context = testContext();
  const [extract] = eventReader(true, context)(recordsOf(bodies));
  const status = (index: number) => extract!.batch.header(index, "flume.kafka.status");
  const told = Array.from({ length: 4 }, (_, index) => [extract!.batch.text(index), status(index)]);
  const invalid = ['{"json": true}', "Invalid"];
  assert.deepEqual(told, [invalid, ["one", undefined], invalid, ["two", undefined]]);
  assert.equal(context.counters.get("EventReadFail"), 2);
  assert.equal(context.lines[0]!.properties!.record, "app/2 offset 100");
  assert.match(context.lines[0]!.text, /parseAsFlumeEvent: false/);
});

Deno.test("kafka channel reads events with so many different headers that one batch cannot hold them", () => {
  const size = 5000;
  const many = Array.from(
    { length: size },
    (_, index) => ({ headers: { [`name${index}`]: "v" }, body: `${index}` }),
  );
  const context = testContext();
  const values = many.map((event) => encodeFlumeEvents(EventBatch.from([event])).block.slice());
  const extracts = eventReader(true, context)(recordsOf(EventBatch.ofBodies(values)));
  assert.ok(extracts.length > 1, `${extracts.length}`);
  assert.equal(extracts.reduce((sum, { batch }) => sum + batch.size, 0), size);
  assert.deepEqual(extracts.map(({ from }) => from).slice(1), extracts.map(({ to }) => to).slice(0, -1));
  assert.equal(extracts.at(-1)!.batch.header(extracts.at(-1)!.batch.size - 1, `name${size - 1}`), "v");
  assert.deepEqual(context.lines, []);
});
