import { readStagedHead, type StagedHead } from "./staged_head.ts";

const BLOCK_BYTES = 1024 * 1024;
/** Blocks that were read into and wait for the next file: collecting garbage comes too late for a thousand of them. */
const freeBlocks: Uint8Array<ArrayBuffer>[] = [];
const MAX_FREE_BLOCKS = 16;

/** Where a staged file lies, and how much of it counts. */
export interface StagedPlace {
  readonly name: string;
  /** Where it is when it is complete … */
  readonly path: string;
  /** … and where while it grows. */
  readonly growingPath: string;
  readonly sinceMs: number;
}

/** A file in the stage, complete or growing. Only what is delivered of it counts: that is still there after a crash. */
export class StagedFile implements StagedPlace {
  readonly name: string;
  readonly path: string;
  readonly growingPath: string;
  readonly sinceMs: number;
  /** Delivered so far. */
  bytes = 0;
  isComplete = false;
  /** Read so far by the upload that is under way. */
  readBytes = 0;
  /** Tries to publish it that failed. */
  publishTries = 0;
  #head: Promise<{ head: StagedHead; headBytes: number }> | undefined;
  #changed = Promise.withResolvers<void>();

  constructor({ name, path, growingPath, sinceMs }: StagedPlace) {
    this.name = name;
    this.path = path;
    this.growingPath = growingPath;
    this.sinceMs = sinceMs;
  }

  /** What becomes of it. */
  head(): Promise<{ readonly head: StagedHead; readonly headBytes: number }> {
    this.#head ??= readStagedHead(this.isComplete ? this.path : this.growingPath);
    this.#head.catch(() => this.#head = undefined);
    return this.#head;
  }

  /** More of it is delivered. */
  grow(bytes: number): void {
    this.bytes = bytes;
    this.#wake();
  }

  /** It has its whole length, and its name. */
  complete(bytes: number): void {
    this.bytes = bytes;
    this.isComplete = true;
    this.#wake();
  }

  /** Resolves when it is complete. @throws the signal's reason. */
  async completed(signal: AbortSignal): Promise<void> {
    while (!this.isComplete) await this.#change(signal);
  }

  /**
   * Its bytes without the head, in a block that is used again for each chunk; of a growing file those to come, too.
   * @throws the signal's reason, or when the file is shorter than it was.
   */
  async *read(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { headBytes } = await this.head();
    using file = await this.#open();
    await file.seek(headBytes, Deno.SeekMode.Start);
    const block = takeBlock(this.bytes - headBytes);
    // Its own count: a read that is given up may be waiting for more yet.
    for (let at = headBytes;;) {
      while (at < this.bytes) {
        signal.throwIfAborted();
        const count = await file.read(block.subarray(0, this.bytes - at));
        if (count === null) throw this.#tooShort(at);
        at += count;
        this.readBytes = at;
        yield block.subarray(0, count);
      }
      // Who asks for more is done with the last chunk.
      if (this.isComplete) return giveBack(block);
      await this.#change(signal);
    }
  }

  async #open(): Promise<Deno.FsFile> {
    if (this.isComplete) return await Deno.open(this.path);
    try {
      return await Deno.open(this.growingPath);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
      // It was completed just now.
      return await Deno.open(this.path);
    }
  }

  #tooShort(at: number): Error {
    return new Error(
      `"${this.path}" ends at byte ${at}, and had ${this.bytes}: somebody changed it`,
    );
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #change(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const stop = () => reject(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      void this.#changed.promise.then(() => {
        signal.removeEventListener("abort", stop);
        resolve();
      });
    });
  }
}

function takeBlock(bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes < BLOCK_BYTES) return new Uint8Array(Math.max(bytes, 4096));
  return freeBlocks.pop() ?? new Uint8Array(BLOCK_BYTES);
}

function giveBack(block: Uint8Array<ArrayBuffer>): void {
  if (block.length === BLOCK_BYTES && freeBlocks.length < MAX_FREE_BLOCKS) freeBlocks.push(block);
}
