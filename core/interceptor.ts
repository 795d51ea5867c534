import type { Delivery } from "./delivery.ts";
import type { EventBatch } from "./event_batch.ts";
import { STAGE_MARK } from "./source.ts";

/** What becomes of a batch behind an interceptor. */
export interface Fate {
  /** Settles as `emit` does for this batch: safe, or rolled back. Nobody needs to listen. */
  readonly settled: Promise<void>;
  /** The batch is not answered as safe before `other` is; when that rejects, this batch is rolled back, too. */
  waitFor(other: Promise<void>): void;
}

/** Changes or drops events on their way. */
export interface Interceptor {
  /** The batch to pass on; an empty one when all events are dropped. */
  intercept(batch: EventBatch, fate: Fate): EventBatch | Promise<EventBatch>;
  close?(): Promise<void>;
}

/** One stage of the chain. A batch that the interceptor throws on is rolled back; the stream goes on. */
export function interceptStream(interceptor: Interceptor): TransformStream<Delivery, Delivery> {
  const mark = { highWaterMark: STAGE_MARK };
  return new TransformStream<Delivery, Delivery>(
    {
      transform(delivery, controller) {
        const passOn = (batch: EventBatch) => {
          const { position } = delivery.batch;
          // An interceptor that makes a batch of its own must not make the source forget too early.
          delivery.batch = batch.position === position ? batch : batch.with({ position });
          controller.enqueue(delivery);
        };
        try {
          const answer = interceptor.intercept(delivery.batch, delivery);
          if (!(answer instanceof Promise)) return passOn(answer);
          return answer.then(passOn, (cause) => delivery.reject(cause));
        } catch (cause) {
          delivery.reject(cause);
        }
      },
    },
    mark,
    mark,
  );
}
