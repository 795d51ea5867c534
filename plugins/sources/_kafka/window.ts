import { type EventBatch, Lease } from "sluice/plugin";

/** Bounds the bytes on their way to channels and sinks: fetches are large, and streams count batches alone. */
export class Window {
  readonly #limitBytes: number;
  #heldBytes = 0;
  #opened: PromiseWithResolvers<void> | undefined;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Resolves when less than the limit is on its way. */
  get open(): Promise<void> {
    if (this.#heldBytes < this.#limitBytes) return Promise.resolve();
    return (this.#opened ??= Promise.withResolvers()).promise;
  }

  /** Counts the bytes of a batch until the pipeline has let go of them. */
  hold(batch: EventBatch): EventBatch {
    const { spanBytes } = batch;
    this.#heldBytes += spanBytes;
    const lease = new Lease(batch.block as Uint8Array<ArrayBuffer>, () => this.#letGo(spanBytes));
    return batch.with({ lease });
  }

  #letGo(bytes: number): void {
    this.#heldBytes -= bytes;
    if (this.#heldBytes >= this.#limitBytes) return;
    this.#opened?.resolve();
    this.#opened = undefined;
  }
}
