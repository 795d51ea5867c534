const SLICE_BYTES = 64 * 1024;

/** Bytes that differ from place to place, so that a part in the wrong place shows. */
export function patternBytes(bytes: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(bytes / 4));
  for (let at = 0; at < words.length; at++) words[at] = Math.imul(at + seed, 0x9e3779b1);
  return new Uint8Array(words.buffer, 0, bytes);
}

/** A source of bytes that uses one block again and again, as readers of files do. */
export async function* slicesOf(bytes: Uint8Array, sliceBytes = SLICE_BYTES): AsyncGenerator<Uint8Array> {
  const block = new Uint8Array(sliceBytes);
  for (let from = 0; from < bytes.length; from += sliceBytes) {
    const slice = bytes.subarray(from, from + sliceBytes);
    block.set(slice);
    yield await Promise.resolve(block.subarray(0, slice.length));
  }
}

/** Some bytes, and then an error. */
export async function* brokenAfter(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* slicesOf(bytes);
  throw new Error("The stage broke");
}

/** Some bytes, and then nothing, until somebody has had enough. */
export async function* silentAfter(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* slicesOf(bytes);
  await new Promise(() => {});
}
