import { type CodecName, findHadoopCodec } from "../../../../protocols/hadoop/compression.ts";
import { type SequenceFileOptions, startSequenceFile } from "../../../../protocols/hadoop/sequence_file.ts";
import type { SequenceKeys, SequenceRows } from "../../../../protocols/hadoop/sequence_rows.ts";
import { readRows } from "./staged_rows.ts";

// A staged row of a file that is to be compressed: 8 bytes of key, the big end first · body

/** Bytes in front of the body of a staged row. */
export const KEY_BYTES = 8;

/** A compressed SequenceFile whose rows stand plain in the stage. */
export interface SequencePlan extends Required<Pick<SequenceFileOptions, "value" | "compress">> {
  readonly kind: "sequence";
  readonly codec: CodecName;
}

/** Makes the whole file, its head first. */
export async function* compressRows(
  staged: AsyncIterable<Uint8Array>,
  { codec: { className, level }, ...options }: SequencePlan,
): AsyncGenerator<Uint8Array> {
  const { head, rows } = startSequenceFile({ ...options, codec: findHadoopCodec(className, level) });
  yield head;
  for await (const run of readRows(staged)) {
    const starts = run.starts.map((start) => start + KEY_BYTES);
    yield* rows.push({ ...run, starts }, stagedKeys(run));
  }
  yield* rows.end();
}

function stagedKeys({ block, starts, size }: SequenceRows): SequenceKeys {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const keys = new Float64Array(size);
  for (let index = 0; index < size; index++) keys[index] = Number(view.getBigInt64(starts[index]!));
  return keys;
}
