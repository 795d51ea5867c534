import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import decodeBatch from "kafkajs/src/protocol/recordBatch/v0/decoder.js";
import Decoder from "kafkajs/src/protocol/decoder.js";
import type { RecordsBatch } from "@platformatic/kafka";
import { RecordBatchWriter, recordBytes } from "../../../../protocols/kafka/records/batch_writer.ts";
import { libraryRead, partOf, PLAIN, readAll, recordsOf, type TextRecord, written } from "./wire.ts";

const SEED = Deno.env.get("PROPERTY_SEED");
const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 300);
const OPTIONS = { numRuns: RUNS, ...SEED === undefined ? {} : { seed: Number(SEED) } };

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.string({ maxLength: 70 }),
  fc.constantFrom("", "a", "äö", "😀"),
);
/** Lengths around those where a varint takes a byte more, or another way of copying is taken. */
const body = fc.oneof(
  text,
  fc.constantFrom(7, 8, 63, 64, 1024, 1025, 8191, 8192).map((length) => "x".repeat(length)),
);
const record: fc.Arbitrary<TextRecord> = fc.record({
  key: fc.option(text, { nil: undefined }),
  body,
  headers: fc.dictionary(fc.constantFrom("host", "ts", "größe", "n"), text, {
    maxKeys: 4,
    noNullPrototype: true,
  }),
  timeMs: fc.oneof(fc.constant(1000), fc.integer({ min: 0, max: 4e12 })),
}, { noNullPrototype: true });
const records = fc.array(record, { minLength: 1, maxLength: 20 });

interface KafkajsRecord {
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, Buffer>>;
  readonly timestamp: string;
}

/** What the library has read, as it was sent. */
function sentAs({ records, firstTimestamp }: RecordsBatch): TextRecord[] {
  return records.map(({ key, value, headers, timestampDelta }) => ({
    key: key?.toString(),
    body: value!.toString(),
    headers: Object.fromEntries(headers.map(([name, value]) => [name!.toString(), value!.toString()])),
    timeMs: Number(firstTimestamp + timestampDelta),
  }));
}

Deno.test("batch writer writes what the library and our reader read, for any texts and times", () => {
  fc.assert(
    fc.property(records, fc.constantFrom("none", "gzip", "lz4", "zstd"), (sent, compression) => {
      const batch = written(partOf(sent), { ...PLAIN, compression });
      const found = libraryRead(batch);
      assert.deepEqual(sentAs(found), sent);
      assert.equal(found.maxTimestamp, BigInt(Math.max(...sent.map(({ timeMs }) => timeMs))));
      assert.equal(found.lastOffsetDelta, sent.length - 1);
      assert.deepEqual(found.records.map(({ offsetDelta }) => offsetDelta), sent.map((_, index) => index));
      assert.deepEqual(readAll(batch).flatMap(recordsOf), sent);
    }),
    OPTIONS,
  );
});

Deno.test("batch writer writes what kafkajs reads", async () => {
  await fc.assert(
    fc.asyncProperty(
      records,
      fc.constantFrom("none" as const, "gzip" as const),
      async (sent, compression) => {
        const batch = written(partOf(sent), { ...PLAIN, compression });
        const { records: found } = await decodeBatch(new Decoder(Buffer.from(batch)));
        const texts = (found as readonly KafkajsRecord[]).map(({ key, value, headers, timestamp }) => ({
          key: key?.toString(),
          body: value.toString(),
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, value]) => [name, value.toString()]),
          ),
          timeMs: Number(timestamp),
        }));
        assert.deepEqual(texts, sent);
      },
    ),
    { ...OPTIONS, numRuns: Math.ceil(RUNS / 3) },
  );
});

Deno.test("batch writer says who sends, and seals again with other numbers after it has compressed", () => {
  const writer = new RecordBatchWriter({ maxBytes: 4096 });
  writer.append(partOf([{ body: "one", timeMs: 5 }, { body: "two", timeMs: 4 }]), 0);
  const seal = { ...PLAIN, compression: "zstd" as const, producerId: 0x123456789An, isTransactional: true };
  writer.finish({ ...seal, producerEpoch: 1, baseSequence: 7 });
  const batch = libraryRead(writer.finish({ ...seal, producerEpoch: 2, baseSequence: 0x7FFFFFFF }));
  const { producerId, producerEpoch, firstSequence, attributes, firstTimestamp, maxTimestamp, magic } = batch;
  assert.deepEqual({
    producerId,
    producerEpoch,
    firstSequence,
    attributes,
    firstTimestamp,
    maxTimestamp,
    magic,
  }, {
    producerId: 0x123456789An,
    producerEpoch: 2,
    firstSequence: 0x7FFFFFFF,
    attributes: 0x14,
    firstTimestamp: 5n,
    maxTimestamp: 5n,
    magic: 2,
  });
  assert.deepEqual(batch.records.map(({ value }) => value!.toString()), ["one", "two"]);
});

Deno.test("batch writer takes no record that would make a batch too large, but always a first one", () => {
  fc.assert(
    fc.property(records, fc.integer({ min: 100, max: 2000 }), (sent, maxBytes) => {
      const part = partOf(sent);
      const writer = new RecordBatchWriter({ maxBytes });
      const found: TextRecord[] = [];
      for (let from = 0; from < sent.length;) {
        const taken = writer.append(part, from);
        assert.ok(taken > 0 && writer.size === taken);
        assert.ok(taken === 1 || writer.bytes <= maxBytes);
        const batch = writer.finish(PLAIN);
        assert.equal(batch.length, writer.bytes);
        found.push(...sentAs(libraryRead(batch)));
        from += taken;
        writer.reset();
      }
      assert.deepEqual(found, sent);
    }),
    OPTIONS,
  );
});

Deno.test("batch writer joins parts with keys, headers and times of their own", () => {
  const writer = new RecordBatchWriter({ maxBytes: 4096 });
  const sent = [
    { key: undefined, body: "plain", headers: {}, timeMs: 2000 },
    { key: "k", body: "keyed", headers: { a: "1" }, timeMs: 1000 },
  ];
  for (const one of sent) writer.append(partOf([one]), 0);
  assert.equal(writer.append(partOf([]), 0), 0);
  assert.deepEqual(sentAs(libraryRead(writer.finish(PLAIN))), sent);
});

Deno.test("a record's size is what it adds to an empty batch", () => {
  fc.assert(
    fc.property(record, (one) => {
      const part = partOf([one]);
      assert.equal(written(part).length, 61 + recordBytes(part, 0));
    }),
    OPTIONS,
  );
});

Deno.test("batch writer writes lone surrogates as U+FFFD, as long as it said", () => {
  const part = partOf([{ key: "\uD800", body: "b", headers: { a: "x\uDC00y" }, timeMs: 1 }, {
    body: "c",
    timeMs: 1,
  }]);
  const [first] = sentAs(libraryRead(written(part)));
  assert.deepEqual([first!.key, first!.headers], ["\uFFFD", { a: "x\uFFFDy" }]);
});
