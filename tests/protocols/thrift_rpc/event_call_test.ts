import assert from "node:assert/strict";
import fc from "fast-check";
import { EventBatch } from "sluice/plugin";
import { HeaderRows, writeBatch } from "../../../protocols/thrift_rpc/encode_batch.ts";
import { decodeCall, type EventCall } from "../../../protocols/thrift_rpc/event_call.ts";
import type { ThriftProtocol } from "../../../protocols/thrift_rpc/types.ts";
import { writerOf } from "../../../protocols/thrift_rpc/writer.ts";
import { frame, framesOf, GOLDEN_EVENTS, headOf, wire } from "../../support/thrift_wire.ts";
import { decodeWithLibrary, encodeWithLibrary, PLAIN_EVENTS, type PlainEvent } from "./library.ts";

const PROTOCOLS = ["compact", "binary"] as const;
const SEED = Deno.env.get("PROPERTY_SEED");
/** Damaged streams that are tried; more in a long run. */
const FUZZ_RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 3000);
const seed = SEED === undefined ? {} : { seed: Number(SEED) };

function batchOf(block: Uint8Array, { events }: EventCall): EventBatch {
  const { size, starts, ends, headers } = events!;
  return new EventBatch({ block, size, starts, ends, headers: headers.columns() });
}

function plainOf(batch: EventBatch): PlainEvent[] {
  return Array.from(
    batch,
    ({ headers, body }) => ({ headers: sorted(Object.entries(headers)), body: Array.from(body) }),
  );
}

function sorted(headers: PlainEvent["headers"]): PlainEvent["headers"] {
  return headers.toSorted(([one], [other]) => one < other ? -1 : 1);
}

function encode(protocol: ThriftProtocol, batch: EventBatch): Uint8Array {
  const writer = writerOf(protocol);
  const headers = new HeaderRows(batch.headers, writer, writerOf(protocol));
  writeBatch({ writer, headers, sequence: 7 }, batch, { from: 0, to: batch.size });
  return writer.bytes.written;
}

function batchFrom(events: readonly PlainEvent[]): EventBatch {
  return EventBatch.from(events.map(({ headers, body }) => ({
    headers: Object.fromEntries(headers),
    body: Uint8Array.from(body),
  })));
}

for (const protocol of PROTOCOLS) {
  Deno.test(`thrift ${protocol} calls of Flume give the events that it sent`, () => {
    const calls = framesOf(wire(`thrift-${protocol}`, "c2s")).map((bytes) => bytes.subarray(4));
    const decoded = calls.map((call) => decodeCall(protocol, call));
    assert.deepEqual(
      decoded.map(({ head }) => head),
      ["append", "appendBatch", "append"].map((name, index) => ({ kind: 1, name, sequence: index + 1 })),
    );
    const events = decoded.flatMap((call, index) => plainOf(batchOf(calls[index]!, call)));
    assert.deepEqual(
      events,
      GOLDEN_EVENTS.map(({ headers, body }) => ({ headers: sorted(Object.entries(headers)), body })),
    );
  });

  Deno.test(`thrift ${protocol} calls of another library are read, unknown fields skipped`, () => {
    fc.assert(
      fc.property(PLAIN_EVENTS, fc.boolean(), (events, hasUnknownFields) => {
        const call = encodeWithLibrary(protocol, events, hasUnknownFields).subarray(4);
        const decoded = decodeCall(protocol, call);
        assert.deepEqual(decoded.head, { kind: 1, name: "appendBatch", sequence: 7 });
        assert.deepEqual(
          plainOf(batchOf(call, decoded)),
          events.map(({ headers, body }) => ({ headers: sorted(headers), body })),
        );
      }),
      { numRuns: 150, ...seed },
    );
  });

  Deno.test(`thrift ${protocol} calls are what another library reads`, () => {
    fc.assert(
      fc.property(PLAIN_EVENTS, (events) => {
        const { head, events: read, left } = decodeWithLibrary(
          protocol,
          encode(protocol, batchFrom(events)).subarray(4),
        );
        assert.deepEqual(head, { kind: 1, name: "appendBatch", sequence: 7 });
        assert.equal(left, 0);
        assert.deepEqual(
          read.map(({ headers, body }) => ({ headers: sorted(headers), body })),
          events.map(({ headers, body }) => ({ headers: sorted(headers), body })),
        );
      }),
      { numRuns: 150, ...seed },
    );
  });

  Deno.test(`thrift ${protocol} call that is damaged gives events within the frame, or an error that tells where`, () => {
    const samples = framesOf(wire(`thrift-${protocol}`, "c2s")).map((bytes) => bytes.subarray(4));
    samples.push(
      Uint8Array.from(encodeWithLibrary(protocol, [{ headers: [["a", "b"]], body: [1] }], true).subarray(4)),
    );
    fc.assert(
      fc.property(damaged(samples), (bytes) => checkDecoding(protocol, bytes)),
      { numRuns: FUZZ_RUNS, ...seed },
    );
  });
}

/** A sample with bytes changed, cut out or put in; often in the first ones, where structure is. */
function damaged(samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.oneof(fc.nat(40), fc.nat(600)),
    cut: fc.oneof(fc.constant(1), fc.nat(4)),
    put: fc.uint8Array({ maxLength: 6 }),
  });
  return fc.tuple(fc.constantFrom(...samples), fc.array(change, { minLength: 1, maxLength: 4 })).map(
    ([sample, changes]) => {
      const bytes = Array.from(sample);
      for (const { at, cut, put } of changes) bytes.splice(at % (bytes.length + 1), cut, ...put);
      return Uint8Array.from(bytes);
    },
  );
}

function checkDecoding(protocol: ThriftProtocol, bytes: Uint8Array): void {
  let call: EventCall;
  try {
    call = decodeCall(protocol, bytes);
  } catch (cause) {
    assert.ok(cause instanceof RangeError, String(cause));
    return assert.match(cause.message, /offset \d+ of \d+|too much memory/);
  }
  if (call.fault) return assert.equal(call.events, undefined);
  const batch = batchOf(bytes, call);
  for (let index = 0; index < batch.size; index++) {
    assert.ok(batch.starts[index]! <= batch.ends[index]! && batch.ends[index]! <= bytes.length);
  }
  for (const event of batch) {
    assert.ok(Object.values(event.headers).every((value) => typeof value === "string"));
  }
}

Deno.test("thrift call that announces more than there is allocates nothing for it", () => {
  const lies: readonly (readonly [ThriftProtocol, string, RegExp])[] = [
    ["compact", `${headOf("appendBatch")} 19 fc ffffff07 1b00 1800 00 00`, /16777215 bytes announced/],
    [
      "compact",
      `${headOf("appendBatch")} 19 3c 1b00 1800 00 1b00 1800 00 00`,
      /3 events announced, 11 bytes left/,
    ],
    ["compact", `${headOf("append")} 1c 1b ffffff07 88 00 00 00`, /33554430 bytes announced/],
    ["compact", `${headOf("append")} 1c 1b00 18 ffffffff07 61`, /2147483647 bytes announced/],
    ["compact", `${headOf("append")} 1c 1b00 18 ffffffff0f 61`, /-1 bytes announced/],
    ["compact", `${headOf("append")} 1c 1b00 18 808080808000 61`, /a number of more than 5 bytes/],
    ["compact", `${headOf("append")} 1c 39 fc ffffff07 00`, /16777215 bytes announced/],
    ["binary", `${headOf("appendBatch", "binary")} 0f0001 0c 7fffffff 0d`, /2147483647 bytes announced/],
    ["binary", `${headOf("append", "binary")} 0c0001 0d0001 0b0b ffffffff`, /-1 bytes announced/],
    ["binary", `${headOf("append", "binary")} 0c0001 0d0001 0b0b 40000000 00`, /2147483648 bytes announced/],
  ];
  for (const [protocol, call, error] of lies) {
    assert.throws(() => decodeCall(protocol, frame(call).subarray(4)), error, call);
  }
});

Deno.test("thrift call with values within each other without end is refused", () => {
  const open = `${headOf("append")} ${"3c".repeat(100)}`;
  assert.throws(
    () => decodeCall("compact", frame(open).subarray(4)),
    /more than 64 values within each other/,
  );
});

Deno.test("thrift binary call with containers of values that take no bytes is refused, not counted through", () => {
  const lists = `0f0009 0f 00000100 ${"01 00000100".repeat(256)}`;
  assert.throws(
    () => decodeCall("binary", frame(`${headOf("append", "binary")} ${lists} 00`).subarray(4)),
    /unknown type 1/,
  );
});
