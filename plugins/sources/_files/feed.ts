import { BlockPool, type Decoder, type EventBatch, type Lease } from "sluice/plugin";
import type { Outbox } from "./outbox.ts";

const BLOCK_BYTES = 1024 * 1024;
const MAX_BLOCKS = 3;

/** A stream of bytes that is to become events. */
export interface FeedOptions {
  /** Fills a part of the array and gives how much; null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  readonly decoder: Decoder;
  readonly outbox: Outbox;
  /** Takes each batch; its bytes are the stream's again when the batch's lease is released. */
  send(batch: EventBatch): void;
}

/** Decodes a stream until its end or until the pipeline stops; each read's events leave at once. */
export async function feed(options: FeedOptions): Promise<void> {
  const { read, decoder, outbox, send } = options;
  const room = new Room();
  for (let last = false; !last && await outbox.ready();) {
    const count = await read(await room.free(decoder.maxEventBytes));
    // A stop is no end of the input, but what was read can be read by nobody else: its whole events still go out.
    if (outbox.signal.aborted && count === null) return;
    last = count === null;
    room.filledBytes += count ?? 0;
    for (let hasMore = true; hasMore;) {
      const { batch, consumedBytes } = await decoder.decode(room.bytes(), last);
      room.take(batch, consumedBytes).forEach(send);
      hasMore = last && consumedBytes > 0 && room.filledBytes > 0;
    }
  }
  if (room.filledBytes > 0 && !outbox.signal.aborted) {
    throw new SyntaxError(`Input ends with ${room.filledBytes} bytes that are no event`);
  }
}

/** The bytes that were read and are not yet events. */
class Room {
  readonly #pool = new BlockPool({ blockBytes: BLOCK_BYTES, maxBlocks: MAX_BLOCKS });
  #lease: Lease | undefined;
  #block = new Uint8Array(0);
  filledBytes = 0;

  bytes(): Uint8Array {
    return this.#block.subarray(0, this.filledBytes);
  }

  /** Room for more bytes behind the ones that wait; grows up to the longest event. */
  async free(maxEventBytes: number): Promise<Uint8Array> {
    if (this.filledBytes < this.#block.length) return this.#block.subarray(this.filledBytes);
    const rest = this.bytes();
    if (rest.length < BLOCK_BYTES) {
      this.#lease = await this.#pool.lease();
      return this.#hold(this.#lease.block, rest);
    }
    if (rest.length >= maxEventBytes) throw new SyntaxError(`Event is longer than ${maxEventBytes} bytes`);
    const grown = new Uint8Array(Math.max(BLOCK_BYTES, Math.min(rest.length * 2, maxEventBytes)));
    const lease = this.#lease;
    this.#lease = undefined;
    const free = this.#hold(grown, rest);
    lease?.release();
    return free;
  }

  /** Lets go of what has become events; a large batch goes off with the block, a small one as a copy. */
  take(batch: EventBatch, consumedBytes: number): EventBatch[] {
    const isOwn = batch.size === 0 || batch.block.buffer !== this.#block.buffer;
    const rest = this.#block.subarray(consumedBytes, this.filledBytes);
    this.filledBytes = rest.length;
    if (isOwn || consumedBytes < this.#block.length / 8) {
      const sent = isOwn ? batch : batch.detach();
      this.#block.copyWithin(0, consumedBytes, consumedBytes + rest.length);
      return sent.size > 0 ? [sent] : [];
    }
    const sent = batch.with({ lease: this.#lease });
    this.#lease = undefined;
    this.#block = rest.slice();
    return sent.size > 0 ? [sent] : [];
  }

  #hold(block: Uint8Array<ArrayBuffer>, rest: Uint8Array): Uint8Array {
    block.set(rest);
    this.#block = block;
    this.filledBytes = rest.length;
    return block.subarray(rest.length);
  }
}
