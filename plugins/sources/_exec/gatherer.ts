import { EventBatch } from "sluice/plugin";

/** Cuts batches to a size, and joins small ones for a while when a time to wait is given. */
export class Gatherer {
  readonly #maxEvents: number;
  readonly #waitMs: number;
  readonly #send: (batch: EventBatch) => void;
  #held: EventBatch[] = [];
  #heldEvents = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    { batchSize, batchTimeout = 0, send }: {
      readonly batchSize: number | undefined;
      readonly batchTimeout: number | undefined;
      readonly send: (batch: EventBatch) => void;
    },
  ) {
    this.#waitMs = batchTimeout;
    this.#maxEvents = batchSize ?? (batchTimeout > 0 ? 20 : Infinity);
    this.#send = send;
  }

  add(batch: EventBatch): void {
    if (this.#waitMs === 0) return this.#cut(batch);
    this.#held.push(batch.detach());
    batch.lease?.release();
    this.#heldEvents += batch.size;
    if (this.#heldEvents >= this.#maxEvents) return this.flush();
    this.#timer ??= setTimeout(() => this.flush(), this.#waitMs);
  }

  /** Sends what is held. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const held = this.#held;
    this.#held = [];
    this.#heldEvents = 0;
    if (held.length > 0) this.#cut(EventBatch.concat(held));
  }

  #cut(batch: EventBatch): void {
    for (let from = 0; from < batch.size; from += this.#maxEvents) {
      if (from + this.#maxEvents < batch.size) batch.lease?.retain();
      this.#send(batch.slice(from, from + this.#maxEvents));
    }
  }
}
