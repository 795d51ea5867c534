import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { AvroReader, encodeAvroBlock, encodeAvroHead } from "../../protocols/avro_container.ts";
import { golden } from "../plugins/codecs/make.ts";

const FLUME = golden("file_roll-avro_event/1795225967975-1.avro");

Deno.test("avro container head is written as Flume writes it", () => {
  const reader = new AvroReader(FLUME);
  const head = reader.head()!;
  assert.equal(head.codec, "null");
  assert.deepEqual(encodeAvroHead(head), FLUME.slice(0, reader.offset));
});

Deno.test("avro container block is found where Flume wrote it, and framed the same", () => {
  const reader = new AvroReader(FLUME);
  const head = reader.head()!;
  const begin = reader.offset;
  const { count, start, end, next } = reader.block(head, 1 << 20)!;
  const framed = Buffer.concat(encodeAvroBlock(head, count, FLUME.subarray(start, end)));
  assert.equal(next, FLUME.length);
  assert.equal(count, 24);
  assert.deepEqual(framed, Buffer.from(FLUME.subarray(begin)));
});

Deno.test("avro container reader waits for more bytes wherever the file is cut", () => {
  const reader = new AvroReader(FLUME);
  const head = reader.head()!;
  for (let length = 0; length < reader.offset; length++) {
    assert.equal(new AvroReader(FLUME.subarray(0, length)).head(), undefined);
  }
  for (let length = reader.offset; length < FLUME.length; length += 7) {
    const cut = new AvroReader(FLUME.subarray(0, length), reader.offset);
    assert.equal(cut.block(head, 1 << 20), undefined);
    assert.equal(cut.offset, reader.offset);
  }
});

Deno.test("avro container reader refuses what is damaged, with the place", () => {
  const reader = new AvroReader(FLUME);
  const head = reader.head()!;
  const damaged = FLUME.slice();
  damaged[damaged.length - 1]! ^= 1;
  assert.throws(
    () => new AvroReader(damaged, reader.offset).block(head, 1 << 20),
    /Byte 1838: the sync marker/,
  );
  assert.throws(() => new AvroReader(FLUME, reader.offset).block(head, 100), /at most 100 are read/);
  assert.throws(
    () => new AvroReader(new TextEncoder().encode("2026-11-21 INFO")).head(),
    /Not an Avro container/,
  );
  assert.throws(
    () => new AvroReader(new Uint8Array(64).fill(0xFF), 0).block(head, 100),
    /more than ten bytes/,
  );
});
