import type { BatchHead } from "./batch_head.ts";
import { VarintReader } from "./varint.ts";

const ABORT_MARKER = 0;

/** A transaction that was aborted, as a fetch answer names it. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

/**
 * Knows which batches of a fetch answer are not to be seen: markers, and what belongs to aborted transactions. Those are of a
 * producer from the first offset on that the answer names, up to the marker of the abort. Batches come in order.
 */
export class HiddenBatches {
  readonly #coming: readonly AbortedTransaction[];
  #passed = 0;
  readonly #aborting = new Set<bigint>();

  constructor(aborted: readonly AbortedTransaction[] = []) {
    const byOffset = (a: AbortedTransaction, b: AbortedTransaction) => Number(a.firstOffset - b.firstOffset);
    this.#coming = aborted.length > 1 ? aborted.toSorted(byOffset) : aborted;
  }

  hides(bytes: Uint8Array, head: BatchHead): boolean {
    this.#advance(head.lastOffset);
    if (!head.isControl) return head.transactionOf !== undefined && this.#aborting.has(head.transactionOf);
    if (head.transactionOf !== undefined && this.#aborting.has(head.transactionOf) && isAbort(bytes, head)) {
      this.#aborting.delete(head.transactionOf);
    }
    return true;
  }

  #advance(lastOffset: number): void {
    for (; this.#passed < this.#coming.length; this.#passed++) {
      const { producerId, firstOffset } = this.#coming[this.#passed]!;
      if (firstOffset > lastOffset) return;
      this.#aborting.add(producerId);
    }
  }
}

/** A marker is a record whose key is `int16 version · int16 kind`: 0 abort, 1 commit. */
function isAbort(bytes: Uint8Array, { start, end, count }: BatchHead): boolean {
  if (count === 0) return false;
  const reader = new VarintReader(bytes, start, end);
  reader.int();
  reader.skip(1);
  reader.long();
  reader.int();
  const keyBytes = reader.int();
  const key = reader.skip(keyBytes);
  return keyBytes >= 4 && (bytes[key + 2]! << 8 | bytes[key + 3]!) === ABORT_MARKER;
}
