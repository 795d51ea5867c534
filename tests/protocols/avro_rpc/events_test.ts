import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import avsc from "avsc";
import fc from "fast-check";
import { EventBatch } from "sluice/plugin";
import { ByteWriter } from "../../../protocols/byte_writer.ts";
import { AvroCursor } from "../../../protocols/avro_rpc/cursor.ts";
import type { EventColumns } from "../../../protocols/avro_rpc/event_columns.ts";
import { EventWriter } from "../../../protocols/avro_rpc/event_writer.ts";
import { readEvent, readEvents } from "../../../protocols/avro_rpc/read_events.ts";
import { cursorAt, GOLDEN, plainEvents } from "../../support/avro_wire.ts";

const SEED = Deno.env.get("PROPERTY_SEED");
const SEEDED = SEED === undefined ? {} : { seed: Number(SEED) };

/** The library's own idea of the bytes. */
const LIBRARY = avsc.Type.forSchema({
  type: "array",
  items: {
    type: "record",
    name: "AvroFlumeEvent",
    fields: [{ name: "headers", type: { type: "map", values: "string" } }, { name: "body", type: "bytes" }],
  },
});

const NAME = fc.oneof(
  fc.constantFrom("host", "timestamp", "kéy", ""),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);
const VALUE = fc.oneof(
  fc.constantFrom("web-1", "1700000000000", ""),
  fc.string({ unit: "grapheme", maxLength: 80 }),
);
const EVENTS = fc.array(
  fc.record({
    headers: fc.array(fc.tuple(NAME, VALUE), { maxLength: 4 }).map((pairs) =>
      Object.fromEntries(pairs.filter(([name]) => name !== "__proto__"))
    ),
    body: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ minLength: 60, maxLength: 200 })),
  }),
  { maxLength: 8 },
);

function write(events: EventColumns): Uint8Array {
  const writer = new ByteWriter();
  new EventWriter(writer).writeAll(events);
  return writer.written.slice();
}

function batchOf({ block, starts, ends, size, headers }: EventColumns): EventBatch {
  return new EventBatch({ block, starts, ends, size, headers });
}

function plain(events: readonly { headers: Record<string, string>; body: Uint8Array }[]) {
  const latin1 = new TextDecoder("latin1");
  return events.map(({ headers, body }) => ({ headers: { ...headers }, body: latin1.decode(body) }));
}

Deno.test("events that were written are read by the library as they were", () => {
  fc.assert(
    fc.property(EVENTS, (events) => {
      assert.deepEqual(plain(LIBRARY.fromBuffer(Buffer.from(write(EventBatch.from(events))))), plain(events));
    }),
    SEEDED,
  );
});

Deno.test("events that the library wrote are read as they were", () => {
  fc.assert(
    fc.property(EVENTS, (events) => {
      const bytes = LIBRARY.toBuffer(
        events.map(({ headers, body }) => ({ headers, body: Buffer.from(body) })),
      );
      const cursor = new AvroCursor(new Uint8Array(bytes));
      assert.deepEqual(plainEvents(batchOf(readEvents(cursor))), plain(events));
      assert.equal(cursor.bytesLeft, 0);
    }),
    SEEDED,
  );
});

Deno.test("events that were written are read as they were, one by one as well", () => {
  for (const event of GOLDEN) {
    const writer = new ByteWriter();
    new EventWriter(writer).writeEach(EventBatch.from([event]));
    assert.deepEqual(plainEvents(batchOf(readEvent(new AvroCursor(writer.written)))), plain([event]));
  }
});

Deno.test("events in several blocks, with their lengths or without, are read", () => {
  const one = write(EventBatch.from(GOLDEN.slice(0, 1))).slice(1, -1);
  const two = write(EventBatch.from(GOLDEN.slice(1, 3))).slice(1, -1);
  const length = new ByteWriter();
  length.zigzag(two.length);
  // A block of one event, one of two that says how long it is (a negative count), and the end.
  const cursor = cursorAt([2, ...one, 3, ...length.written, ...two, 0]);
  assert.deepEqual(plainEvents(batchOf(readEvents(cursor))), plain(GOLDEN.slice(0, 3)));
  assert.equal(cursor.bytesLeft, 0);
});

Deno.test("a header that all events share is one string, however many there are", () => {
  const events = Array.from(
    { length: 1000 },
    (_, i) => ({ headers: { host: "web-1", n: String(i) }, body: "x" }),
  );
  const { headers } = readEvents(new AvroCursor(write(EventBatch.from(events))));
  assert.equal(headers.get("host"), "web-1");
  assert.equal((headers.get("n") as string[]).length, 1000);
});

/** Names as a Java program put them into a HashMap one by one, and in what order it then gave the first so many. */
const NAMES = "n timestamp kéy host basename file severity Facility a b c d e f g Aa BB".split(" ");
const JAVA_ORDERS: Readonly<Record<number, string>> = {
  2: "n timestamp",
  4: "host kéy n timestamp",
  12: "severity a b basename file c d host kéy Facility n timestamp",
  13: "severity a b c d e n basename file host kéy Facility timestamp",
  17: "severity Aa BB a b c d e f g n basename file host kéy Facility timestamp",
};

function writtenNames(bytes: Uint8Array): string[] {
  return readRaw(bytes).map((names) => names.join(" "));
}

/** The names of each event's headers as they stand in the bytes. */
function readRaw(bytes: Uint8Array): string[][] {
  const cursor = new AvroCursor(bytes);
  return Array.from({ length: cursor.blockCount(2) }, () => {
    const names: string[] = [];
    for (let count = cursor.blockCount(2); count > 0; count--) {
      names.push(cursor.text());
      cursor.skip();
    }
    if (names.length > 0) cursor.blockCount(2);
    cursor.skip();
    return names;
  });
}

Deno.test("headers are written in the order of Java's HashMap, as Flume's client does", () => {
  const events = Object.keys(JAVA_ORDERS).map((count) => ({
    headers: Object.fromEntries(NAMES.slice(0, Number(count)).map((name) => [name, "x"])),
    body: "",
  }));
  for (const event of events) {
    const [names] = writtenNames(write(EventBatch.from([event])));
    assert.equal(names, JAVA_ORDERS[Object.keys(event.headers).length]);
  }
  assert.deepEqual(writtenNames(write(EventBatch.from(events))), Object.values(JAVA_ORDERS));
});

const LIES: readonly { readonly what: string; readonly bytes: readonly number[]; readonly says: RegExp }[] = [
  {
    what: "more events than there are bytes",
    bytes: [0xFE, 0xFF, 0x0F, 0, 0, 0],
    says: /Byte 0: 131071 entries/,
  },
  { what: "no end of the list", bytes: [2, 0, 0], says: /Byte 3: a number goes beyond the end/ },
  {
    what: "a body beyond the end",
    bytes: [2, 0, 20, 1],
    says: /Byte 2: 10 bytes announced where 1 are left/,
  },
  { what: "a body of negative length", bytes: [2, 0, 1, 0], says: /Byte 2: -1 bytes announced/ },
  { what: "a header without a value", bytes: [2, 2, 2, 65], says: /a number goes beyond|entries announced/ },
  {
    what: "a number of eleven bytes",
    bytes: [...new Array(11).fill(0x80), 0],
    says: /Byte 0: a number is too large/,
  },
  {
    what: "a number beyond 2^53",
    bytes: [...new Array(9).fill(0xFF), 1],
    says: /Byte 0: a number is too large/,
  },
];
for (const { what, bytes, says } of LIES) {
  Deno.test(`events with ${what} are refused`, () => {
    assert.throws(() => readEvents(cursorAt(bytes)), { name: "RangeError", message: says });
  });
}

Deno.test("header names that differ in each event do not take the square of their number", () => {
  const events = Array.from({ length: 3000 }, (_, i) => ({ headers: { [`h${i}`]: "" }, body: "" }));
  const bytes = new Uint8Array(
    LIBRARY.toBuffer(events.map(({ headers }) => ({ headers, body: Buffer.alloc(0) }))),
  );
  assert.throws(() => readEvents(new AvroCursor(bytes)), {
    name: "RangeError",
    message: /take too much memory/,
  });
});
