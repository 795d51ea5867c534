import {
  bytes,
  type Channel,
  defineChannel,
  DeliveryError,
  type EventBatch,
  type PutReceipt,
  type TakeOptions,
  TakeQueue,
  type TakeTransaction,
} from "sluice/plugin";

export default defineChannel({
  name: "direct",
  summary: "No buffer but the streams' own: a put is answered when the sink has delivered it.",
  about:
    "Backpressure is the channel: a slow sink slows the source. A source that answers its peer (http, netcat) does so " +
    "after delivery. A source that can replay lets go of the bytes as soon as the sink has taken them over, and reads them " +
    "again should the sink fail to make them durable; for all others the bytes stay here until they are delivered.",
  config: {
    windowBytes: bytes().default(8 * 1024 * 1024)
      .describe("Bytes that may be on their way to the sink before the source has to wait."),
  },
  examples: [{
    title: "Standard input to standard output",
    yaml: `source: { type: stdin }
channel: direct
sink: { type: stdout }`,
  }],
  create: ({ windowBytes }, { name }) => new DirectChannel(name, windowBytes),
});

class DirectChannel implements Channel {
  readonly capacity = Infinity;
  readonly #name: string;
  readonly #windowBytes: number;
  readonly #queue = new TakeQueue();
  #heldBytes = 0;
  #waiting: (() => void)[] = [];
  #isAbandoning = false;

  constructor(name: string, windowBytes: number) {
    this.#name = name;
    this.#windowBytes = windowBytes;
  }

  get size(): number {
    return this.#queue.size;
  }

  async put(batch: EventBatch): Promise<PutReceipt> {
    // The source has yet to hear that what went before must be sent again; this batch must not overtake it.
    if (this.#isAbandoning) {
      throw new DeliveryError(`Cannot put ${batch.size} events: channel "${this.#name}" is rolling back`);
    }
    const committed = this.#push(batch);
    if (this.#heldBytes > this.#windowBytes) await new Promise<void>((admit) => this.#waiting.push(admit));
    return { committed };
  }

  take(options: TakeOptions): Promise<TakeTransaction> {
    return this.#queue.take(options);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Queues the batch; its bytes count until they are accepted (a source that can replay) or committed. */
  #push(batch: EventBatch): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // An optional put, or one of a batch that another channel refused, has nobody who listens.
    promise.catch(() => {});
    const { spanBytes } = batch;
    const release = once(() => this.#letGo(spanBytes));
    const abandoned = () => {
      this.#isAbandoning = true;
      setTimeout(() => this.#isAbandoning = false, 0);
      release();
      reject(new DeliveryError(`Cannot make events of channel "${this.#name}" durable`));
    };
    const committed = () => {
      release();
      resolve();
    };
    const replay = batch.position === undefined ? {} : { replay: { accepted: release, abandoned } };
    this.#heldBytes += spanBytes;
    this.#queue.push({ batch, committed, ...replay });
    return promise;
  }

  #letGo(bytes: number): void {
    this.#heldBytes -= bytes;
    if (this.#heldBytes > this.#windowBytes || this.#waiting.length === 0) return;
    const admitted = this.#waiting;
    this.#waiting = [];
    for (const admit of admitted) admit();
  }
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}
