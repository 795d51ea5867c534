import assert from "node:assert/strict";
import fc from "fast-check";
import type { GroupNote } from "../../../../protocols/kafka/client.ts";
import { notedPosition, positionNotes } from "../../../../plugins/sinks/_kafka/position_notes.ts";

const POSITION = fc.dictionary(
  fc.string({ unit: "binary", maxLength: 40 }).filter((key) => key !== "__proto__"),
  fc.oneof(fc.maxSafeInteger(), fc.string({ unit: "binary", maxLength: 6000 })),
  { maxKeys: 20 },
);

const TOPIC = { topic: "t", count: 100 };
const DIGITS = Array.from({ length: 9000 }, (_, at) => (at * at * 7919 % 1_000_003).toString(36)).join("");

/** As the brokers keep them: each partition's last note. */
function kept(...commits: (readonly GroupNote[])[]): GroupNote[] {
  return [...new Map(commits.flat().map((note) => [note.partition, note])).values()].reverse();
}

Deno.test("kafka sink reads back any position that it has noted, over longer and shorter ones before it", () => {
  fc.assert(
    fc.property(POSITION, POSITION, (earlier, position) => {
      const notes = kept(
        positionNotes({ position: earlier, sequence: 4 }, TOPIC),
        positionNotes({ position, sequence: 5 }, TOPIC),
      );
      assert.deepEqual(JSON.stringify(notedPosition(notes, "g")), JSON.stringify({ position, sequence: 5 }));
    }),
    { numRuns: 50 },
  );
});

Deno.test("kafka sink keeps notes within what brokers allow", () => {
  const notes = positionNotes({ position: { ü: DIGITS }, sequence: 1 }, TOPIC);
  assert.ok(notes.length > 5);
  for (const { metadata } of notes) assert.ok(new TextEncoder().encode(metadata).length <= 4096);
  const few = { topic: "t", count: 3 };
  assert.throws(
    () => positionNotes({ position: { ü: DIGITS }, sequence: 1 }, few),
    /topic "t", which has 3: put/,
  );
});

Deno.test("kafka sink refuses notes that are not its own, or not all there", () => {
  assert.equal(notedPosition([], "g"), undefined);
  const foreign = [{ topic: "t", partition: 0, offset: 12, metadata: "" }];
  assert.throws(() => notedPosition(foreign, "g"), /"g" holds no position of this sink/);
  const notes = positionNotes({ position: { key: DIGITS }, sequence: 2 }, TOPIC);
  assert.throws(() => notedPosition(notes.slice(0, 2), "g"), /piece 3 of \d+ is not there/);
  const stale = notes.map((note) => note.partition === 1 ? { ...note, offset: 1 } : note);
  assert.throws(() => notedPosition(stale, "g"), /piece 2 of \d+ is not there/);
});
