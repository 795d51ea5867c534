import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { RecordBatch } from "kafkajs/src/protocol/recordBatch/v0/index.js";
import encodeRecord from "kafkajs/src/protocol/recordBatch/record/v0/index.js";
import { firstBatchBytes } from "../../../../protocols/kafka/records/batch_head.ts";
import {
  batchAt,
  type Compression,
  COMPRESSIONS,
  joined,
  libraryBatch,
  patched,
  readAll,
  recordsOf,
  type WireRecord,
} from "./wire.ts";

const SEED = Deno.env.get("PROPERTY_SEED");
const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 300);
const OPTIONS = { numRuns: RUNS, ...SEED === undefined ? {} : { seed: Number(SEED) } };

const bytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  fc.string({ unit: "grapheme" }).map((text) => Buffer.from(text)),
);
const header: fc.Arbitrary<[string, Uint8Array | null]> = fc.tuple(
  fc.constantFrom("a", "b", "ä"),
  fc.option(bytes),
);
const record: fc.Arbitrary<WireRecord> = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(header, { maxLength: 4 }),
  // The library's own encoder is wrong where times of a batch lie more than 2^31 ms apart.
  timeMs: fc.integer({ min: -1, max: 2e9 }),
});

const texts = (chunks: ReturnType<typeof readAll>) =>
  chunks.map((chunk) => recordsOf(chunk).map(({ body }) => body));
const plainRecord = (body: string): WireRecord => ({ value: Buffer.from(body), timeMs: 7 });

/** What must become of a text: itself, or its exact bytes beside it. */
function expectedTexts(name: string, value: Uint8Array): Record<string, string> {
  const text = Buffer.from(value).toString();
  if (Buffer.from(text).equals(value)) return { [name]: text };
  return { [name]: text, [`${name}.base64`]: Buffer.from(value).toString("base64") };
}

Deno.test("batch reader reads what the library writes, and loses no bytes of keys, values and headers", () => {
  const batches = fc.array(
    fc.tuple(fc.array(record, { minLength: 1, maxLength: 8 }), fc.constantFrom(...COMPRESSIONS)),
  );
  fc.assert(
    fc.property(batches, fc.integer({ min: 1, max: 20 }), (sent, maxRecords) => {
      let next = 0;
      const answer = sent.map(([records, compression]) => {
        const batch = patched(libraryBatch(records, compression as Compression), { baseOffset: next });
        next += records.length;
        return batch;
      });
      const chunks = readAll(answer, { maxRecords });
      assert.ok(chunks.every(({ bodies }) => bodies.size > 0 && bodies.size <= maxRecords));
      assert.equal(chunks.at(-1)?.nextOffset ?? 0, next);
      const found = chunks.flatMap((chunk) => recordsOf(chunk).map((one, index) => ({ one, chunk, index })));
      assert.equal(found.length, next);
      sent.flatMap(([records]) => records).forEach(({ key, value, headers, timeMs }, offset) => {
        const { one, chunk, index } = found[offset]!;
        const { bodies } = chunk;
        assert.equal(chunk.offsets[index], offset);
        assert.equal(one.timeMs, timeMs);
        assert.deepEqual(
          bodies.block.subarray(bodies.starts[index], bodies.ends[index]),
          new Uint8Array(value ?? []),
        );
        assert.equal(chunk.nulls?.includes(index) ?? false, value === null);
        const last = new Map(headers!);
        const exact = Object.entries(key ? expectedTexts("key", key) : {});
        assert.equal(one.key, exact[0]?.[1]);
        for (const [name, text] of exact.slice(1)) assert.equal(one.headers![name], text);
        for (const [name, value] of last) {
          const expected = expectedTexts(name, value ?? new Uint8Array());
          for (const [name, text] of Object.entries(expected)) assert.equal(one.headers![name], text);
        }
      });
    }),
    OPTIONS,
  );
});

Deno.test("batch reader reads what kafkajs writes, however far apart the times are", async () => {
  const timed = fc.record({ value: bytes, timeMs: fc.integer({ min: 0, max: 4e12 }) }, {
    noNullPrototype: true,
  });
  const batches = fc.array(timed, { minLength: 1, maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(batches, fc.constantFrom(0, 1), async (sent, compression) => {
      const [{ timeMs: firstTimestamp }] = sent as [typeof sent[0]];
      const records = sent.map(({ value, timeMs }, offsetDelta) => {
        const timestampDelta = timeMs - firstTimestamp;
        return encodeRecord({
          offsetDelta,
          timestampDelta,
          key: "k",
          value: Buffer.from(value),
          headers: { a: "ä" },
        });
      });
      const lastOffsetDelta = sent.length - 1;
      const batch = await RecordBatch({ compression, firstTimestamp, lastOffsetDelta, records } as never);
      const [chunk, ...others] = readAll(new Uint8Array(batch.buffer));
      assert.deepEqual([others, chunk!.keys, chunk!.headers], [[], "k", new Map([["a", "ä"]])]);
      assert.deepEqual([...chunk!.timestamps], sent.map(({ timeMs }) => timeMs));
      const { block, starts, ends } = chunk!.bodies;
      sent.forEach(({ value }, index) => {
        assert.deepEqual([...block.subarray(starts[index], ends[index])], [...value]);
      });
    }),
    { ...OPTIONS, numRuns: Math.ceil(RUNS / 3) },
  );
});

Deno.test("batch reader leaves bodies where they were fetched, and joins small batches up to the limit", () => {
  const answer = joined([batchAt(0, ["a", "b"]), batchAt(2, ["c"]), batchAt(3, ["d", "e"])]);
  const chunks = readAll(answer, { maxRecords: 3 });
  assert.deepEqual(texts(chunks), [["a", "b", "c"], ["d", "e"]]);
  assert.deepEqual(chunks.map(({ nextOffset }) => nextOffset), [3, 5]);
  assert.ok(chunks.every(({ bodies }) => bodies.block === answer));
});

Deno.test("batch reader joins small compressed batches, and keeps the order beside others", () => {
  const gzip = { compression: "gzip" } as const;
  const answer = [
    batchAt(0, ["a"]),
    batchAt(1, ["b"], gzip),
    batchAt(2, ["c"], { compression: "snappy" }),
    batchAt(3, ["d"]),
  ];
  assert.deepEqual(texts(readAll(answer)), [["a"], ["b", "c"], ["d"]]);
});

Deno.test("a batch that begins before the wanted offset is cut there, and one wholly before it is passed over", () => {
  for (const compression of COMPRESSIONS) {
    const answer = [batchAt(10, ["x"]), batchAt(11, ["a", "b", "c"], { compression }), batchAt(14, ["d"])];
    const chunks = readAll(answer, { fromOffset: 12, maxRecords: 2 });
    assert.deepEqual(texts(chunks).flat(), ["b", "c", "d"]);
    assert.deepEqual(chunks.flatMap(({ offsets }) => [...offsets]), [12, 13, 14]);
    assert.equal(chunks.at(-1)!.nextOffset, 15);
  }
});

Deno.test("a batch that is cut off at the end of the answer is left for the next fetch", () => {
  const [first, second] = [batchAt(0, ["a"]), batchAt(1, ["b"])];
  for (let length = 0; length < second.length; length++) {
    const chunks = readAll([first, second.subarray(0, length)]);
    assert.deepEqual([texts(chunks), chunks[0]!.nextOffset], [[["a"]], 1]);
  }
});

Deno.test("an answer that is shorter than its first batch gives nothing, and tells how much is needed", () => {
  const batch = batchAt(0, ["a body"]);
  for (let length = 0; length < batch.length; length++) {
    const cut = batch.subarray(0, length);
    assert.deepEqual(readAll(cut), []);
    assert.equal(firstBatchBytes(cut), length < 12 ? 0 : batch.length);
  }
});

Deno.test("reading goes on behind what compaction has removed, also where all of a batch is gone", () => {
  const gap = patched(libraryBatch([plainRecord("a")]), { baseOffset: 5, lastOffsetDelta: 9 });
  const empty = patched(libraryBatch([plainRecord("x")]).subarray(0, 61), {
    baseOffset: 15,
    count: 0,
    lastOffsetDelta: 4,
  });
  new DataView(empty.buffer).setInt32(8, 49);
  const chunks = readAll([gap, empty], { fromOffset: 3 });
  assert.deepEqual(texts(chunks), [["a"]]);
  assert.deepEqual([[...chunks[0]!.offsets], chunks[0]!.nextOffset], [[5], 20]);
  assert.deepEqual(
    readAll(empty, { fromOffset: 15 }).map(({ bodies, nextOffset }) => [bodies.size, nextOffset]),
    [[0, 20]],
  );
});

Deno.test("records carry the time of the broker where the topic wants that", () => {
  const [chunk] = readAll(
    patched(libraryBatch([plainRecord("a"), plainRecord("b")]), { attributes: 8, maxMs: 99 }),
  );
  assert.deepEqual([...chunk!.timestamps], [99, 99]);
});

Deno.test("headers that nobody wants are not read, keys are", () => {
  const [chunk] = readAll(libraryBatch([{ key: Buffer.from("k"), value: null, headers: [["a", null]] }]), {
    wantsHeaders: false,
  });
  assert.deepEqual([chunk!.keys, chunk!.headers, chunk!.nulls], ["k", undefined, [0]]);
});

Deno.test("a text that all records share is one string", () => {
  const record = (ts: string): WireRecord => ({
    value: null,
    headers: [["host", Buffer.from("web")], ["ts", Buffer.from(ts)]],
  });
  const [chunk] = readAll(libraryBatch([record("1"), record("2"), record("2")]));
  assert.deepEqual(chunk!.headers, new Map<string, unknown>([["host", "web"], ["ts", ["1", "2", "2"]]]));
});

Deno.test("a chunk ends early where header names would fill columns without end", () => {
  const names = Array.from({ length: 5000 }, (_, index) => [`n${index}`, Buffer.from("v")] as const);
  const records = [
    ...Array(300).fill(plainRecord("x")),
    { value: Buffer.from("many"), headers: names },
    plainRecord("y"),
  ];
  const answer = libraryBatch(records);
  const shape = (chunks: ReturnType<typeof readAll>) =>
    chunks.map(({ bodies, headers }) => [bodies.size, headers?.size]);
  assert.deepEqual(shape(readAll(answer)), [[300, undefined], [2, 5000]]);
  assert.deepEqual(shape(readAll(answer, { maxCells: Infinity })), [[302, 5000]]);
});
