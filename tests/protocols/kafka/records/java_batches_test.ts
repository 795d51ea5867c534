import assert from "node:assert/strict";
import { readAll, recordsOf } from "./wire.ts";

/** Batches of 40 records that the Java client 3.9 has written, one in each compression: none, gzip, snappy, lz4, zstd. */
const BATCHES = new URL("../../../data/kafka/java_batches.bin", import.meta.url);
const SIZE = 40;

/** The record that lies at a place of each batch. */
function expected(index: number) {
  const hasHeaders = index % 3 !== 0;
  return {
    key: index % 4 === 0 ? undefined : `key ${index}`,
    body: index % 5 === 4 ? "" : `body ${index} ä ${"lorem ipsum ".repeat(index % 9 * 4)}`,
    // A header of every second record is null.
    headers: hasHeaders ? { host: "web", n: index % 2 === 0 ? "" : `${index}` } : {},
    timeMs: 1_700_000_000_000 + index * 1000,
  };
}

Deno.test("batch reader reads what the Java client writes, in every compression", async () => {
  const chunks = readAll(await Deno.readFile(BATCHES), { maxRecords: 60 });
  const found = chunks.flatMap(recordsOf);
  assert.equal(found.length, 5 * SIZE);
  found.forEach((one, offset) => assert.deepEqual(one, expected(offset % SIZE)));
  assert.deepEqual(chunks.flatMap(({ offsets }) => [...offsets]), found.map((_, offset) => offset));
  const tombstones = chunks.flatMap(({ nulls = [], offsets }) =>
    nulls.map((index) => offsets[index]! % SIZE)
  );
  assert.ok(tombstones.length === 5 * SIZE / 5 && tombstones.every((index) => index % 5 === 4));
});
