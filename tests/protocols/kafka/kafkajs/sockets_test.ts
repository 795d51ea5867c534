import assert from "node:assert/strict";
import { FrameLengths } from "../../../../protocols/kafka/kafkajs/sockets.ts";

/** Frames of these lengths, as a broker sends them. */
function framesOf(...lengths: number[]): Uint8Array {
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + 4 + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const length of lengths) {
    view.setUint32(at, length);
    at += 4 + length;
  }
  return bytes;
}

Deno.test("kafkajs frame lengths finds the frame above the limit, wherever pieces end", () => {
  const bytes = framesOf(3, 0, 10, 11, 2);
  for (let size = 1; size <= bytes.length; size++) {
    const lengths = new FrameLengths();
    const found: number[] = [];
    for (let from = 0; from < bytes.length && found.length === 0; from += size) {
      const length = lengths.findAbove(10, bytes.subarray(from, from + size));
      if (length !== undefined) found.push(length);
    }
    assert.deepEqual(found, [11], `pieces of ${size}`);
  }
});

Deno.test("kafkajs frame lengths takes a negative length as one above the limit", () => {
  assert.equal(new FrameLengths().findAbove(2 ** 31 - 1, Uint8Array.of(0xff, 0xff, 0xff, 0xff)), 2 ** 32 - 1);
});

Deno.test("kafkajs frame lengths finds nothing where all frames are within the limit", () => {
  assert.equal(new FrameLengths().findAbove(10, framesOf(10, 10, 0, 1)), undefined);
});
