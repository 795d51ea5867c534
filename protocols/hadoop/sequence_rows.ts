import { vintBytes, writeInt, writeVint } from "./numbers.ts";

/** Bodies of events by column, as batches hold them. */
export interface SequenceRows {
  readonly block: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly size: number;
}

/** The key of each row, in epoch ms: one for all, or one for each. */
export type SequenceKeys = number | ArrayLike<number>;

/** How a body stands in a SequenceFile, behind a length of its own. */
export interface ValueFormat {
  readonly className: string;
  /** Bytes of that length. */
  lengthBytes(bodyBytes: number): number;
  /** Writes it, and gives the offset behind. */
  writeLength(target: Uint8Array, at: number, bodyBytes: number): number;
}

/** The classes that Flume writes: `Text` has a vint in front, `BytesWritable` four bytes, the big end first. */
export const VALUE_FORMATS = {
  Text: {
    className: "org.apache.hadoop.io.Text",
    lengthBytes: vintBytes,
    writeLength: writeVint,
  },
  BytesWritable: {
    className: "org.apache.hadoop.io.BytesWritable",
    lengthBytes: () => 4,
    writeLength: writeInt,
  },
} satisfies Record<string, ValueFormat>;

/** What turns rows into the bytes behind the head. */
export interface RowEncoder {
  /** Gives what is complete, in pieces that are the caller's. */
  push(rows: SequenceRows, keys: SequenceKeys): Iterable<Uint8Array>;
  /** Gives all that waits, and sets a sync marker. */
  sync(): Iterable<Uint8Array>;
  /** Gives all that waits. */
  end(): Iterable<Uint8Array>;
}
