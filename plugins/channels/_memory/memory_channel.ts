import {
  type Channel,
  ChannelFullError,
  type Clock,
  type EventBatch,
  type PutReceipt,
  type TakeOptions,
  TakeQueue,
  type TakeTransaction,
} from "sluice/plugin";

/** How much a channel in memory holds, and how long a put waits for room. */
export interface MemorySettings {
  readonly capacity: number;
  readonly transactionCapacity: number;
  readonly keepAliveMs: number;
  /** Bytes of bodies; Infinity for no limit. */
  readonly byteLimit: number;
}

interface WaitingPut {
  readonly batch: EventBatch;
  readonly admit: () => void;
}

/** A bounded queue in memory: puts wait for room, takes for events. */
export class MemoryChannel implements Channel {
  readonly capacity: number;
  readonly maxPutEvents: number;
  readonly maxTakeEvents: number;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #keepAliveMs: number;
  readonly #byteLimit: number;
  readonly #queue = new TakeQueue(() => this.#admitWaiting());
  readonly #waiting: WaitingPut[] = [];

  constructor(settings: MemorySettings, name: string, clock: Clock) {
    this.capacity = settings.capacity;
    this.maxPutEvents = this.maxTakeEvents = settings.transactionCapacity;
    this.#name = name;
    this.#clock = clock;
    this.#keepAliveMs = settings.keepAliveMs;
    this.#byteLimit = settings.byteLimit;
  }

  get size(): number {
    return this.#queue.size;
  }

  put(batch: EventBatch): Promise<PutReceipt | void> | PutReceipt | void {
    return this.#waiting.length === 0 && this.#hasRoom(batch) ? this.#push(batch) : this.#pushWhenRoom(batch);
  }

  take(options: TakeOptions): Promise<TakeTransaction> {
    return this.#queue.take(options);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #hasRoom(batch: EventBatch): boolean {
    const { size, bytes } = this.#queue;
    return size === 0 || (size + batch.size <= this.capacity && bytes + batch.spanBytes <= this.#byteLimit);
  }

  #admitWaiting(): void {
    while (this.#waiting.length > 0 && this.#hasRoom(this.#waiting[0]!.batch)) this.#waiting.shift()!.admit();
  }

  /** Only a source that can replay wants to know when its events have left. */
  #push(batch: EventBatch): PutReceipt | void {
    const kept = batch.block.byteLength > 4 * batch.spanBytes + 4096 ? batch.detach() : batch;
    if (batch.position === undefined) return this.#queue.push({ batch: kept });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#queue.push({ batch: kept, committed: resolve });
    return { delivered: promise };
  }

  async #pushWhenRoom(batch: EventBatch): Promise<PutReceipt | void> {
    const { promise, resolve } = Promise.withResolvers<PutReceipt | void>();
    const patience = new AbortController();
    const put: WaitingPut = {
      batch,
      admit: () => {
        patience.abort();
        resolve(this.#push(batch));
      },
    };
    this.#waiting.push(put);
    await this.#clock.sleep(this.#keepAliveMs, patience.signal);
    if (patience.signal.aborted) return promise;
    this.#waiting.splice(this.#waiting.indexOf(put), 1);
    // The next in line may be small enough for the room that was not enough for this one.
    this.#admitWaiting();
    throw new ChannelFullError(
      `Cannot put ${batch.size} events: channel "${this.#name}" holds ${this.size} of ${this.capacity}`,
    );
  }
}
