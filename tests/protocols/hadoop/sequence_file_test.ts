import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { EventBatch } from "sluice/plugin";
import { findHadoopCodec, HADOOP_CODEC_NAMES } from "../../../protocols/hadoop/compression.ts";
import { type SequenceFileOptions, SequenceFileWriter } from "../../../protocols/hadoop/sequence_file.ts";
import { golden, goldenEvents } from "../../plugins/codecs/make.ts";
import { KeptBytes } from "../../support/hadoop_codecs.ts";
import { readSequenceFile } from "../../support/sequence_file.ts";
import { hadoopRows } from "./rows.ts";

/** A failing run prints its seed; PROPERTY_SEED takes it back. */
const SEED = Deno.env.get("PROPERTY_SEED");
const RUNS = { numRuns: 30, ...SEED === undefined ? {} : { seed: Number(SEED) } };
const SYNC = Uint8Array.from({ length: 16 }, (_, index) => index);

interface Rows {
  readonly bodies: readonly Uint8Array[];
  readonly keys: readonly number[];
}

async function write(
  { bodies, keys }: Rows,
  options: SequenceFileOptions,
  batchSize = 1000,
): Promise<Uint8Array> {
  const sink = new KeptBytes();
  const writer = new SequenceFileWriter(sink, options);
  const batch = EventBatch.ofBodies(bodies);
  for (let from = 0; from < batch.size; from += batchSize) {
    await writer.write(batch.slice(from, from + batchSize), keys.slice(from, from + batchSize));
  }
  await writer.close();
  return sink.bytes;
}

function goldenRows(): Rows {
  const events = goldenEvents();
  return {
    bodies: events.map(({ body }) => Buffer.from(body)),
    keys: events.map(({ headers }) => Number(headers.timestamp)),
  };
}

function assertHolds(file: Uint8Array, { bodies, keys }: Rows): void {
  const { rows } = readSequenceFile(file);
  assert.deepEqual(rows.map(({ key }) => key), keys);
  for (const [index, { value }] of rows.entries()) assert.equal(Buffer.compare(value, bodies[index]!), 0);
}

for (
  const [value, path] of [
    ["Text", "hdfs-sequence-text/FlumeData.1795225975761"],
    ["BytesWritable", "hdfs-sequence-writable/FlumeData.1795225975766"],
  ] as const
) {
  Deno.test(`sequence file of ${value} is what Flume wrote, byte for byte`, async () => {
    const flume = golden(path);
    const { sync } = readSequenceFile(flume);
    const sink = new KeptBytes();
    const writer = new SequenceFileWriter(sink, { value, sync });
    const { bodies, keys } = goldenRows();
    await writer.write(EventBatch.ofBodies(bodies), keys);
    await writer.sync();
    await writer.close();
    assert.deepEqual(sink.bytes, new Uint8Array(flume));
  });
}

Deno.test("sequence file in blocks is laid out as Flume's", async () => {
  const flume = golden("hdfs-sequence-block-deflate/FlumeData.1795225975770.deflate");
  const expected = readSequenceFile(flume);
  const written = await write(goldenRows(), {
    value: "Text",
    codec: findHadoopCodec("DefaultCodec"),
    sync: expected.sync,
  });
  assert.deepEqual(readSequenceFile(written), expected);
  const headBytes = expected.syncOffsets[0]!;
  assert.deepEqual(written.slice(0, headBytes), flume.slice(0, headBytes));
});

// Of files that Hadoop 3.4.2's own writer made of the same rows, each sync marker replaced by the bytes 0 to 15.
for (
  const [value, sha256] of [
    ["Text", "25bef9dde73fa113f5b08d563c57ff9934596f6c0a6befa3edfd8aa10a47a23e"],
    ["BytesWritable", "94f6eccc36e3a8956ec09bcac9fdabdac5f0a5cc28b26e4f300d0ecb96904252"],
  ] as const
) {
  Deno.test(`sequence file of ${value} has sync markers where Hadoop's writer sets them`, async () => {
    const metadata = new Map([["writer", "café"], ["a", "1"]]);
    const file = await write(hadoopRows(), { value, metadata, sync: SYNC }, 777);
    assert.equal(createHash("sha256").update(file).digest("hex"), sha256);
    assert.ok(readSequenceFile(file).syncOffsets.length > 40);
  });
}

Deno.test("sequence file's metadata stands in the order of its bytes", async () => {
  const metadata = new Map([["b", "2"], ["é", "4"], ["a", "1"], ["z", "ü"]]);
  const { metadata: read } = readSequenceFile(
    await write({ bodies: [], keys: [] }, { value: "Text", metadata }),
  );
  assert.deepEqual(Array.from(read), [["a", "1"], ["b", "2"], ["z", "ü"], ["é", "4"]]);
});

Deno.test("sequence files have sync markers of their own, at random", async () => {
  const files = [await write(goldenRows(), { value: "Text" }), await write(goldenRows(), { value: "Text" })];
  const [one, other] = files.map((file) => readSequenceFile(file).sync);
  assert.notDeepEqual(one, other);
});

Deno.test("sequence file begins a block when keys and values reach the limit", async () => {
  const bodies = Array.from({ length: 25 }, () => Buffer.alloc(91));
  const rows = { bodies, keys: bodies.map((_, index) => index) };
  const codec = findHadoopCodec("gzip");
  // A row is 8 bytes of key, 1 of length and 91 of body.
  const file = await write(rows, { value: "Text", codec, blockBytes: 1000 }, 7);
  assert.deepEqual(readSequenceFile(file).blockSizes, [10, 10, 5]);
  assertHolds(file, rows);
});

Deno.test("sequence file sets no two sync markers one behind the other", async () => {
  const sink = new KeptBytes();
  const writer = new SequenceFileWriter(sink, { value: "Text" });
  for (let round = 0; round < 3; round++) {
    await writer.write(EventBatch.ofBodies([Buffer.alloc(round * 60_000)]), 0);
    await writer.sync();
    await writer.sync();
  }
  assert.equal(readSequenceFile(sink.bytes).syncOffsets.length, 3);
});

Deno.test("sequence file in blocks can be read up to each sync", async () => {
  const sink = new KeptBytes();
  const writer = new SequenceFileWriter(sink, { value: "Text", codec: findHadoopCodec("zstd") });
  for (let round = 1; round <= 3; round++) {
    await writer.write(EventBatch.ofBodies([Buffer.from(`round ${round}`)]), 1000 + round);
    await writer.sync();
    const { rows, blockSizes } = readSequenceFile(sink.bytes);
    assert.deepEqual(rows.map(({ key }) => key), [1001, 1002, 1003].slice(0, round));
    assert.deepEqual(blockSizes, Array(round).fill(1));
  }
});

Deno.test("sequence file without rows is a head", async () => {
  for (const codec of [undefined, findHadoopCodec("gzip")]) {
    const { rows, version } = readSequenceFile(
      await write({ bodies: [], keys: [] }, { value: "BytesWritable", codec }),
    );
    assert.deepEqual([rows.length, version], [0, 6]);
  }
});

Deno.test("sequence file leaves out what lies between the bodies of a batch", async () => {
  const block = Buffer.from("--one\r\ntwo\r\n");
  const rows = { block, starts: Uint32Array.of(2, 7, 9, 12), ends: Uint32Array.of(5, 10, 9, 12), size: 3 };
  const sink = new KeptBytes();
  const writer = new SequenceFileWriter(sink, { value: "Text" });
  await writer.write(rows, 5);
  const read = readSequenceFile(sink.bytes).rows;
  assert.deepEqual(read.map(({ key, value }) => `${key} ${Buffer.from(value)}`), ["5 one", "5 two", "5 "]);
});

Deno.test("sequence file comes in pieces that are bounded, and no faster than they are taken", async () => {
  const bodies = Array.from(
    { length: 3000 },
    (_, index) => Buffer.alloc(index === 1500 ? 3_000_000 : 1000, index),
  );
  const sizes: number[] = [];
  let open = 0;
  const writer = new SequenceFileWriter({
    write: async ({ length }) => {
      assert.equal(open++, 0);
      sizes.push(length);
      await Promise.resolve();
      open--;
    },
  }, { value: "Text" });
  await writer.write(EventBatch.ofBodies(bodies), 0);
  assert.deepEqual(sizes.filter((size) => size > 1_100_000).length, 1);
  assert.ok(sizes.length >= 5 && sizes.length < 10, `${sizes}`);
});

const BODY = fc.oneof(
  fc.uint8Array({ maxLength: 10 }),
  fc.integer({ min: 100, max: 300 }).map((length) => Buffer.alloc(length, "ab")),
  fc.integer({ min: 65_530, max: 65_540 }).map((length) => Buffer.alloc(length, "abc")),
);
const ROW = fc.tuple(
  BODY,
  fc.oneof(fc.constantFrom(-1, 0, 2 ** 32, -(2 ** 40), 2 ** 53 - 1), fc.maxSafeInteger()),
);

for (const name of ["None", ...HADOOP_CODEC_NAMES]) {
  const codec = findHadoopCodec(name);
  for (const compress of codec ? ["each", "block"] as const : ["each"] as const) {
    Deno.test(`sequence file holds its rows: ${name}, ${compress}`, async () => {
      const choice = fc.record({
        value: fc.constantFrom("Text" as const, "BytesWritable" as const),
        batchSize: fc.integer({ min: 1, max: 20 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(ROW, { maxLength: 20 }), choice, async (list, { value, batchSize }) => {
          const rows = { bodies: list.map(([body]) => body), keys: list.map(([, key]) => key) };
          assertHolds(await write(rows, { value, codec, compress, blockBytes: 100_000 }, batchSize), rows);
        }),
        RUNS,
      );
    });
  }
}
