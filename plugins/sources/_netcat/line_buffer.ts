import { type BlockPool, EventBatch, type Lease, splitLines } from "sluice/plugin";

const FIRST_BYTES = 16 * 1024;
/** Where reads stop growing; longer lines make the buffer grow further. */
const READ_BYTES = 256 * 1024;

/** What a connection has sent and nobody has taken yet. */
export class LineBuffer {
  readonly #pool: BlockPool;
  readonly #maxBytes: number;
  #bytes = new Uint8Array(FIRST_BYTES);
  #size = 0;

  /** `maxLineChars` bounds the buffer: no line may be longer. */
  constructor(pool: BlockPool, maxLineChars: number) {
    this.#pool = pool;
    // UTF-8 takes three bytes for a character of UTF-16 at most.
    this.#maxBytes = Math.max(READ_BYTES, Math.min(maxLineChars * 3 + 1, 2 ** 31 - 1));
  }

  /** The unfinished line at the end. */
  get rest(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  /** Room for the next read; it grows with a sender that fills it. */
  room(): Uint8Array<ArrayBuffer> {
    const free = this.#bytes.length - this.#size;
    if (free < this.#bytes.length / 2 && this.#bytes.length < this.#maxBytes) {
      this.#grow(Math.min(this.#bytes.length * 4, this.#maxBytes));
    }
    return this.#bytes.subarray(this.#size);
  }

  /** Counts what was read into the room. */
  filled(bytes: number): void {
    this.#size += bytes;
    if (this.#size === this.#bytes.length && this.#bytes.length < READ_BYTES) this.#grow(READ_BYTES);
  }

  /** Adds bytes that were read elsewhere. */
  append(bytes: Uint8Array): void {
    const needed = this.#size + bytes.length;
    if (needed > this.#bytes.length) this.#grow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.set(bytes, this.#size);
    this.#size = needed;
  }

  /** Takes all whole lines out; nothing when there is none. The batch lies in a pooled block when it fills one. */
  async takeLines(signal: AbortSignal): Promise<EventBatch | undefined> {
    const end = this.rest.lastIndexOf(10) + 1;
    if (end === 0) return undefined;
    const { blockBytes } = this.#pool;
    const isPooled = end >= blockBytes / 8 && end <= blockBytes;
    const lease = isPooled ? await leaseUntil(signal, this.#pool.lease()) : undefined;
    const block = lease?.block ?? new Uint8Array(end);
    block.set(this.#bytes.subarray(0, end));
    this.#bytes.copyWithin(0, end, this.#size);
    this.#size -= end;
    return new EventBatch({ ...splitLines(block.subarray(0, end)), block, lease });
  }

  #grow(length: number): void {
    const grown = new Uint8Array(length);
    grown.set(this.rest);
    this.#bytes = grown;
  }
}

/** Gives the wait for a block up when the source stops; the block goes back by itself then. */
function leaseUntil(signal: AbortSignal, lease: Lease | Promise<Lease>): Lease | Promise<Lease> {
  if (!(lease instanceof Promise)) return lease;
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      reject(signal.reason);
      void lease.then((late) => late.release());
    };
    signal.addEventListener("abort", giveUp, { once: true });
    void lease.then((leased) => {
      signal.removeEventListener("abort", giveUp);
      resolve(leased);
    });
  });
}
