import { RecordBatchWriter } from "../records/batch_writer.ts";
import { PendingBatch } from "./pending_batch.ts";

/** Writers that are kept for the next batches. */
const SPARE_WRITERS = 32;

/** What a pool is made with, in bytes. */
export interface BatchPoolLimits {
  readonly batchBytes: number;
  /** Of all batches together. */
  readonly bufferBytes: number;
}

/** All batches of a producer that are not confirmed, and the memory that they take. */
export class BatchPool {
  readonly #limits: BatchPoolLimits;
  readonly #spare: RecordBatchWriter[] = [];
  /** Batches by their transaction. */
  readonly #unconfirmed = new Map<number, number>();
  #bytes = 0;
  #waiting: (() => void)[] = [];

  constructor(limits: BatchPoolLimits) {
    this.#limits = limits;
  }

  writer(): RecordBatchWriter {
    return this.#spare.pop() ?? new RecordBatchWriter({ maxBytes: this.#limits.batchBytes });
  }

  open(target: { readonly topic: string; readonly partition: number }, transaction: number): PendingBatch {
    const batch = new PendingBatch(target, this.writer(), transaction);
    this.add(batch);
    return batch;
  }

  /** Counts a batch that was made by splitting another one. */
  add({ transaction, bytes, size }: PendingBatch): void {
    this.#unconfirmed.set(transaction, (this.#unconfirmed.get(transaction) ?? 0) + 1);
    if (size > 0) this.#bytes += bytes;
  }

  /** An open batch has grown. */
  grow(bytes: number): void {
    this.#bytes += bytes;
  }

  /** The batch is settled: its memory serves another one. */
  release(batch: PendingBatch): void {
    this.#bytes -= batch.bytes;
    batch.writer.reset();
    if (this.#spare.length < SPARE_WRITERS) this.#spare.push(batch.writer);
    const left = this.#unconfirmed.get(batch.transaction)! - 1;
    if (left > 0) this.#unconfirmed.set(batch.transaction, left);
    else this.#unconfirmed.delete(batch.transaction);
    if (left === 0 || this.#bytes <= this.#limits.bufferBytes) this.wake();
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    while (this.#bytes > this.#limits.bufferBytes) await this.#change();
  }

  /** Resolves when all batches of a transaction are settled, or `isOver` says that nobody waits any more. */
  async settled(transaction: number, isOver: () => boolean): Promise<void> {
    while (this.#unconfirmed.has(transaction) && !isOver()) await this.#change();
  }

  /** Lets all who wait look again. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
