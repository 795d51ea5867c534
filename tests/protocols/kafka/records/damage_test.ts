import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { KafkaError } from "../../../../protocols/kafka/kafka_error.ts";
import { readRecords } from "../../../../protocols/kafka/records/batch_reader.ts";
import { crc32c } from "../../../../protocols/kafka/records/crc32c.ts";
import { batchAt, COMPRESSIONS, joined, libraryBatch, patched, readAll, recordsOf } from "./wire.ts";

const SEED = Deno.env.get("PROPERTY_SEED");
/** Damaged answers of each sort; the long run wants a million. */
const FUZZ_RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 2000);
const OPTIONS = { numRuns: FUZZ_RUNS, ...SEED === undefined ? {} : { seed: Number(SEED) } };
const MAX_INFLATED_BYTES = 64 * 1024;
const HEAD_BYTES = 61;

const RICH = Array.from({ length: 6 }, (_, index) => ({
  key: index % 2 ? Buffer.from(`key ${index}`) : null,
  value: index === 3 ? null : Buffer.from(`value ${"repeated ".repeat(index)}`),
  headers: [["a", Buffer.from(`${index}`)], ["b", null], ["c", Buffer.of(0xFF, index)]] as const,
  timeMs: 1000 * index,
}));
const SAMPLES = COMPRESSIONS.map((compression) =>
  joined([
    patched(libraryBatch(RICH, compression), { baseOffset: 3 }),
    batchAt(9, ["one", "two", "three"], { compression }),
  ])
);

const TRANSACTION = { producerId: 7n, firstOffset: 0n };
/** Records of an aborted transaction, its marker, and others. */
SAMPLES.push(joined([
  batchAt(0, ["aborted"], { producerId: 7, isTransactional: true }),
  patched(libraryBatch([{ key: Buffer.alloc(4), value: Buffer.alloc(6) }]), {
    baseOffset: 1,
    producerId: 7,
    attributes: 0x30,
  }),
  batchAt(2, ["one"]),
]));

const change = fc.record({
  at: fc.oneof(fc.nat(70), fc.nat(500)),
  cut: fc.oneof(fc.constant(1), fc.nat(4)),
  put: fc.oneof(fc.uint8Array({ maxLength: 6 }), fc.constant(Uint8Array.of(0x7F, 0xFF, 0xFF, 0xFF))),
});
const changes = fc.array(change, { minLength: 1, maxLength: 4 });

function damaged(
  sample: Uint8Array,
  list: readonly { at: number; cut: number; put: Uint8Array }[],
): Uint8Array {
  const bytes = Array.from(sample);
  for (const { at, cut, put } of list) bytes.splice(at % (bytes.length + 1), cut, ...put);
  return Uint8Array.from(bytes);
}

/** Reads up to the first damage; all that is given lies within its block. */
function readDamaged(bytes: Uint8Array, checksCrc: boolean): void {
  let expected = 0;
  const options = {
    fromOffset: 0,
    wantsHeaders: true,
    maxRecords: 4,
    maxInflatedBytes: MAX_INFLATED_BYTES,
    aborted: [TRANSACTION],
    checksCrc,
  };
  try {
    for (const { bodies, offsets, timestamps, nextOffset } of readRecords(bytes, options)) {
      const { block, starts, ends, size } = bodies;
      assert.ok(block === bytes || block.length <= MAX_INFLATED_BYTES + 1024 * 1024);
      assert.deepEqual([starts, ends, offsets, timestamps].map(({ length }) => length), [
        size,
        size,
        size,
        size,
      ]);
      for (let index = 0; index < size; index++) {
        assert.ok(starts[index]! <= ends[index]! && ends[index]! <= block.length);
        assert.ok(offsets[index]! >= expected && offsets[index]! < nextOffset);
        expected = offsets[index]! + 1;
      }
      assert.ok(nextOffset >= expected);
      expected = nextOffset;
    }
  } catch (cause) {
    assert.ok(cause instanceof KafkaError, `${(cause as Error).stack}`);
  }
}

Deno.test("a damaged answer gives records within its bytes, or a KafkaError", () => {
  const property = fc.property(
    fc.constantFrom(...SAMPLES),
    changes,
    fc.boolean(),
    (sample, list, checksCrc) => {
      readDamaged(damaged(sample, list), checksCrc);
    },
  );
  fc.assert(property, OPTIONS);
});

Deno.test("a batch that is damaged inside a head that fits gives records within its bytes, or a KafkaError", () => {
  fc.assert(
    fc.property(fc.constantFrom(...SAMPLES), changes, (sample, list) => {
      const view = new DataView(sample.buffer);
      const first = sample.slice(0, 12 + view.getInt32(8));
      const batch = joined([first.subarray(0, HEAD_BYTES), damaged(first.subarray(HEAD_BYTES), list)]);
      new DataView(batch.buffer).setInt32(8, batch.length - 12);
      new DataView(batch.buffer).setUint32(17, crc32c(batch, 21, batch.length));
      readDamaged(batch, true);
    }),
    OPTIONS,
  );
});

Deno.test("random bytes are refused with a KafkaError, if at all", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => readDamaged(bytes, false)), OPTIONS);
});

Deno.test("a flipped bit anywhere behind the first fields of a batch is found, and what lies before it is given", () => {
  const good = batchAt(0, ["good"]);
  const bad = batchAt(1, ["bad"]);
  for (let at = 17; at < bad.length; at++) {
    const flipped = bad.slice();
    flipped[at]! ^= 1 << at % 8;
    const found: string[] = [];
    assert.throws(() => {
      const options = {
        fromOffset: 0,
        wantsHeaders: true,
        maxRecords: 9,
        maxInflatedBytes: 9,
        checksCrc: true,
        where: "t/0",
      };
      for (const chunk of readRecords(joined([good, flipped]), options)) {
        found.push(...recordsOf(chunk).map(({ body }) => body));
      }
    }, { code: "CORRUPT_RECORD", message: /^t\/0: batch at offset 1, byte \d+: its CRC-32C is wrong$/ });
    assert.deepEqual(found, ["good"]);
  }
});

Deno.test("records before a damaged one are given, and the error names the offset", () => {
  const batch = libraryBatch(["a", "b", "c"].map((text) => ({ value: Buffer.from(text) })));
  const at = batch.length - 2 * 8 + 5;
  batch[at] = 0x7E;
  const found: string[] = [];
  const broken = patched(batch, { baseOffset: 40 });
  assert.throws(() => {
    const options = {
      fromOffset: 40,
      wantsHeaders: true,
      maxRecords: 9,
      maxInflatedBytes: 9,
      checksCrc: true,
    };
    for (const chunk of readRecords(broken, options)) {
      assert.equal(chunk.nextOffset, 41);
      found.push(...recordsOf(chunk).map(({ body }) => body));
    }
  }, /record at offset 41: Byte \d+: 63 bytes announced/);
  assert.deepEqual(found, ["a"]);
});

Deno.test("batches out of order are refused: one of them has a wrong offset", () => {
  const text = /batch at offset 1 follows one that ends at 1$/;
  assert.throws(() => readAll([batchAt(0, ["a", "b"]), batchAt(1, ["c"])]), {
    code: "CORRUPT_RECORD",
    message: text,
  });
});

Deno.test("counts that the bytes cannot hold are refused before room is made for them", () => {
  for (const compression of COMPRESSIONS) {
    const batch = patched(libraryBatch(RICH, compression), {
      count: 0x7FFFFFFF,
      lastOffsetDelta: 0x7FFFFFFE,
    });
    assert.throws(() => readAll(batch), { code: "CORRUPT_RECORD" });
  }
});

Deno.test("a batch that inflates beyond the limit says what to do", () => {
  const batch = batchAt(5, ["x".repeat(5000)], { compression: "zstd" });
  const text = /batch at offset 5: More than 1000 bytes once inflated \(raise/;
  assert.throws(() => readAll(batch, { maxInflatedBytes: 1000 }), {
    code: "INFLATE_LIMIT",
    canRetry: false,
    message: text,
  });
});

Deno.test("batches of formats before Kafka 0.11 are named", () => {
  for (const magic of [0, 1]) {
    const batch = batchAt(0, ["a"]);
    batch[16] = magic;
    assert.throws(() => readAll(batch), {
      code: "UNSUPPORTED_FOR_MESSAGE_FORMAT",
      message: new RegExp(`format ${magic} `),
    });
  }
});
