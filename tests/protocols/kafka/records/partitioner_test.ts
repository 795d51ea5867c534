import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { murmur2 as libraryMurmur2 } from "@platformatic/kafka";
import fc from "fast-check";
import kafkajsMurmur2 from "kafkajs/src/producer/partitioners/default/murmur2.js";
import { keyPartition, murmur2, StickyPartitioner } from "../../../../protocols/kafka/records/partitioner.ts";

const SEED = Deno.env.get("PROPERTY_SEED");
const OPTIONS = { numRuns: 1000, ...SEED === undefined ? {} : { seed: Number(SEED) } };

/** The cases of Kafka's own test of its hash. */
const KNOWN: Readonly<Record<string, number>> = {
  "21": -973932308,
  "foobar": -790332482,
  "a-little-bit-long-string": -985981536,
  "a-little-bit-longer-string": -1486304829,
  "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
  "abc": 479470107,
};

Deno.test("murmur2 is the Java client's", () => {
  for (const [text, hash] of Object.entries(KNOWN)) assert.equal(murmur2(Buffer.from(text)), hash, text);
});

Deno.test("murmur2 agrees with both libraries, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const hash = murmur2(bytes);
      assert.equal(hash, libraryMurmur2(Buffer.from(bytes)));
      assert.equal(hash, kafkajsMurmur2(Buffer.from(bytes)) | 0);
    }),
    OPTIONS,
  );
});

Deno.test("the partition of a key is that of its UTF-8, however long it is", () => {
  const keys = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ minLength: 300, maxLength: 2000 }));
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 1000 }), (key, count) => {
      assert.equal(keyPartition(key, count), (libraryMurmur2(Buffer.from(key)) & 0x7FFFFFFF) % count);
    }),
    OPTIONS,
  );
});

Deno.test("records without a key stay on one partition until a batch is full, then go to the next, topic by topic", () => {
  const sticky = new StickyPartitioner(100);
  const next = (topic: string, bytes: number) => sticky.next({ topic, count: 3, bytes });
  const first = next("a", 60);
  assert.ok(first >= 0 && first < 3);
  next("b", 1000);
  assert.deepEqual([next("a", 60), next("a", 10)], [first, (first + 1) % 3]);
  assert.deepEqual([next("a", 500), next("a", 1)], [(first + 1) % 3, (first + 2) % 3]);
  assert.ok(sticky.next({ topic: "a", count: 1, bytes: 1 }) === 0);
});
