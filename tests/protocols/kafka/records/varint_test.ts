import assert from "node:assert/strict";
import fc from "fast-check";
import { varintBytes, VarintReader, writeVarint } from "../../../../protocols/kafka/records/varint.ts";

const SEED = Deno.env.get("PROPERTY_SEED");
const OPTIONS = { ...SEED === undefined ? {} : { seed: Number(SEED) } };

const SAMPLES: readonly (readonly [number, string])[] = [
  [0, "00"],
  [-1, "01"],
  [1, "02"],
  [63, "7e"],
  [-64, "7f"],
  [64, "8001"],
  [8191, "fe7f"],
  [-8192, "ff7f"],
  [0x3FFFFFFF, "feffffff07"],
  [0x40000000, "8080808008"],
  [2 ** 31 - 1, "feffffff0f"],
  [-(2 ** 31), "ffffffff0f"],
  [2 ** 31, "8080808010"],
  [-(2 ** 33), "ffffffff3f"],
  [4102444800000, "80e09ecce5ee01"],
  [2 ** 52 - 1, "feffffffffffff0f"],
  [-(2 ** 52), "ffffffffffffff0f"],
];

function written(value: number): Uint8Array {
  const target = new Uint8Array(varintBytes(value));
  assert.equal(writeVarint(target, 0, value), target.length);
  return target;
}

Deno.test("varints have the bytes that the protocol guide says", () => {
  for (const [value, hex] of SAMPLES) {
    assert.equal(written(value).toHex(), hex);
    const bytes = Uint8Array.fromHex(hex);
    assert.equal(new VarintReader(bytes, 0, bytes.length).long(), value);
  }
});

Deno.test("every number is read as it was written", () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 }), fc.integer(), (long, int) => {
      assert.equal(new VarintReader(written(long), 0, 10).long(), long);
      assert.equal(new VarintReader(written(int), 0, 10).int(), int);
      assert.equal(new VarintReader(written(int), 0, 10).long(), int);
    }),
    OPTIONS,
  );
});

Deno.test("a number that goes beyond the end, or has too many bytes, is a RangeError", () => {
  for (const read of ["int", "long"] as const) {
    assert.throws(() => new VarintReader(Uint8Array.of(0x80, 0x80), 0, 2)[read](), RangeError);
    assert.throws(() => new VarintReader(Uint8Array.of(0x80, 0x01), 0, 1)[read](), RangeError);
    assert.throws(() => new VarintReader(Uint8Array.of(), 0, 0)[read](), RangeError);
    assert.throws(() => new VarintReader(new Uint8Array(30).fill(0x80), 0, 30)[read](), RangeError);
  }
});

Deno.test("bytes that are not all there are not passed over", () => {
  const reader = new VarintReader(new Uint8Array(10), 2, 8);
  assert.equal(reader.skip(4), 2);
  assert.throws(() => reader.skip(3), /Byte 6: 3 bytes announced where 2 are left/);
  assert.throws(() => reader.skip(-2), RangeError);
  assert.equal(reader.skip(2), 6);
});
