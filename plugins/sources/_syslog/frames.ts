import { type BatchLayout, splitLines } from "sluice/plugin";

/** Where single logs, in the RFCs' words messages, lie in a run of bytes. */
export interface Frames {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly size: number;
  readonly layout: BatchLayout;
  /** Bytes that the frames took with what stands between them; what follows is unfinished. */
  readonly consumedBytes: number;
  /** Why what follows cannot be a frame. */
  readonly fault?: string | undefined;
}

/** Finds frames in what a peer sends; keeps what it must know from one piece to the next. */
export interface Framing {
  /** Whether a newline ends a frame, as in Flume; otherwise frames may hold newlines. */
  readonly endsAtNewline: boolean;
  /**
   * Finds frames in bytes that start where the last ones ended. Frames that are longer than the source allows come in
   * pieces of that length.
   * @param isLast Nothing follows: what is unfinished is a frame, too.
   */
  split(bytes: Uint8Array, isLast: boolean): Frames;
}

/** A newline behind each frame (RFC 6587 section 3.4.2), as Flume has it. */
export class NewlineFraming implements Framing {
  readonly endsAtNewline = true;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  split(bytes: Uint8Array, isLast: boolean): Frames {
    return splitLines(bytes, { last: isLast, maxLineBytes: this.#maxBytes });
  }
}
