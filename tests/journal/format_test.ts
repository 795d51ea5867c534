import assert from "node:assert/strict";
import fc from "fast-check";
import {
  channelBits,
  decodeFrameHead,
  decodeSegmentHead,
  encodeFrameHead,
  encodeSegmentHead,
  FRAME_HEAD_BYTES,
  type FrameHead,
  hasChannel,
  MAX_PAYLOAD_BYTES,
  SEGMENT_HEAD_BYTES,
} from "../../journal/mod.ts";

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const sequence = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const head: fc.Arbitrary<FrameHead> = fc.record({
  payloadBytes: fc.integer({ min: 0, max: MAX_PAYLOAD_BYTES }),
  kind: fc.constantFrom(1, 2),
  flags: fc.integer({ min: 0, max: 7 }),
  count: u32,
  sequence,
  timeMs: sequence,
  lowChannels: u32,
  highChannels: u32,
  syncedSequence: sequence,
  payloadCrc: u32,
  keyId: u32,
}, { noNullPrototype: true });

Deno.test("frame head is read as it was written, at any offset", () => {
  fc.assert(fc.property(head, fc.integer({ min: 0, max: 9 }), (written, offset) => {
    const bytes = new Uint8Array(offset + FRAME_HEAD_BYTES);
    encodeFrameHead(written, bytes.subarray(offset));
    assert.deepEqual(decodeFrameHead(bytes, offset), written);
  }));
});

Deno.test("frame head with any one bit turned over is no head", () => {
  fc.assert(fc.property(head, fc.integer({ min: 0, max: FRAME_HEAD_BYTES * 8 - 1 }), (written, bit) => {
    const bytes = new Uint8Array(FRAME_HEAD_BYTES);
    encodeFrameHead(written, bytes);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(decodeFrameHead(bytes), undefined);
  }));
});

Deno.test("frame head that is cut short is no head", () => {
  const bytes = new Uint8Array(FRAME_HEAD_BYTES);
  encodeFrameHead(fc.sample(head, { numRuns: 1, seed: 1 })[0]!, bytes);
  assert.equal(decodeFrameHead(bytes.subarray(0, FRAME_HEAD_BYTES - 1)), undefined);
  assert.equal(decodeFrameHead(bytes, 1), undefined);
});

Deno.test("channel set of a frame holds the ids that were given, and no others", () => {
  const ids = [0, 5, 31, 32, 47, 63];
  const bits = channelBits(ids);
  const found = Array.from({ length: 64 }, (_, id) => id).filter((id) => hasChannel(bits, id));
  assert.deepEqual(found, ids);
});

Deno.test("segment head is read as it was written, and tells a damaged one from one of another version", () => {
  const written = {
    journalId: "00c0ffee00000001",
    firstSequence: 2 ** 40 + 1,
    timeMs: 1_795_000_000_000,
    number: 7,
    previousNumber: 5,
  };
  const bytes = encodeSegmentHead(written);
  assert.equal(bytes.length, SEGMENT_HEAD_BYTES);
  assert.deepEqual(decodeSegmentHead(bytes), written);
  const damaged = bytes.slice();
  damaged[17]! ^= 4;
  assert.equal(decodeSegmentHead(damaged), undefined);
  assert.equal(decodeSegmentHead(bytes.subarray(0, 40)), undefined);
});
