import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { compressionsAlgorithms } from "@platformatic/kafka";
import fc from "fast-check";
import { compress, COMPRESSION_CODES, inflate } from "../../../../protocols/kafka/records/compression.ts";
import { InflateLimitError } from "../../../../protocols/kafka/records/inflate_limit.ts";
import { type Compression, COMPRESSIONS } from "./wire.ts";

const SEED = Deno.env.get("PROPERTY_SEED");
const OPTIONS = { numRuns: 60, ...SEED === undefined ? {} : { seed: Number(SEED) } };
const PACKED = COMPRESSIONS.filter((compression) => compression !== "none");
const LINES = Buffer.from(
  Array.from({ length: 9000 }, (_, n) => `line ${n} of a log that repeats itself`).join("\n"),
);
const SNAPPY = COMPRESSION_CODES.snappy;
const LZ4 = COMPRESSION_CODES.lz4;

/** Runs that repeat near and far, and noise between them. */
const content = fc.array(
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 400 })),
  { minLength: 1, maxLength: 12 },
).map((runs) =>
  new Uint8Array(Buffer.concat(runs.flatMap(([run, times]) => Array<Uint8Array>(times).fill(run))))
);

function roundTrip(bytes: Uint8Array, compression: Compression): void {
  const packed = compress(bytes, compression, undefined);
  const found = inflate(packed, COMPRESSION_CODES[compression], bytes.length);
  assert.equal(Buffer.compare(found, bytes), 0, compression);
}

Deno.test("every compression gives back what it took", () => {
  for (const compression of PACKED) {
    roundTrip(LINES, compression);
    fc.assert(fc.property(content, (bytes) => roundTrip(bytes, compression)), OPTIONS);
  }
});

Deno.test("no compression inflates beyond the limit, by as little as one byte", () => {
  for (const compression of PACKED) {
    const packed = compress(LINES, compression, undefined);
    const code = COMPRESSION_CODES[compression];
    assert.throws(() => inflate(packed, code, LINES.length - 1), InflateLimitError, compression);
  }
});

Deno.test("a bomb is refused without the memory that it asks for", () => {
  const zeros = Buffer.alloc(64 * 1024 * 1024);
  for (
    const bomb of [gzipSync(zeros), zstdCompressSync(zeros)].map((bytes, place) =>
      [bytes, place * 3 + 1] as const
    )
  ) {
    const before = Deno.memoryUsage().rss;
    assert.throws(() => inflate(bomb[0], bomb[1], 100_000), InflateLimitError);
    assert.ok(Deno.memoryUsage().rss - before < 32 * 1024 * 1024);
  }
});

Deno.test("levels of gzip and zstd are used", () => {
  for (const [compression, low, high] of [["gzip", 1, 9], ["zstd", -5, 3]] as const) {
    assert.ok(
      compress(LINES, compression, high).length < compress(LINES, compression, low).length,
      compression,
    );
  }
});

Deno.test("snappy is written in blocks of 32 KiB behind snappy-java's head, each of which others can read", () => {
  const packed = Buffer.from(compress(LINES, "snappy", undefined));
  assert.equal(packed.toString("hex", 0, 16), "82534e41505059000000000100000001");
  const blocks: Buffer[] = [];
  for (let at = 16; at < packed.length; at += 4 + packed.readInt32BE(at)) {
    const block = packed.subarray(at + 4, at + 4 + packed.readInt32BE(at));
    blocks.push(compressionsAlgorithms.snappy.decompressSync(block));
  }
  assert.ok(blocks.slice(0, -1).every(({ length }) => length === 32 * 1024));
  assert.equal(Buffer.compare(Buffer.concat(blocks), LINES), 0);
});

Deno.test("snappy without framing, as some clients send it, is read", () => {
  const packed = compressionsAlgorithms.snappy.compressSync(LINES);
  assert.equal(Buffer.compare(inflate(packed, SNAPPY, LINES.length), LINES), 0);
});

Deno.test("a snappy block that announces more than its bytes can hold is refused before room is made", () => {
  const liar = Buffer.of(0xFF, 0xFF, 0xFF, 0x7F, 0, 0x61);
  assert.throws(() => inflate(liar, SNAPPY, 2 ** 31), /announces a length that it cannot have/);
  const framed = Buffer.concat([compress(Buffer.from("a"), "snappy", undefined), Buffer.of(0x7F, 0, 0, 0)]);
  assert.throws(() => inflate(framed, SNAPPY, 1000), /Snappy block/);
});

Deno.test("lz4 is written as a frame of independent blocks, which Kafka wants", () => {
  const packed = compress(LINES, "lz4", undefined);
  assert.deepEqual([...packed.subarray(0, 5)], [0x04, 0x22, 0x4D, 0x18, 0x60]);
});

/** A frame head: flags, blocks of 64 KiB, and a checksum that nobody looks at. */
function lz4Frame(flags: number, ...rest: readonly (string | Uint8Array)[]): Buffer {
  const parts = rest.map((part) => typeof part === "string" ? Buffer.from(part, "hex") : part);
  return Buffer.concat([Buffer.of(0x04, 0x22, 0x4D, 0x18, flags, 0x40), ...parts]);
}

Deno.test("lz4 frames with linked and plain blocks, checksums and a content size are read", () => {
  // Content size 13; a plain block "abcd" with its checksum; a block that repeats the eight bytes before it, then "!".
  const frame = lz4Frame(
    0x40 | 0x10 | 0x08 | 0x04,
    "0d00000000000000",
    "aa",
    "04000080" + "61626364" + "eeeeeeee",
    "05000000" + "0404001021" + "eeeeeeee",
    "00000000" + "eeeeeeee",
  );
  assert.equal(Buffer.from(inflate(frame, LZ4, 100)).toString(), "abcdabcdabcd!");
});

Deno.test("damaged lz4 frames are refused and say where", () => {
  const sum = "00";
  const cases: readonly (readonly [Buffer, RegExp])[] = [
    [Buffer.from("nothing at all"), /No LZ4 frame/],
    [lz4Frame(0x00, sum, "00000000"), /No LZ4 frame of version 1/],
    [lz4Frame(0x41, sum, "00000000", "00000000"), /dictionary/],
    [lz4Frame(0x60, sum, "05000080", "616263"), /Byte 7: an LZ4 block goes beyond the end/],
    [lz4Frame(0x60, sum, "01000080", "61"), /Byte 12: an LZ4 frame has no end/],
    [lz4Frame(0x60, sum, "03000000", "000100", "00000000"), /repeats|damaged/],
    [lz4Frame(0x60, sum, "03000000", "f0ffff", "00000000"), /Byte 11: an LZ4 block is damaged/],
    [lz4Frame(0x60, sum, "06000000", "106105001061", "00000000"), /repeats what is not there/],
  ];
  for (const [frame, text] of cases) assert.throws(() => inflate(frame, LZ4, 1000), text);
});

Deno.test("a compression that Kafka does not have is named", () => {
  assert.throws(() => inflate(new Uint8Array(10), 7, 100), /No compression has the number 7/);
});
