import assert from "node:assert/strict";
import fc from "fast-check";
import { compressSnappy, expandSnappy } from "../../protocols/snappy.ts";
import { manyLines, sampleBytes } from "../support/samples.ts";

Deno.test("snappy expands what it has compressed, and text becomes much smaller", () => {
  const text = manyLines(5000);
  const packed = compressSnappy(text);
  assert.ok(packed.length < text.length / 2);
  assert.deepEqual(expandSnappy(packed, text.length), text);
});

Deno.test("snappy expands what it has compressed, whatever the bytes", () => {
  const run = fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 400 }));
  fc.assert(
    fc.property(fc.array(run, { maxLength: 12 }), (runs) => {
      const bytes = Uint8Array.from(
        runs.flatMap(([part, times]) => Array.from({ length: times }, () => [...part]).flat()),
      );
      assert.deepEqual(expandSnappy(compressSnappy(bytes), bytes.length), bytes);
    }),
    { numRuns: 60 },
  );
  const noise = crypto.getRandomValues(new Uint8Array(65_536));
  assert.deepEqual(expandSnappy(compressSnappy(noise), noise.length), noise);
});

Deno.test("snappy expands every form of element", () => {
  // "abcd" literal, copy 1 of 4 at 4, copy 2 of 3 at 8, copy 4 of 2 at 1, literal with a length byte.
  const packed = Uint8Array.of(14, 12, 97, 98, 99, 100, 1, 4, 10, 8, 0, 7, 1, 0, 0, 0, 240, 0, 33);
  assert.equal(new TextDecoder().decode(expandSnappy(packed, 100)), "abcdabcdabccc!");
});

Deno.test("snappy refuses damaged blocks and those that are larger than allowed", () => {
  const packed = compressSnappy(sampleBytes("access.log"));
  assert.throws(() => expandSnappy(packed, 1000), /exceeds 1000/);
  assert.throws(() => expandSnappy(packed.subarray(0, packed.length - 3), 1 << 20), /damaged at byte/);
  assert.throws(() => expandSnappy(Uint8Array.of(4, 1, 9), 100), /damaged/);
  assert.throws(() => expandSnappy(Uint8Array.of(0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1), 100), /no valid length/);
});
