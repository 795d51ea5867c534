import assert from "node:assert/strict";
import fc from "fast-check";
import { type BatchIdentity, EventBatch } from "sluice/plugin";

function numbersOf(identity: BatchIdentity | undefined): number[] {
  return identity!.runs.flatMap(({ first, count }) => Array.from({ length: count }, (_, at) => first + at));
}

Deno.test("slices of a batch keep the identities of their events, and claim no event in front of them", () => {
  const gaps = fc.array(fc.record({ gap: fc.nat(3), count: fc.integer({ min: 1, max: 5 }) }), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(fc.property(gaps, fc.nat(30), fc.nat(30), (shape, one, other) => {
    let next = 100;
    const runs = shape.map(({ gap, count }) => {
      const run = { after: next, first: next + gap, count, timeMs: 7 };
      next = run.first + count;
      return run;
    });
    const numbers = numbersOf({ stream: "s", runs });
    const batch = EventBatch.from(numbers.map((number) => ({ body: String(number) })))
      .with({ identity: { stream: "s", runs } });
    const [from, to] = [Math.min(one, other, numbers.length), Math.min(Math.max(one, other), numbers.length)];
    const slice = batch.slice(from, to);
    assert.deepEqual(numbersOf(slice.identity), numbers.slice(from, to));
    for (const { after, first } of slice.identity!.runs) {
      assert.ok(!numbers.some((number) => number >= after && number < first));
    }
  }));
});
