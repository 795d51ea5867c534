import assert from "node:assert/strict";
import { constants, deflateSync, inflateSync } from "node:zlib";
import fc from "fast-check";
import { Deflater, Inflater } from "../../protocols/deflate_stream.ts";

/** Gives the parts one after the other, and then the end. */
function sourceOf(parts: readonly Uint8Array[]): () => Promise<Uint8Array | undefined> {
  const left = [...parts];
  return () => Promise.resolve(left.shift());
}

async function readAll(inflater: Inflater): Promise<Uint8Array> {
  const parts: number[] = [];
  for (let bytes = await inflater.read(); bytes; bytes = await inflater.read()) parts.push(...bytes);
  inflater.close();
  return Uint8Array.from(parts);
}

Deno.test("what was deflated bit by bit can be read after each bit", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 6 }),
      async (parts) => {
        const deflater = new Deflater(6);
        const deflated: Uint8Array[] = [];
        const inflater = new Inflater(() => Promise.resolve(deflated.shift()));
        for (const part of parts) {
          deflated.push(await deflater.push(part));
          const read: number[] = [];
          while (read.length < part.length) read.push(...(await inflater.read())!);
          assert.deepEqual(Uint8Array.from(read), part);
        }
        deflated.push(await deflater.end());
        assert.equal(await inflater.read(), undefined);
        inflater.close();
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("the parts of a deflated stream are a zlib stream together, end and check sum included", async () => {
  const deflater = new Deflater(1);
  const parts = [await deflater.push(Uint8Array.of(1, 2)), await deflater.push(Uint8Array.of(3))];
  parts.push(await deflater.end());
  const whole = new Uint8Array(parts.flatMap((part) => [...part]));
  assert.deepEqual(new Uint8Array(inflateSync(whole)), Uint8Array.of(1, 2, 3));
});

Deno.test("a stream that just ends gives what it had", async () => {
  const deflated = deflateSync("hello flume", { finishFlush: constants.Z_SYNC_FLUSH });
  const inflated = await readAll(new Inflater(sourceOf([deflated.subarray(0, 5), deflated.subarray(5)])));
  assert.equal(new TextDecoder().decode(inflated), "hello flume");
});

Deno.test("bytes that are no zlib stream are refused", async () => {
  for (const bytes of [[1, 2, 3, 4], [0x78, 0x9C, 0xFF, 0xFF]]) {
    await assert.rejects(readAll(new Inflater(sourceOf([Uint8Array.from(bytes)]))), {
      name: "RangeError",
      message: /^Not a deflated stream: /,
    });
  }
});

Deno.test("a bomb is inflated no further than it is read", async () => {
  const bomb = deflateSync(new Uint8Array(64 * 1024 * 1024), { finishFlush: constants.Z_SYNC_FLUSH });
  let fed = 0;
  const inflater = new Inflater(() => {
    fed += 1000;
    return Promise.resolve(fed > bomb.length ? undefined : bomb.subarray(fed - 1000, fed));
  });
  const { length } = (await inflater.read())!;
  assert.ok(length <= 256 * 1024, `${length} bytes at once`);
  assert.equal(fed, 1000, "No more is fed before what was inflated is read");
  inflater.close();
});
