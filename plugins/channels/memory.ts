import {
  bytes,
  type Channel,
  ChannelFullError,
  type Clock,
  type Config,
  defineChannel,
  duration,
  type EventBatch,
  int,
  type PutReceipt,
  type TakeOptions,
  TakeQueue,
  type TakeTransaction,
} from "sluice/plugin";

interface WaitingPut {
  readonly batch: EventBatch;
  readonly admit: () => void;
}

const config = {
  capacity: int({ min: 1 }, { unit: "events" }).default(100).describe("Events it holds at most."),
  transactionCapacity: int({ min: 1 }, { unit: "events" }).default(100)
    .describe("Events in one put or take at most; larger batches are cut."),
  "keep-alive": duration("s").default(3).describe("How long a put waits for room before it is refused."),
  byteCapacity: bytes().default(512 * 1024 * 1024)
    .describe("Bytes of bodies it holds at most; 0 means no limit."),
  byteCapacityBufferPercentage: int({ min: 0, max: 100 }, { unit: "percent" }).default(20)
    .describe("Share of byteCapacity that is kept free for headers."),
};

export default defineChannel({
  name: "memory",
  aliases: ["org.apache.flume.channel.MemoryChannel"],
  summary: "A bounded queue in memory: fast, and empty after a crash.",
  about:
    "A source that can replay (taildir, spooldir) remembers its events until they have left this channel, so that " +
    "nothing is lost at a crash; behind any other source the content is lost then. Flume's byteCapacity is 80 % of the " +
    "heap; here it is 512 MiB, and counts the bytes that the events really hold. A single batch that is larger than " +
    "byteCapacity is let in when the channel is empty.",
  config,
  check: ({ capacity, transactionCapacity }) =>
    transactionCapacity <= capacity ? [] : [{
      key: "transactionCapacity",
      text: `transactionCapacity ${transactionCapacity} is larger than capacity ${capacity}`,
      fix: "make capacity at least as large",
    }],
  examples: [{
    title: "A buffer of ten thousand events between an HTTP endpoint and a file",
    yaml: `source: { type: http, port: 8080 }
channel: { type: memory, capacity: 10000, transactionCapacity: 1000 }
sink: { type: file_roll, directory: out }`,
  }],
  create: (settings, { name, clock }) => new MemoryChannel(settings, name, clock),
});

class MemoryChannel implements Channel {
  readonly capacity: number;
  readonly maxPutEvents: number;
  readonly maxTakeEvents: number;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #keepAliveMs: number;
  readonly #byteLimit: number;
  readonly #queue = new TakeQueue(() => this.#admitWaiting());
  readonly #waiting: WaitingPut[] = [];

  constructor(settings: Config<typeof config>, name: string, clock: Clock) {
    this.capacity = settings.capacity;
    this.maxPutEvents = this.maxTakeEvents = settings.transactionCapacity;
    this.#name = name;
    this.#clock = clock;
    this.#keepAliveMs = settings["keep-alive"] * 1000;
    this.#byteLimit = settings.byteCapacity === 0
      ? Infinity
      : settings.byteCapacity * (1 - settings.byteCapacityBufferPercentage / 100);
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
