import assert from "node:assert/strict";
import { partBytes, PartGatherer } from "../../../../../plugins/sinks/_hdfs/stores/part_gatherer.ts";
import { patternBytes } from "../../../../support/byte_slices.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

Deno.test("10,000 parts hold the longest object, none beyond S3's limits, and those of usual files are small", () => {
  const sizes = Array.from({ length: 10_000 }, (_, index) => partBytes(index + 1));
  assert.ok(sizes.reduce((sum, bytes) => sum + bytes, 0) >= 5 * 1024 * GIB);
  assert.ok(sizes.every((bytes) => bytes >= 5 * MIB && bytes <= 5 * GIB));
  assert.deepEqual([sizes[0], sizes[999], sizes[1000]], [8 * MIB, 8 * MIB, 16 * MIB]);
});

Deno.test("parts are the bytes in order, whatever the slices, and a small file needs a small block", () => {
  const content = patternBytes(2.5 * partBytes(1));
  for (const sliceBytes of [1_000_003, 3 * partBytes(1)]) {
    const gatherer = new PartGatherer();
    const found: Uint8Array[] = [];
    for (let from = 0; from < content.length; from += sliceBytes) {
      // A part is good until the one after the next.
      for (const part of gatherer.add(content.subarray(from, from + sliceBytes))) found.push(part.slice());
    }
    found.push(gatherer.rest()!);
    assert.deepEqual(found.map(({ length }) => length), [1, 1, 0.5].map((share) => share * partBytes(1)));
    assert.equal(gatherer.totalBytes, content.length);
    assert.equal(gatherer.rest(), undefined);
    let offset = 0;
    for (const part of found) {
      assert.ok(part.every((byte, at) => byte === content[offset + at]));
      offset += part.length;
    }
  }
  const small = new PartGatherer();
  assert.deepEqual([...small.add(content.subarray(0, 100))], []);
  assert.ok(small.rest()!.buffer.byteLength <= 64 * 1024);
});
