import { EventBatch } from "./event_batch.ts";

/** A batch on its way from a source to its channels, with the promise that the source waits on. */
export class Delivery {
  /** The batch as the last stage passed it on; the empty one once the channels have taken it over. */
  batch: EventBatch;
  /** When the source emitted it, in epoch ms. */
  readonly bornMs: number | undefined;
  /** Settles as `emit` promises; nobody needs to listen. */
  readonly settled: Promise<void>;
  readonly #resolve: () => void;
  readonly #reject: (cause: unknown) => void;
  readonly #lease: EventBatch["lease"];
  /** What the answer for this batch waits for, beside its own way. */
  readonly awaited: Promise<void>[] = [];
  #isReleased = false;

  constructor(batch: EventBatch, bornMs?: number) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {});
    this.batch = batch;
    this.bornMs = bornMs;
    this.settled = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#lease = batch.lease;
  }

  /** The channels have taken over what they need: the source's hold on the block ends, and nothing is kept here. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.batch = EventBatch.EMPTY;
    this.#lease?.release();
  }

  /** Makes the answer for this batch wait for another one's; when that is rolled back, this is, too. */
  waitFor(other: Promise<void>): void {
    other.catch(() => {});
    this.awaited.push(other);
  }

  /** The source may forget the batch, as soon as what it waits for allows. */
  resolve(): void {
    this.release();
    if (this.awaited.length === 0) return this.#resolve();
    Promise.all(this.awaited).then(this.#resolve, this.#reject);
  }

  /** The batch is rolled back. */
  reject(cause: unknown): void {
    this.release();
    this.#reject(cause);
  }
}
