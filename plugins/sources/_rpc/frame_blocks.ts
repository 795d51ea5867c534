import { Lease } from "sluice/plugin";
import type { MemoryBudget } from "./memory_budget.ts";

/** What a block has at first … */
const FIRST_BYTES = 256 * 1024;
/** … and at most; larger ones are made for one frame only. */
const LARGEST_BYTES = 4 * 1024 * 1024;
/** Blocks that wait for their next use. */
const MAX_FREE = 8;
/** A frame that fills less than this part of a block gets memory of just its length. */
const LEAST_FILL = 1 / 4;

/** A frame in memory that the channels may keep. */
export interface KeptFrame {
  readonly block: Uint8Array;
  readonly lease: Lease | undefined;
  /** What `settled` wants to be told. */
  readonly bytes: number;
}

/**
 * Blocks for the content of frames, used again and again. There are as many as channels hold, so that a channel's
 * capacity says when it is full; what is under way before the channels have it is bounded by the budget.
 */
export class FrameBlocks {
  readonly #budget: MemoryBudget;
  #free: Uint8Array<ArrayBuffer>[] = [];
  #blockBytes = FIRST_BYTES;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** @throws {LimitError} when all clients together have too much under way. */
  take(leastBytes: number): Uint8Array<ArrayBuffer> {
    const block = this.#tryTake(leastBytes);
    if (!block) throw this.#budget.refusal();
    return block;
  }

  /** Copies a frame for a batch; nothing when all clients together have too much under way. */
  copy(frame: Uint8Array): KeptFrame | undefined {
    const bytes = frame.length;
    if (bytes < this.#blockBytes * LEAST_FILL) {
      return this.charge(bytes) ? { block: frame.slice(), lease: undefined, bytes } : undefined;
    }
    const block = this.#tryTake(bytes);
    if (!block) return undefined;
    block.set(frame);
    return { block, lease: this.lend(block), bytes: block.length };
  }

  #tryTake(leastBytes: number): Uint8Array<ArrayBuffer> | undefined {
    // Blocks follow what clients send, so that not every frame outgrows its first one.
    while (this.#blockBytes < leastBytes && this.#blockBytes < LARGEST_BYTES) this.#blockBytes *= 2;
    const bytes = Math.max(leastBytes, this.#blockBytes);
    if (!this.#budget.take(bytes)) return undefined;
    if (bytes > this.#blockBytes) return new Uint8Array(bytes);
    for (let block = this.#free.pop(); block; block = this.#free.pop()) {
      if (block.length === bytes) return block;
    }
    return new Uint8Array(bytes);
  }

  give(block: Uint8Array): void {
    this.#budget.give(block.length);
    this.#keep(block as Uint8Array<ArrayBuffer>);
  }

  /** Makes a block the property of a batch; `settled` ends what counts as under way. */
  lend(block: Uint8Array): Lease {
    return new Lease(block as Uint8Array<ArrayBuffer>, (returned) => this.#keep(returned));
  }

  /** Says that the channels have a batch now, or have refused it. */
  settled(bytes: number): void {
    this.#budget.give(bytes);
  }

  /** Takes note of bytes that a batch has beside the blocks; false when that is too much. */
  charge(bytes: number): boolean {
    return this.#budget.take(bytes);
  }

  #keep(block: Uint8Array<ArrayBuffer>): void {
    if (block.length === this.#blockBytes && this.#free.length < MAX_FREE) this.#free.push(block);
  }
}
