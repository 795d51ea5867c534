import type { CompressedStream } from "../../../../protocols/hadoop/byte_sink.ts";
import { type CodecName, findHadoopCodec } from "../../../../protocols/hadoop/compression.ts";

/** One compressed stream. */
export interface StreamPlan {
  readonly kind: "stream";
  readonly codec: CodecName;
}

/** More is not compressed at once, so that what comes out of it is bounded, too. */
const PIECE_BYTES = 1024 * 1024;

/** Makes one compressed stream of all that is staged. */
export async function* compressStream(
  staged: AsyncIterable<Uint8Array>,
  { codec }: StreamPlan,
): AsyncGenerator<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const stream: CompressedStream = findHadoopCodec(codec.className, codec.level)!.open({
    write: (bytes) => {
      pieces.push(bytes);
      return Promise.resolve();
    },
  });
  try {
    for await (const piece of staged) {
      for (let at = 0; at < piece.length; at += PIECE_BYTES) {
        await stream.write(piece.subarray(at, at + PIECE_BYTES));
        yield* pieces.splice(0);
      }
    }
    await stream.finish();
    yield* pieces;
  } finally {
    stream.abort();
  }
}
