import { bytes, defineChannel, DeliveryError, type EventBatch, TakeQueue } from "sluice/plugin";

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
  create({ windowBytes }, { name }) {
    let heldBytes = 0;
    let waiting: (() => void)[] = [];
    let isAbandoning = false;
    const queue = new TakeQueue();

    function letGo(bytes: number): void {
      heldBytes -= bytes;
      if (heldBytes > windowBytes || waiting.length === 0) return;
      const admitted = waiting;
      waiting = [];
      for (const admit of admitted) admit();
    }
    /** Queues the batch; its bytes count until they are accepted (a source that can replay) or committed. */
    function push(batch: EventBatch): Promise<void> {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      // An optional put, or one of a batch that another channel refused, has nobody who listens.
      promise.catch(() => {});
      const { spanBytes } = batch;
      const release = once(() => letGo(spanBytes));
      const abandon = () => {
        isAbandoning = true;
        setTimeout(() => isAbandoning = false, 0);
        release();
        reject(new DeliveryError(`Cannot make events of channel "${name}" durable`));
      };
      const replay = batch.position === undefined
        ? {}
        : { replay: { accepted: release, abandoned: abandon } };
      heldBytes += spanBytes;
      const committed = () => {
        release();
        resolve();
      };
      queue.push({ batch, committed, ...replay });
      return promise;
    }
    return {
      capacity: Infinity,
      get size() {
        return queue.size;
      },
      async put(batch) {
        // The source has yet to hear that what went before must be sent again; this batch must not overtake it.
        if (isAbandoning) {
          throw new DeliveryError(`Cannot put ${batch.size} events: channel "${name}" is rolling back`);
        }
        const committed = push(batch);
        if (heldBytes > windowBytes) await new Promise<void>((admit) => waiting.push(admit));
        return { committed };
      },
      take: (options) => queue.take(options),
      close: () => Promise.resolve(),
    };
  },
});

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}
