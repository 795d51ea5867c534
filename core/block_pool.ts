// A block is given back when the last holder releases it, and then its bytes are overwritten.
// Whoever keeps a batch past the promise it was given retains the lease or copies the batch.

/** The right to read one pooled block; counted, because a fan-out shares it. */
export class Lease {
  readonly block: Uint8Array<ArrayBuffer>;
  readonly #giveBack: (block: Uint8Array<ArrayBuffer>) => void;
  #holders = 1;

  constructor(block: Uint8Array<ArrayBuffer>, giveBack: (block: Uint8Array<ArrayBuffer>) => void) {
    this.block = block;
    this.#giveBack = giveBack;
  }

  /** Adds a holder. */
  retain(): void {
    this.#holders++;
  }

  /** Ends one hold; the last one returns the block to its pool. */
  release(): void {
    if (--this.#holders === 0) this.#giveBack(this.block);
  }
}

/** A bounded set of equal blocks of bytes, so that memory does not grow with speed. */
export class BlockPool {
  readonly blockBytes: number;
  readonly #maxBlocks: number;
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  readonly #waiting: ((lease: Lease) => void)[] = [];
  #made = 0;

  constructor(options: { readonly blockBytes: number; readonly maxBlocks: number }) {
    this.blockBytes = options.blockBytes;
    this.#maxBlocks = options.maxBlocks;
  }

  /** Gives a block; waits while all of them are held. Its bytes are whatever stood there before. */
  lease(): Lease | Promise<Lease> {
    const block = this.#free.pop();
    if (block) return this.#wrap(block);
    if (this.#made < this.#maxBlocks) {
      this.#made++;
      return this.#wrap(new Uint8Array(this.blockBytes));
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wrap(block: Uint8Array<ArrayBuffer>): Lease {
    return new Lease(block, (returned) => {
      const next = this.#waiting.shift();
      if (next) next(this.#wrap(returned));
      else this.#free.push(returned);
    });
  }
}
