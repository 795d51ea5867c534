import {
  bytes,
  ChannelFullError,
  defineChannel,
  duration,
  type EventBatch,
  int,
  type PutReceipt,
  TakeQueue,
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
  create(settings, { name, clock }) {
    const { capacity, transactionCapacity } = settings;
    const byteLimit = settings.byteCapacity === 0
      ? Infinity
      : settings.byteCapacity * (1 - settings.byteCapacityBufferPercentage / 100);
    const waiting: WaitingPut[] = [];
    const queue = new TakeQueue(admitWaiting);

    function hasRoom(batch: EventBatch): boolean {
      if (queue.size === 0) return true;
      return queue.size + batch.size <= capacity && queue.bytes + batch.spanBytes <= byteLimit;
    }
    function admitWaiting(): void {
      while (waiting.length > 0 && hasRoom(waiting[0]!.batch)) waiting.shift()!.admit();
    }
    /** Only a source that can replay wants to know when its events have left. */
    function push(batch: EventBatch): PutReceipt | void {
      const kept = batch.block.byteLength > 4 * batch.spanBytes + 4096 ? batch.detach() : batch;
      if (batch.position === undefined) return queue.push({ batch: kept });
      const { promise, resolve } = Promise.withResolvers<void>();
      queue.push({ batch: kept, committed: resolve });
      return { delivered: promise };
    }
    async function pushWhenRoom(batch: EventBatch): Promise<PutReceipt | void> {
      const { promise, resolve } = Promise.withResolvers<PutReceipt | void>();
      const patience = new AbortController();
      const put: WaitingPut = {
        batch,
        admit: () => {
          patience.abort();
          resolve(push(batch));
        },
      };
      waiting.push(put);
      await clock.sleep(settings["keep-alive"] * 1000, patience.signal);
      if (patience.signal.aborted) return promise;
      waiting.splice(waiting.indexOf(put), 1);
      throw new ChannelFullError(
        `Cannot put ${batch.size} events: channel "${name}" holds ${queue.size} of ${capacity}`,
      );
    }
    return {
      capacity,
      maxPutEvents: transactionCapacity,
      maxTakeEvents: transactionCapacity,
      get size() {
        return queue.size;
      },
      put: (batch) => waiting.length === 0 && hasRoom(batch) ? push(batch) : pushWhenRoom(batch),
      take: (options) => queue.take(options),
      close: () => Promise.resolve(),
    };
  },
});
