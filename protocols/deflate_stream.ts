// A connection whose whole bytes of each direction are one zlib stream (RFC 1950), flushed after each write so that the
// other side can read all of it. node:zlib's streams, because they keep their state from one write to the next, as the
// functions that answer at once do not.
import { constants, createDeflate, createInflate } from "node:zlib";

/** Inflated bytes that may wait: what a small input can become is bounded by this, not by the input. */
const WAITING_BYTES = 16 * 1024;

/** Compresses one direction. */
export class Deflater {
  readonly #deflate;
  #parts: Uint8Array[] = [];

  constructor(level: number) {
    this.#deflate = createDeflate({ level, chunkSize: WAITING_BYTES });
    this.#deflate.on("data", (part: Uint8Array) => this.#parts.push(part));
    this.#deflate.on("error", () => {});
  }

  /** Gives all that the other side needs to read these bytes; one call at a time. */
  push(bytes: Uint8Array): Promise<Uint8Array> {
    this.#deflate.write(bytes);
    return new Promise((resolve) => this.#deflate.flush(constants.Z_SYNC_FLUSH, () => resolve(this.#take())));
  }

  /** Gives the end of the stream. */
  end(): Promise<Uint8Array> {
    return new Promise((resolve) => {
      this.#deflate.once("end", () => resolve(this.#take()));
      this.#deflate.end();
    });
  }

  #take(): Uint8Array {
    const parts = this.#parts;
    this.#parts = [];
    if (parts.length === 1) return parts[0]!;
    const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let offset = 0;
    for (const part of parts) {
      joined.set(part, offset);
      offset += part.length;
    }
    return joined;
  }
}

/** Inflates one direction, no further ahead than it is read. */
export class Inflater {
  readonly #source: () => Promise<Uint8Array | undefined>;
  readonly #inflate = createInflate({ chunkSize: WAITING_BYTES });
  #isConsumed = true;
  #hasEnded = false;
  #fault: Error | undefined;
  #wake: (() => void) | undefined;

  /** The source's bytes need to hold until it is asked again. */
  constructor(source: () => Promise<Uint8Array | undefined>) {
    this.#source = source;
    this.#inflate.on("readable", () => this.#wake?.());
    this.#inflate.on("error", (fault: Error) => this.#settle(() => this.#fault = fault));
    this.#inflate.on("end", () => this.#settle(() => this.#hasEnded = true));
  }

  /**
   * Waits for bytes; nothing at the end, whether the stream was ended in order or just ends.
   * @throws {RangeError} when they are no zlib stream.
   */
  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const inflated: Uint8Array | null = this.#inflate.read();
      if (inflated) return inflated;
      if (this.#fault) throw new RangeError(`Not a deflated stream: ${this.#fault.message}`);
      if (this.#hasEnded) return undefined;
      if (!this.#isConsumed) await new Promise<void>((resolve) => this.#wake = resolve);
      else if (!await this.#feed()) return undefined;
    }
  }

  /** Lets go of its memory. */
  close(): void {
    this.#inflate.destroy();
  }

  async #feed(): Promise<boolean> {
    const bytes = await this.#source();
    if (!bytes) return false;
    this.#isConsumed = false;
    this.#inflate.write(bytes, () => this.#settle(() => this.#isConsumed = true));
    return true;
  }

  #settle(change: () => void): void {
    change();
    this.#wake?.();
  }
}
