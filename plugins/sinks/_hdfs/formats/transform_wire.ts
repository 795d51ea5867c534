import type { TransformPlan } from "./transform.ts";

// What a thread tells its worker, and hears from it. Each stream is one file, under a number that no other has. Its pieces
// are answered one by one, when the transform asks for more: so whoever sends them knows how many are under way.
//
//   begin  piece → used  piece → used  …  end → end
//
// A fault of the transform comes in place of an answer, and ends the stream; after `abort` there is no answer.

/** What a worker is told. */
export type ToWorker =
  | { readonly kind: "begin"; readonly stream: number; readonly plan: TransformPlan }
  /** Its buffer goes along. */
  | { readonly kind: "piece"; readonly stream: number; readonly piece: Uint8Array<ArrayBuffer> }
  | { readonly kind: "end" | "abort"; readonly stream: number };

/** What a worker answers; `parts` of the file have come of it, and their buffers go along. */
export type FromWorker =
  /** `room` is the buffer of the piece. */
  | {
    readonly kind: "used";
    readonly stream: number;
    readonly room: ArrayBuffer;
    readonly parts: readonly Uint8Array[];
  }
  | { readonly kind: "end"; readonly stream: number; readonly parts: readonly Uint8Array[] }
  | { readonly kind: "fault"; readonly stream: number; readonly cause: unknown };
