/** Flume's client and server cut what they send into buffers of this length. */
const BUFFER_BYTES = 8192;
const HEAD_BYTES = 8;
const LENGTH_BYTES = 4;
/** Buffers that a frame may have. Empty ones cost their sender four bytes each, and nothing here. */
const MAX_BUFFERS = 1024 * 1024;

/** Frames that a peer may send. */
export interface FrameLimits {
  /** Bytes of one frame, the lengths of its buffers left out. */
  readonly maxFrameBytes: number;
}

/** Lends memory for the content of frames. */
export interface FrameMemory {
  /** Gives a block of at least so many bytes; its content is whatever stood there before. */
  take(leastBytes: number): Uint8Array;
  /** Gets a block back that nobody uses any more. */
  give(block: Uint8Array): void;
}

/** The content of a frame; its bytes hold until the reader is asked for the next one, or for ever after `takeBlock`. */
export interface Frame {
  /** The answer to a call carries the same. */
  readonly serial: number;
  readonly content: Uint8Array;
}

/** Finds frames in bytes that arrive bit by bit, and joins their buffers. Makes no room before bytes have come for it. */
export class FrameReader {
  readonly #maxFrameBytes: number;
  readonly #memory: FrameMemory;
  readonly #word = new Uint8Array(HEAD_BYTES);
  #wordBytes = 0;
  #chunk = new Uint8Array(0);
  #at = 0;
  #serial = 0;
  #isInFrame = false;
  #buffersLeft = 0;
  #bytesLeft = 0;
  #announcedBytes = 0;
  #block: Uint8Array | undefined;
  #size = 0;

  constructor({ maxFrameBytes }: FrameLimits, memory: FrameMemory) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#memory = memory;
  }

  /** Whether the bytes so far end between two frames. */
  get isBetweenFrames(): boolean {
    return !this.#isInFrame && this.#wordBytes === 0;
  }

  /** Memory that the unfinished frame has. */
  get heldBytes(): number {
    return this.#block?.length ?? 0;
  }

  /** Takes the next bytes; those before have been read up. They are read until `next` gives nothing. */
  feed(chunk: Uint8Array): void {
    this.#chunk = chunk as Uint8Array<ArrayBuffer>;
    this.#at = 0;
  }

  /**
   * Gives the next frame; nothing when more bytes are needed.
   * @throws {RangeError} when the bytes are no frame, or a larger one than is allowed.
   */
  next(): Frame | undefined {
    for (;;) {
      if (this.#bytesLeft > 0) {
        if (!this.#copy()) return undefined;
        continue;
      }
      if (this.#isInFrame && this.#buffersLeft === 0) return this.#endFrame();
      if (!this.#readWord(this.#isInFrame ? LENGTH_BYTES : HEAD_BYTES)) return this.#pause();
      if (this.#isInFrame) this.#startBuffer();
      else this.#startFrame();
    }
  }

  /** Gives the block of the last frame away, which the reader then uses no more. */
  takeBlock(): Uint8Array {
    const block = this.#block!;
    this.#block = undefined;
    return block;
  }

  /** Lets go of all memory: there will be no more bytes. */
  close(): void {
    if (this.#block) this.#memory.give(this.#block);
    this.#block = undefined;
  }

  /** A client that is silent between two frames holds no memory. */
  #pause(): undefined {
    if (!this.#isInFrame) this.close();
  }

  #startFrame(): void {
    const word = new DataView(this.#word.buffer);
    const buffers = word.getInt32(4);
    if (buffers < 0 || buffers > MAX_BUFFERS) {
      throw new RangeError(`A frame of ${buffers} buffers; ${MAX_BUFFERS} are the limit`);
    }
    this.#serial = word.getInt32(0);
    this.#isInFrame = true;
    this.#buffersLeft = buffers;
    this.#announcedBytes = 0;
    this.#size = 0;
  }

  #startBuffer(): void {
    const bytes = new DataView(this.#word.buffer).getInt32(0);
    this.#announcedBytes += bytes;
    if (bytes < 0 || this.#announcedBytes > this.#maxFrameBytes) {
      const text = bytes < 0
        ? `A buffer of ${bytes} bytes`
        : `A frame of ${this.#announcedBytes} bytes or more`;
      throw new RangeError(`${text}; ${this.#maxFrameBytes} are the limit`);
    }
    this.#buffersLeft--;
    this.#bytesLeft = bytes;
  }

  #endFrame(): Frame {
    this.#isInFrame = false;
    this.#block ??= this.#memory.take(0);
    return { serial: this.#serial, content: this.#block.subarray(0, this.#size) };
  }

  /** True when a number of so many bytes is complete in `#word`. */
  #readWord(bytes: number): boolean {
    while (this.#wordBytes < bytes && this.#at < this.#chunk.length) {
      this.#word[this.#wordBytes++] = this.#chunk[this.#at++]!;
    }
    if (this.#wordBytes < bytes) return false;
    this.#wordBytes = 0;
    return true;
  }

  /** False when the chunk is used up. */
  #copy(): boolean {
    const bytes = Math.min(this.#bytesLeft, this.#chunk.length - this.#at);
    if (bytes === 0) return false;
    const block = this.#room(bytes);
    block.set(this.#chunk.subarray(this.#at, this.#at + bytes), this.#size);
    this.#at += bytes;
    this.#size += bytes;
    this.#bytesLeft -= bytes;
    return true;
  }

  #room(bytes: number): Uint8Array {
    const block = this.#block ??= this.#memory.take(bytes);
    if (this.#size + bytes <= block.length) return block;
    const grown = this.#memory.take(Math.max(this.#size + bytes, block.length * 2));
    grown.set(block.subarray(0, this.#size));
    this.#memory.give(block);
    return this.#block = grown;
  }
}

/** Bytes that a frame takes whose parts are this long. */
export function frameBytes(parts: readonly number[]): number {
  return parts.reduce((sum, bytes) => sum + bytes + LENGTH_BYTES * buffersFor(bytes), HEAD_BYTES);
}

/** An empty part is one empty buffer. */
function buffersFor(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / BUFFER_BYTES));
}

/**
 * Writes a frame into `target`: each part in buffers of its own, cut where Flume cuts. Parts may lie in the target
 * behind the place where they are written to.
 *
 * ```text
 *  0 i32 serial
 *  4 i32 how many buffers
 *  8 i32 length of the first buffer, then its bytes
 *    i32 length of the second buffer …
 * ```
 * All numbers are big-endian. This is the framing of Avro's netty transport.
 */
export function writeFrame(target: Uint8Array, serial: number, parts: readonly Uint8Array[]): Uint8Array {
  const view = new DataView(target.buffer, target.byteOffset, target.length);
  view.setInt32(0, serial);
  view.setInt32(4, parts.reduce((sum, { length }) => sum + buffersFor(length), 0));
  let offset = HEAD_BYTES;
  for (const part of parts) {
    for (let at = 0; at === 0 || at < part.length; at += BUFFER_BYTES) {
      const buffer = part.subarray(at, at + BUFFER_BYTES);
      view.setInt32(offset, buffer.length);
      target.set(buffer, offset + LENGTH_BYTES);
      offset += LENGTH_BYTES + buffer.length;
    }
  }
  return target.subarray(0, offset);
}
