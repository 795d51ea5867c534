import assert from "node:assert/strict";
import fc from "fast-check";
import { EventBatch } from "sluice/plugin";
import { decodeFrame, encodeFrame } from "../../protocols/event_frame.ts";
import { checkShape, plain, PooledBatch, sampleBatch, sampleBatches } from "../contracts/batches.ts";
import { MODELLED } from "../property/model.ts";

const HEAD_BYTES = 64;

/** Memory with old bytes in it, longer than what was asked for. */
function dirtyRoom(bytes: number): Uint8Array {
  return new Uint8Array(bytes + 24).fill(0x58);
}

function payloadOf(batch: EventBatch): Uint8Array {
  return encodeFrame(batch, dirtyRoom, HEAD_BYTES).subarray(HEAD_BYTES);
}

function readBack(payload: Uint8Array): EventBatch {
  const batch = new EventBatch(decodeFrame(payload));
  checkShape(batch);
  return batch;
}

function assertSame(read: EventBatch, written: EventBatch): void {
  assert.deepEqual(plain(read), plain(written.with({ position: undefined })));
}

Deno.test("event frame gives back bodies, headers and layouts of all manners of batches", () => {
  for (const batch of sampleBatches()) {
    const read = readBack(payloadOf(batch));
    assertSame(read, batch);
    assert.equal(read.layout, batch.layout);
  }
});

Deno.test("event frame gives back whatever lies anywhere in a block", () => {
  fc.assert(fc.property(MODELLED, ({ batch }) => {
    const read = readBack(payloadOf(batch));
    assertSame(read, batch);
    if (read.layout === "dense") {
      for (let index = 0; index < read.size; index++) assert.equal(read.block[read.ends[index]!], 10);
    }
  }));
});

Deno.test("event frame keeps nothing of the block it was written from", () => {
  const original = sampleBatch("access.log").withHeader("host", "web01");
  const pooled = new PooledBatch(original);
  const payload = payloadOf(pooled.batch);
  pooled.overwrite();
  assertSame(readBack(payload), original);
});

Deno.test("event frame leaves the first bytes of its room free", () => {
  const frame = encodeFrame(sampleBatch("crlf.txt"), dirtyRoom, HEAD_BYTES);
  assert.ok(frame.subarray(0, HEAD_BYTES).every((byte) => byte === 0x58));
});

Deno.test("event frame gives views of its payload, no copies of bodies", () => {
  const payload = payloadOf(sampleBatch("access.log"));
  assert.equal(decodeFrame(payload).block.buffer, payload.buffer);
});

Deno.test("event frame can be read at an odd offset", () => {
  const batch = sampleBatch("invalid_utf8.log");
  const payload = payloadOf(batch);
  const shifted = new Uint8Array(payload.length + 1);
  shifted.set(payload, 1);
  assertSame(readBack(shifted.subarray(1)), batch);
});

Deno.test("event frame stores lengths above 65535, and gaps above it", () => {
  const block = new Uint8Array(400_000).map((_, index) => index);
  const long = new EventBatch({
    block,
    starts: new Uint32Array([5, 100_000]),
    ends: new Uint32Array([90_000, 390_000]),
  });
  assertSame(readBack(payloadOf(long)), long);
  const varied = new EventBatch({
    block,
    starts: new Uint32Array([0, 130_000, 200_001]),
    ends: new Uint32Array([60_000, 190_000, 260_000]),
  });
  assertSame(readBack(payloadOf(varied)), varied);
});

Deno.test("event frame leaves out what a filter dropped, when that is most of the block", () => {
  for (const layout of ["dense", "sparse", "packed"] as const) {
    const kept = sampleBatch("access.log").with({ layout }).filter((index) => index % 8 === 0);
    const payload = payloadOf(kept);
    assert.ok(payload.length < 200 + kept.bodyBytes + 3 * kept.size, `${payload.length} bytes`);
    const read = readBack(payload);
    assertSame(read, kept);
    assert.equal(read.layout, layout === "packed" ? "packed" : "dense");
  }
});

Deno.test("event frame spends two bytes on an event of a dense batch beside its line", () => {
  const batch = sampleBatch("access.log");
  assert.equal(payloadOf(batch).length, 16 + 3 * batch.size + batch.bodyBytes);
});

Deno.test("event frame keeps header names and values that are no plain words", () => {
  const batch = EventBatch.from([{ body: "a" }, { body: "b" }])
    .withHeader("__proto__", "x").withHeader("größe", ["\uD800", undefined]).withHeader("", ["", "\uFEFF"]);
  const read = readBack(payloadOf(batch));
  assert.deepEqual([...read.headers], [...batch.headers]);
});

Deno.test("event frame takes headers that are known still instead of reading them", () => {
  const batch = sampleBatch("access.log").withHeader("host", "web01");
  assert.equal(decodeFrame(payloadOf(batch), batch.headers).headers, batch.headers);
});

Deno.test("event frame that is cut short anywhere is refused", () => {
  const payload = payloadOf(sampleBatch("access.log", 3).withHeader("status", ["200", undefined, "404"]));
  for (let length = 0; length < payload.length; length++) {
    assert.throws(() => decodeFrame(payload.subarray(0, length)), RangeError, `${length} bytes`);
  }
});

Deno.test("event frame with damaged bytes is refused or read as some batch, never worse", () => {
  const batch = sampleBatch("access.log", 4).withHeader("status", ["200", undefined, "404", "500"]);
  const payload = payloadOf(batch);
  const at = fc.nat(payload.length - 1);
  fc.assert(fc.property(fc.array(fc.tuple(at, fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
    const bytes = payload.slice();
    for (const [offset, value] of changes) bytes[offset] = value;
    try {
      readBack(bytes);
    } catch (thrown) {
      assert.ok(thrown instanceof RangeError, String(thrown));
    }
  }));
});
