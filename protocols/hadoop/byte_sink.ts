/** Where the bytes of a file go: a file of HDFS that is open, or a codec in front of it. */
export interface ByteSink {
  /** Takes bytes for good: who gave them does not write to them again. Resolves when more may come. */
  write(bytes: Uint8Array): Promise<void>;
}

/** A codec in front of a file. It has used the bytes that it takes once `write` resolves. */
export interface CompressedStream extends ByteSink {
  /**
   * Ends what is compressed, so that all that was written can be read. What is written afterwards begins a stream behind
   * it, which every reader of Hadoop's takes for more of the same: so did Flume, once for each batch.
   */
  finish(): Promise<void>;
  /** Lets go of its memory; for a file that is given up. */
  abort(): void;
}
