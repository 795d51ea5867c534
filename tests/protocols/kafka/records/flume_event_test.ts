import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import avsc from "avsc";
import fc from "fast-check";
import type { EventColumns } from "../../../../protocols/avro_rpc/event_columns.ts";
import { decodeFlumeEvents, encodeFlumeEvents } from "../../../../protocols/kafka/records/flume_event.ts";

const SEED = Deno.env.get("PROPERTY_SEED");
const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 500);
const OPTIONS = { numRuns: RUNS, ...SEED === undefined ? {} : { seed: Number(SEED) } };
const TYPE = avsc.Type.forSchema({
  type: "record",
  name: "AvroFlumeEvent",
  fields: [{ name: "headers", type: { type: "map", values: "string" } }, { name: "body", type: "bytes" }],
});

interface FlumeEvent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const text = fc.string({ unit: "grapheme", maxLength: 50 });
const event: fc.Arbitrary<FlumeEvent> = fc.record({
  headers: fc.dictionary(fc.constantFrom("host", "timestamp", "ä", "x"), text, { noNullPrototype: true }),
  body: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
}, { noNullPrototype: true });
const events = fc.array(event, { maxLength: 12 });

/** Bodies in one block, with something between them. */
function bodiesOf(values: readonly Uint8Array[]): Omit<EventColumns, "headers"> {
  const starts = new Uint32Array(values.length);
  const ends = new Uint32Array(values.length);
  const block = Buffer.concat(values.flatMap((value) => [Buffer.from([0xFF]), value]));
  for (let at = 0, index = 0; index < values.length; at = ends[index++]!) {
    starts[index] = at + 1;
    ends[index] = at + 1 + values[index]!.length;
  }
  return { block: new Uint8Array(block), starts, ends, size: values.length };
}

function columnsOf(sent: readonly FlumeEvent[]): EventColumns {
  const names = new Set(sent.flatMap(({ headers }) => Object.keys(headers)));
  const headers = new Map([...names].map((name) => [name, sent.map(({ headers }) => headers[name])]));
  return { ...bodiesOf(sent.map(({ body }) => body)), headers };
}

function eventsOf({ block, starts, ends, size, headers }: EventColumns): FlumeEvent[] {
  return Array.from({ length: size }, (_, index) => ({
    headers: Object.fromEntries(
      Array.from(headers, ([name, column]) => [name, typeof column === "string" ? column : column[index]])
        .filter(([, value]) => value !== undefined),
    ),
    body: Buffer.from(block.subarray(starts[index], ends[index])),
  }));
}

Deno.test("events are written as Avro's own library reads them", () => {
  fc.assert(
    fc.property(events, (sent) => {
      const { block, starts, ends, size } = encodeFlumeEvents(columnsOf(sent));
      assert.equal(size, sent.length);
      sent.forEach((one, index) => {
        const { headers, body } = TYPE.fromBuffer(Buffer.from(block.subarray(starts[index], ends[index])));
        assert.deepEqual({ headers: { ...headers }, body }, one);
      });
    }),
    OPTIONS,
  );
});

Deno.test("events are read as Avro's own library writes them, without copying bodies", () => {
  fc.assert(
    fc.property(events, (sent) => {
      const values = bodiesOf(sent.map((one) => TYPE.toBuffer(one)));
      const { events, faults } = decodeFlumeEvents(values);
      assert.deepEqual([eventsOf(events), faults], [sent, []]);
      assert.equal(events.block, values.block);
    }),
    OPTIONS,
  );
});

Deno.test("headers in several blocks, with lengths or without, are read", () => {
  // One entry a=1; a block of one entry with its length in bytes, b=2; the end; the body "hi".
  const value = Buffer.from(
    "02" + "0261" + "0231" + "01" + "08" + "0262" + "0232" + "00" + "04" + "6869",
    "hex",
  );
  const { events } = decodeFlumeEvents(bodiesOf([value]));
  assert.deepEqual(eventsOf(events), [{ headers: { a: "1", b: "2" }, body: Buffer.from("hi") }]);
});

Deno.test("a value that is no event keeps its bytes and is named, and does not disturb its neighbours", () => {
  const good = TYPE.toBuffer({ headers: { a: "1" }, body: Buffer.from("x") });
  const bad = ["plain text", "", "{}"].map((text) => Buffer.from(text));
  const cut = good.subarray(0, -1);
  const { events, faults } = decodeFlumeEvents(bodiesOf([good, ...bad, cut, good]));
  assert.deepEqual(faults.map(({ index }) => index), [1, 2, 3, 4]);
  assert.ok(faults.every(({ reason }) => reason.startsWith("No Flume event")));
  const whole = { headers: { a: "1" }, body: Buffer.from("x") };
  const none = (body: Uint8Array) => ({ headers: {}, body: Buffer.from(body) });
  assert.deepEqual(eventsOf(events), [whole, ...bad.map(none), none(cut), whole]);
});

Deno.test("random values are events within their bytes, or faults", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), (values) => {
      const bodies = bodiesOf(values);
      const { events } = decodeFlumeEvents(bodies);
      for (let index = 0; index < values.length; index++) {
        assert.ok(events.starts[index]! >= bodies.starts[index]!);
        assert.ok(events.starts[index]! <= events.ends[index]! && events.ends[index]! <= bodies.ends[index]!);
      }
    }),
    OPTIONS,
  );
});
