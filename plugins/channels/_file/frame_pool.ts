import { Lease } from "sluice/plugin";

/** Frames below this length are not worth a pool. */
const POOLED_BYTES = 64 * 1024;
const FREE_BYTES = 8 * 1024 * 1024;

/** Memory for frames of any length, used again and again: fresh memory costs more than writing to it. */
export class FramePool {
  readonly #free = new Map<number, Uint8Array<ArrayBuffer>[]>();
  #freeBytes = 0;

  /** Gives memory for at least so many bytes; what stands in it is left over from earlier use. */
  lease(bytes: number): Lease {
    if (bytes < POOLED_BYTES) return new Lease(new Uint8Array(bytes), () => {});
    const blockBytes = roundUp(bytes);
    const block = this.#free.get(blockBytes)?.pop();
    if (block) this.#freeBytes -= blockBytes;
    return new Lease(block ?? new Uint8Array(blockBytes), (returned) => this.#takeBack(returned));
  }

  #takeBack(block: Uint8Array<ArrayBuffer>): void {
    if (this.#freeBytes + block.length > FREE_BYTES) return;
    this.#freeBytes += block.length;
    const blocks = this.#free.get(block.length);
    if (blocks) blocks.push(block);
    else this.#free.set(block.length, [block]);
  }
}

/** Four lengths for each doubling, so that at most a quarter lies idle. */
function roundUp(bytes: number): number {
  const step = 2 ** (Math.floor(Math.log2(bytes)) - 2);
  return Math.ceil(bytes / step) * step;
}
