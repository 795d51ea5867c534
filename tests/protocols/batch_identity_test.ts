import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeIdentity, encodeIdentity, type WireRun } from "../../protocols/batch_identity.ts";

const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 500);
const number = fc.oneof(fc.nat(1000), fc.integer({ min: 0, max: 2 ** 50 }));
const run = fc.record({
  after: number,
  gap: fc.nat(100),
  count: fc.integer({ min: 1, max: 2 ** 40 }),
  timeMs: number,
})
  .map(({ after, gap, count, timeMs }): WireRun => ({ after, first: after + gap, count, timeMs }));

Deno.test("batch identity is the same after encoding and decoding, whatever its numbers", () => {
  const identity = fc.record(
    { stream: fc.string({ minLength: 1, maxLength: 40, unit: "binary" }), runs: fc.array(run) },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(identity, (written) => assert.deepEqual(decodeIdentity(encodeIdentity(written)), written)),
    { numRuns: RUNS },
  );
});

Deno.test("batch identity that was damaged on its way is refused with a RangeError, or reads as another one", () => {
  const whole = encodeIdentity({
    stream: "main@1f.0",
    runs: [{ first: 900, count: 100, after: 900, timeMs: 1.7e12 }, {
      first: 1004,
      count: 5,
      after: 1000,
      timeMs: 1.7e12,
    }],
  });
  const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(damage, fc.nat(whole.length), (changes, length) => {
      const bytes = whole.slice();
      for (const [at, value] of changes) bytes[at] = value;
      try {
        for (const { first, count, after } of decodeIdentity(bytes.subarray(0, length)).runs) {
          assert.ok(after >= 0 && after <= first && count > 0 && Number.isSafeInteger(first + count));
        }
      } catch (cause) {
        assert.ok(cause instanceof RangeError, String(cause));
      }
    }),
    { numRuns: RUNS },
  );
});

Deno.test("batch identity that announces a million runs is refused before it is read", () => {
  const bytes = Uint8Array.of(1, 1, 97, 0xff, 0xff, 0xff, 0x7f);
  assert.throws(() => decodeIdentity(bytes), /268435455 runs, the limit is 65536/);
});
