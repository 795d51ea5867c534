import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { findHadoopCodec, HADOOP_CODEC_NAMES } from "../../../protocols/hadoop/compression.ts";
import { EXPAND, KeptBytes } from "../../support/hadoop_codecs.ts";
import { sampleBytes } from "../../support/samples.ts";

/** A failing run prints its seed; PROPERTY_SEED takes it back. */
const SEED = Deno.env.get("PROPERTY_SEED");
const RUNS = { numRuns: 15, ...SEED === undefined ? {} : { seed: Number(SEED) } };
const PACKAGE = "org.apache.hadoop.io.compress";

/** Bytes that nothing can compress. */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0, state = 1; at < length; at++) bytes[at] = (state = state * 48271 % 2147483647) >>> 8;
  return bytes;
}

const SAMPLES = [
  sampleBytes("access.log"),
  noise(300_000),
  new Uint8Array(700_000),
  Uint8Array.of(1),
  noise(14),
];

Deno.test("hadoop's codecs are found by every name that Flume takes", () => {
  const found = (name: string) => {
    const codec = findHadoopCodec(name);
    return codec && [codec.className.replace(`${PACKAGE}.`, ""), codec.extension];
  };
  for (const name of ["gzip", "GZIP", "GzipCodec", "gzipcodec", `${PACKAGE}.GzipCodec`]) {
    assert.deepEqual(found(name), ["GzipCodec", ".gz"]);
  }
  assert.deepEqual(found("bzip2"), ["BZip2Codec", ".bz2"]);
  assert.deepEqual(found("snappy"), ["SnappyCodec", ".snappy"]);
  assert.deepEqual(found("lz4"), ["Lz4Codec", ".lz4"]);
  for (const name of ["zstd", "ZStandard", "ZStandardCodec"]) {
    assert.deepEqual(found(name), ["ZStandardCodec", ".zst"]);
  }
  assert.deepEqual(found("deflate"), ["DeflateCodec", ".deflate"]);
  for (const name of ["default", "DefaultCodec"]) assert.deepEqual(found(name), ["DefaultCodec", ".deflate"]);
  for (const name of ["None", "none"]) assert.equal(found(name), undefined);
});

Deno.test("a codec that there is not is refused with what to use", () => {
  for (const name of ["lzo", "lzop", "LzopCodec", "com.hadoop.compression.lzo.LzoCodec"]) {
    assert.throws(
      () => findHadoopCodec(name),
      /^RangeError: Codec ".*" is not part of Hadoop .*: use lz4 or snappy/,
    );
  }
  for (const name of ["brotli", "", `${PACKAGE}.gzipcodec`, "toString", "constructor"]) {
    assert.throws(
      () => findHadoopCodec(name),
      /^RangeError: There is no codec ".*": use one of gzip, .*, or None$/,
    );
  }
});

Deno.test("a level is taken by the codecs that know some, and refused with what there is", () => {
  const [sample] = SAMPLES;
  const bytesAt = (name: string, level: number) => findHadoopCodec(name, level)!.compress(sample!).length;
  for (const name of ["gzip", "deflate", "zstd"]) assert.ok(bytesAt(name, 9) < bytesAt(name, 1), name);
  assert.equal(findHadoopCodec("bzip2", 3)!.compress(sample!)[3], "3".charCodeAt(0));
  assert.throws(
    () => findHadoopCodec("gzip", 10),
    /^RangeError: Codec "gzip" has no level 10: use one from 1 to 9, or/,
  );
  assert.throws(() => findHadoopCodec("zstd", 0), /use one from 1 to 22, or none for 3$/);
  assert.throws(
    () => findHadoopCodec("lz4", 1),
    /^RangeError: Level 1 means nothing to codec "lz4": leave it out$/,
  );
});

for (const name of HADOOP_CODEC_NAMES) {
  const codec = findHadoopCodec(name)!;
  const expand = EXPAND[codec.extension]!;

  Deno.test(`${name} gives back what it compressed at once`, () => {
    for (const sample of SAMPLES) assert.equal(Buffer.compare(expand(codec.compress(sample)), sample), 0);
  });

  Deno.test(`${name} gives back what came in pieces, with ends between them`, async () => {
    const piece = fc.record({
      from: fc.nat(400_000),
      length: fc.oneof(fc.nat(300), fc.nat(250_000)),
      ends: fc.boolean(),
    });
    const source = Buffer.concat([sampleBytes("access.log"), noise(300_000), new Uint8Array(300_000)]);
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
        const sink = new KeptBytes();
        const stream = codec.open(sink);
        const written = pieces.map(({ from, length }) => source.subarray(from, from + length));
        for (const [index, bytes] of written.entries()) {
          await stream.write(bytes);
          if (!pieces[index]!.ends) continue;
          await stream.finish();
          const expected = Buffer.concat(written.slice(0, index + 1));
          assert.equal(Buffer.compare(expand(sink.bytes), expected), 0);
        }
        await stream.finish();
        assert.equal(Buffer.compare(expand(sink.bytes), Buffer.concat(written)), 0);
      }),
      RUNS,
    );
  });

  Deno.test(`${name} has used bytes once it has taken them`, async () => {
    const sink = new KeptBytes();
    const stream = codec.open(sink);
    const block = new Uint8Array(5000);
    for (let round = 0; round < 3; round++) await stream.write(block.fill(round));
    block.fill(9);
    await stream.finish();
    const expected = Buffer.concat([0, 1, 2].map((round) => Buffer.alloc(5000, round)));
    assert.equal(Buffer.compare(expand(sink.bytes), expected), 0);
  });

  Deno.test(`${name} tells of a sink that fails, and writes nothing after it was given up`, async () => {
    const failing = codec.open({ write: () => Promise.reject(new Error("The disk is full")) });
    await assert.rejects(async () => {
      for (const sample of SAMPLES) await failing.write(sample);
      await failing.finish();
    }, /The disk is full/);
    failing.abort();
    const sink = new KeptBytes();
    const stream = codec.open(sink);
    await stream.write(Uint8Array.of(1, 2, 3));
    const pieces = sink.pieces.length;
    stream.abort();
    await stream.finish();
    assert.equal(sink.pieces.length, pieces);
  });
}
