import assert from "node:assert/strict";
import { DeliveryError, EventBatch } from "sluice/plugin";
import { RecordMaker, type RecordSettings } from "../../../../plugins/channels/_kafka/records_of.ts";

const SETTINGS: RecordSettings = {
  topic: "app",
  parsesFlumeEvents: false,
  batchBytes: 1000,
  maxRecordBytes: 1000,
};
const NOW = { partitionCount: 4, nowMs: 1_700_000_000_000 };

function recordsOf(batch: EventBatch, change: Partial<RecordSettings> = {}) {
  const parts = new RecordMaker({ ...SETTINGS, ...change }).partsOf(batch, NOW);
  return parts.map(({ partition, bodies: { block, starts, ends, size }, keys }) => ({
    partition,
    keys,
    values: Array.from({ length: size }, (_, index) => block.subarray(starts[index], ends[index])),
  }));
}

const bytesOf = (text: string) => new Uint8Array(new TextEncoder().encode(text));

Deno.test("kafka channel writes the bytes of Flume's channel", () => {
  const batch = EventBatch.from([{ headers: { key: "k1", host: "web01" }, body: "GET /" }, { body: "" }]);
  const [one, ...more] = recordsOf(batch, { parsesFlumeEvents: true, defaultPartitionId: 2 });
  assert.deepEqual(more, []);
  assert.equal(one!.partition, 2);
  assert.deepEqual(one!.keys, ["k1", undefined]);
  assert.deepEqual(one!.values, [
    bytesOf("\x04\x08host\x0aweb01\x06key\x04k1\x00\x0aGET /"),
    bytesOf("\x00\x00"),
  ]);
});

Deno.test("kafka channel puts bodies without headers where events are not parsed", () => {
  const batch = EventBatch.from([{ headers: { host: "web01" }, body: "GET /" }]);
  assert.deepEqual(recordsOf(batch)[0]!.values, [bytesOf("GET /")]);
});

Deno.test("kafka channel finds the partition in the header, else the default, else by the key", () => {
  const batch = EventBatch.from([
    { headers: { p: "3" }, body: "a" },
    { headers: { p: "+1" }, body: "b" },
    { body: "c" },
    { headers: { p: "3" }, body: "d" },
  ]);
  const byHeader = { partitionIdHeader: "p", defaultPartitionId: 0 };
  const found = recordsOf(batch, byHeader).map(({ partition, values }) => [partition, values.length]);
  assert.deepEqual(found, [[3, 2], [1, 1], [0, 1]]);
  const byKey = EventBatch.from([{ body: "a" }, { body: "b" }]).withHeader("key", "customer-42");
  // Each maker begins with another partition for events without a key.
  const makers = Array.from({ length: 20 }, () => recordsOf(byKey).map(({ partition }) => partition));
  assert.deepEqual(makers, makers.map(() => makers[0]!));
  assert.equal(makers[0]!.length, 1);
});

Deno.test("kafka channel refuses a put whose event names no partition, with the value", () => {
  for (const value of ["4", "-1", "two", "99999999999", ""]) {
    const batch = EventBatch.from([{ body: "a" }, { headers: { p: value }, body: "b" }]);
    assert.throws(() => recordsOf(batch, { partitionIdHeader: "p" }), (thrown: Error) => {
      assert.ok(thrown instanceof DeliveryError);
      assert.match(
        thrown.message,
        /^Cannot put: header "p" holds "[^"]*", topic "app" has partitions 0 to 3$/,
      );
      return true;
    });
  }
});

Deno.test("kafka channel refuses a put with an event that no request can hold, key and headers counted", () => {
  const fits = EventBatch.from([{ body: "x".repeat(900) }]);
  assert.equal(recordsOf(fits).length, 1);
  const larger = {
    name: "DeliveryError",
    message: /an event of \d+ bytes is larger than .*max\.request\.size, 1000/,
  };
  assert.throws(() => recordsOf(fits.withHeader("key", "k".repeat(100))), larger);
  const named = fits.withHeader("host", "h".repeat(100));
  assert.throws(() => recordsOf(named, { parsesFlumeEvents: true }), larger);
  assert.equal(recordsOf(named).length, 1);
});
