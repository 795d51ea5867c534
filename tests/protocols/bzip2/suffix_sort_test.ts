import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { sortRotations } from "../../../protocols/bzip2/rotate.ts";
import { sortSuffixes } from "../../../protocols/bzip2/suffix_sort.ts";

/** A failing run prints its seed; PROPERTY_SEED takes it back. */
const SEED = Deno.env.get("PROPERTY_SEED");
const RUNS = { numRuns: 500, ...SEED === undefined ? {} : { seed: Number(SEED) } };
/** Few letters make texts that repeat themselves. */
const TEXT = fc.integer({ min: 0, max: 255 }).chain((max) =>
  fc.uint8Array({ minLength: 1, maxLength: 200, max: Math.min(max, 255) })
);

Deno.test("suffixes come in the order of their bytes", () => {
  fc.assert(
    fc.property(fc.oneof(TEXT, fc.uint8Array({ maxLength: 60, max: 1 })), (text) => {
      const expected = Array.from(text.keys()).sort((one, other) =>
        Buffer.compare(text.subarray(one), text.subarray(other))
      );
      assert.deepEqual(Array.from(sortSuffixes(text)), expected);
    }),
    RUNS,
  );
});

Deno.test("rotations come in order, also those of a text that repeats itself", () => {
  const periodic = fc.tuple(
    fc.uint8Array({ minLength: 1, maxLength: 8, max: 2 }),
    fc.integer({ min: 1, max: 9 }),
  );
  const texts = fc.oneof(TEXT, periodic.map(([part, times]) => repeat(part, times)));
  fc.assert(
    fc.property(texts, (text) => {
      const rotations = Array.from(
        text.keys(),
        (at) => Buffer.concat([text.subarray(at), text.subarray(0, at)]),
      );
      rotations.sort(Buffer.compare);
      const { last, origin } = sortRotations(text);
      assert.deepEqual(Array.from(last), rotations.map((rotation) => rotation.at(-1)));
      assert.deepEqual(rotations[origin], Buffer.from(text));
    }),
    RUNS,
  );
});

function repeat(part: Uint8Array, times: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(Array.from({ length: times }, () => part)));
}
