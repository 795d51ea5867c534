const FIRST_BYTES = 16 * 1024;
/** What a connection has without asking … */
const FREE_BYTES = 256 * 1024;
/** … and what it keeps at most between two frames, so that it need not grow with each. */
const KEPT_BYTES = 1024 * 1024;
const LENGTH_BYTES = 4;

/** What bounds the memory of a connection. */
export interface FrameLimits {
  /** Bytes in one frame at most. */
  readonly maxFrameBytes: number;
  /**
   * Asked before the buffer grows by some bytes beyond 256 KiB, told a negative number when it shrinks; refuses by
   * throwing.
   */
  grow?(bytes: number): void;
  /** Memory is short: nothing beyond 256 KiB is kept between two frames. */
  readonly isTight?: boolean;
}

/**
 * What a connection has sent and nobody has taken yet, cut into frames: an int32 length, big-endian, and so many bytes
 * (Thrift's framed transport). It grows with what arrives, never with what is announced.
 */
export class FrameBuffer {
  readonly #limits: FrameLimits;
  #bytes = new Uint8Array(FIRST_BYTES);
  #start = 0;
  #end = 0;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  /** Bytes that no taken frame holds: the beginning of the next one. */
  get rest(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Whether the bytes so far end between two frames; for whoever takes all that are complete. */
  get isBetweenFrames(): boolean {
    return this.#start === this.#end;
  }

  /** What `grow` was asked for and has not got back. */
  get heldBytes(): number {
    return Math.max(0, this.#bytes.length - FREE_BYTES);
  }

  /** Room for the next read. */
  room(): Uint8Array<ArrayBuffer> {
    if (this.#start === this.#end) this.#empty();
    if (this.#frameEnd() > this.#bytes.length || this.#end === this.#bytes.length) this.#moveToFront();
    if (this.#end === this.#bytes.length) this.#double();
    return this.#bytes.subarray(this.#end);
  }

  /** Counts what was read into the room. */
  filled(bytes: number): void {
    this.#end += bytes;
  }

  /** Adds bytes that were read elsewhere. */
  append(bytes: Uint8Array): void {
    for (let rest = bytes; rest.length > 0;) {
      const room = this.room();
      const part = rest.subarray(0, room.length);
      room.set(part);
      this.filled(part.length);
      rest = rest.subarray(part.length);
    }
  }

  /**
   * Takes the next whole frame out, without its length: a view that holds until `room` is called. Nothing when more bytes
   * must come.
   * @throws {RangeError} when the length is none that is allowed.
   */
  take(): Uint8Array<ArrayBuffer> | undefined {
    const frameEnd = this.#frameEnd();
    if (frameEnd === 0 || frameEnd > this.#end) return undefined;
    const frame = this.#bytes.subarray(this.#start + LENGTH_BYTES, frameEnd);
    this.#start = frameEnd;
    return frame;
  }

  /** Lets go of all memory: there will be no more bytes. */
  close(): void {
    [this.#start, this.#end] = [0, 0];
    this.#resize(0);
  }

  /** Where the frame ends that starts first; 0 while its length has not come. */
  #frameEnd(): number {
    if (this.#end - this.#start < LENGTH_BYTES) return 0;
    const bytes = this.#bytes;
    const at = this.#start;
    const length = bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!;
    if (length > 0 && length <= this.#limits.maxFrameBytes) return at + LENGTH_BYTES + length;
    throw new RangeError(`A frame of ${length} bytes; 1 to ${this.#limits.maxFrameBytes} are allowed`);
  }

  #empty(): void {
    [this.#start, this.#end] = [0, 0];
    if (this.#bytes.length > (this.#limits.isTight ? FREE_BYTES : KEPT_BYTES)) this.#resize(FREE_BYTES);
  }

  #moveToFront(): void {
    if (this.#start === 0) return;
    this.#bytes.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
  }

  /** An announcement alone costs nothing: it must be half fulfilled before there is room for all of it. */
  #double(): void {
    const frameEnd = this.#frameEnd();
    this.#resize(frameEnd > this.#end ? Math.min(frameEnd, this.#end * 2) : this.#end * 2);
  }

  #resize(length: number): void {
    const growth = Math.max(length, FREE_BYTES) - Math.max(this.#bytes.length, FREE_BYTES);
    if (growth !== 0) this.#limits.grow?.(growth);
    const resized = new Uint8Array(length);
    resized.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = resized;
  }
}
