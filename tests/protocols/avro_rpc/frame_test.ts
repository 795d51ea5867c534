import assert from "node:assert/strict";
import fc from "fast-check";
import { type Frame, frameBytes, FrameReader, writeFrame } from "../../../protocols/avro_rpc/frame.ts";
import { framesOf, recorded } from "../../support/avro_wire.ts";

/** Memory that knows what was lent and not given back, and fills blocks with rubbish. */
class CountedMemory {
  readonly lent = new Set<Uint8Array>();
  largestBytes = 0;

  take(leastBytes: number): Uint8Array {
    const block = new Uint8Array(Math.max(leastBytes, 16)).fill(0xAA);
    this.largestBytes = Math.max(this.largestBytes, block.length);
    this.lent.add(block);
    return block;
  }

  give(block: Uint8Array): void {
    assert.ok(this.lent.delete(block), "A block was given back twice");
  }
}

/** Reads bytes in pieces; copies what it finds. */
function readPieces(bytes: Uint8Array, cuts: readonly number[], memory = new CountedMemory()): Frame[] {
  const reader = new FrameReader({ maxFrameBytes: 1024 * 1024 }, memory);
  const frames: Frame[] = [];
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let start = 0;
  for (const end of ends) {
    reader.feed(bytes.subarray(start, end));
    for (let frame = reader.next(); frame; frame = reader.next()) {
      frames.push({ ...frame, content: frame.content.slice() });
    }
    start = end;
  }
  assert.ok(reader.isBetweenFrames);
  assert.equal(memory.lent.size, 0, "Between two frames the reader holds no memory");
  return frames;
}

/** Cuts a content into buffers of any length, as any client may. */
function frameOf(serial: number, buffers: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(8 + buffers.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(bytes.buffer);
  view.setInt32(0, serial);
  view.setInt32(4, buffers.length);
  let at = 8;
  for (const buffer of buffers) {
    view.setInt32(at, buffer.length);
    bytes.set(buffer, at + 4);
    at += 4 + buffer.length;
  }
  return bytes;
}

Deno.test("frames are read whatever their buffers and whatever the pieces they come in", () => {
  const buffers = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  const calls = fc.array(fc.tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), buffers), {
    maxLength: 5,
  });
  fc.assert(fc.property(calls, fc.array(fc.nat(400), { maxLength: 8 }), (calls, cuts) => {
    const bytes = new Uint8Array(calls.flatMap(([serial, buffers]) => [...frameOf(serial, buffers)]));
    assert.deepEqual(
      readPieces(bytes, cuts),
      calls.map(([serial, buffers]) => ({
        serial,
        content: new Uint8Array(buffers.flatMap((buffer) => [...buffer])),
      })),
    );
  }));
});

Deno.test("frames are written with a buffer for each part, cut at 8192 bytes", () => {
  const parts = [0, 5, 8192, 8193, 20_000].map((bytes) => new Uint8Array(bytes).fill(bytes % 251));
  const written = writeFrame(new Uint8Array(frameBytes(parts.map(({ length }) => length))), -7, parts);
  const view = new DataView(written.buffer);
  const lengths: number[] = [];
  for (let at = 8; at < written.length; at += 4 + lengths.at(-1)!) lengths.push(view.getInt32(at));
  assert.deepEqual(lengths, [0, 5, 8192, 8192, 1, 8192, 8192, 3616]);
  assert.equal(view.getInt32(4), lengths.length);
  const [frame] = framesOf(written);
  assert.equal(frame!.serial, -7);
  assert.deepEqual(frame!.content, new Uint8Array(parts.flatMap((part) => [...part])));
});

Deno.test("frames of Flume's client have its serials", () => {
  assert.deepEqual(framesOf(recorded("avro-plain", "c2s")).map(({ serial }) => serial), [1, 2, 3]);
});

Deno.test("a block that was taken out of the reader stays as it is", () => {
  const memory = new CountedMemory();
  const reader = new FrameReader({ maxFrameBytes: 1024 }, memory);
  const bytes = [frameOf(1, [Uint8Array.of(1, 2, 3)]), frameOf(2, [Uint8Array.of(4, 5, 6)])];
  reader.feed(new Uint8Array(bytes.flatMap((frame) => [...frame])));
  const first = reader.next()!;
  const block = reader.takeBlock();
  const second = reader.next()!;
  assert.notEqual(first.content.buffer, second.content.buffer);
  assert.deepEqual([...block.subarray(0, 3)], [1, 2, 3]);
});

Deno.test("room is made for bytes that have come, not for those that are announced", () => {
  const memory = new CountedMemory();
  const reader = new FrameReader({ maxFrameBytes: 2 ** 30 }, memory);
  const head = frameOf(1, [new Uint8Array(0)]);
  new DataView(head.buffer).setInt32(8, 2 ** 29);
  reader.feed(new Uint8Array([...head, ...new Array(1000).fill(1)]));
  assert.equal(reader.next(), undefined);
  assert.equal(memory.largestBytes, 1000);
  assert.equal(reader.isBetweenFrames, false);
  reader.close();
  assert.equal(memory.lent.size, 0);
});
