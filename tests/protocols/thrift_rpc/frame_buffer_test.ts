import assert from "node:assert/strict";
import fc from "fast-check";
import { FrameBuffer } from "../../../protocols/thrift_rpc/frame_buffer.ts";

const LIMIT = 5_000_000;
const KEPT_BYTES = 256 * 1024;

function framed(content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + content.length);
  new DataView(bytes.buffer).setUint32(0, content.length);
  bytes.set(content, 4);
  return bytes;
}

function takeAll(frames: FrameBuffer): Uint8Array[] {
  const taken: Uint8Array[] = [];
  for (let frame = frames.take(); frame; frame = frames.take()) taken.push(frame.slice());
  return taken;
}

Deno.test("frame buffer gives the same frames, however the stream is cut", () => {
  const contents = fc.array(
    fc.oneof(fc.nat(40), fc.nat(70_000)).map((bytes) => new Uint8Array(bytes + 1).fill(bytes)),
    {
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(contents, fc.array(fc.nat(40_000), { minLength: 1 }), (contents, cuts) => {
      const stream = contents.flatMap((content) => Array.from(framed(content)));
      const frames = new FrameBuffer({ maxFrameBytes: LIMIT });
      const taken: Uint8Array[] = [];
      for (let [at, cut] = [0, 0]; at < stream.length; cut++) {
        const bytes = cuts[cut % cuts.length]! + 1;
        frames.append(Uint8Array.from(stream.slice(at, at + bytes)));
        at += bytes;
        taken.push(...takeAll(frames));
      }
      assert.deepEqual(taken, contents);
      assert.equal(frames.rest.length, 0);
    }),
    { numRuns: 60 },
  );
});

Deno.test("frame buffer grows with what comes, not with what is announced, and shrinks when it is empty", () => {
  let asked = 0;
  const frames = new FrameBuffer({ maxFrameBytes: LIMIT, grow: (bytes) => void (asked += bytes) });
  const stream = framed(new Uint8Array(4_000_000));
  for (let at = 0; at < stream.length; at += 10_000) {
    frames.append(stream.subarray(at, at + 10_000));
    assert.ok(asked <= Math.max(0, 2 * (at + 10_000) - KEPT_BYTES), `${asked} bytes asked for after ${at}`);
  }
  assert.equal(asked, stream.length - KEPT_BYTES);
  assert.equal(frames.take()!.length, 4_000_000);
  assert.equal(frames.room().length, KEPT_BYTES);
  assert.equal(asked, 0);
  frames.append(stream.subarray(0, 300_000));
  frames.close();
  assert.equal(asked, 0);
});

Deno.test("frame buffer keeps room for the next frame like the last, unless memory is short", () => {
  const limits = { maxFrameBytes: LIMIT, isTight: false };
  const frames = new FrameBuffer(limits);
  for (const isTight of [false, true]) {
    limits.isTight = isTight;
    frames.append(framed(new Uint8Array(500_000)));
    frames.take();
    assert.equal(frames.room().length, isTight ? KEPT_BYTES : 500_004);
  }
});

Deno.test("frame buffer keeps what it has, when it may not grow", () => {
  const frames = new FrameBuffer({
    maxFrameBytes: LIMIT,
    grow() {
      throw new Error("No more memory");
    },
  });
  assert.throws(() => frames.append(framed(new Uint8Array(300_000))), /No more memory/);
  assert.equal(frames.rest.length, KEPT_BYTES);
});
