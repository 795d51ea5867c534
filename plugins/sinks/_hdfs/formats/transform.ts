import type { AvroPlan } from "./transform_avro.ts";
import type { ParquetPlan } from "./transform_parquet.ts";
import type { SequencePlan } from "./transform_sequence.ts";
import type { StreamPlan } from "./transform_stream.ts";

/**
 * Staged bytes → the file's bytes. It reads on only when more is asked of it, keeps a bounded amount, and is through with a
 * staged piece when it asks for the next one, so that its memory may be used again. What it gives stays, and is
 * given for good: pieces that fill a buffer of 4 KiB or more leave the thread with it.
 */
export type Transform = (staged: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** What a transform is made of: plain values, so that another thread can be told. */
export type TransformPlan = StreamPlan | SequencePlan | AvroPlan | ParquetPlan;

/** Makes a transform on this thread, for any number of files; its libraries are loaded for it. */
export async function makeTransform(plan: TransformPlan): Promise<Transform> {
  switch (plan.kind) {
    case "stream": {
      const { compressStream } = await import("./transform_stream.ts");
      return (staged) => compressStream(staged, plan);
    }
    case "sequence": {
      const { compressRows } = await import("./transform_sequence.ts");
      return (staged) => compressRows(staged, plan);
    }
    case "avro": {
      const { makeBlocks } = await import("./transform_avro.ts");
      return (staged) => makeBlocks(staged, plan);
    }
    case "parquet": {
      const { makeGroups } = await import("./transform_parquet.ts");
      return (staged) => makeGroups(staged, plan);
    }
  }
}
