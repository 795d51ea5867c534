import { type Clock, systemClock } from "./context.ts";
import { Delivery } from "./delivery.ts";
import { DeliveryError } from "./errors.ts";
import type { EventBatch } from "./event_batch.ts";

/**
 * Hands a batch to the pipeline. Resolves when the source may forget the batch: when every required channel has
 * committed it, or, for a batch with a position, when it is durable or delivered. Rejects once it is rolled back.
 */
export interface Emit {
  (batch: EventBatch): Promise<void>;
  /** Resolves when the pipeline wants more; sources that emit ahead wait for it. Never rejects. */
  readonly ready: Promise<void>;
}

/** Where events come from. */
export interface Source {
  /**
   * Emits until `context.signal` aborts, or until there will be nothing more. A rejection restarts the source after a
   * backoff; `context.resume` is then the last safe position.
   */
  run(emit: Emit): Promise<void>;
  /**
   * True for sources that tell their peer of a refusal: a full channel then rejects `emit`. For all others core holds
   * the batch and tries again.
   */
  readonly answers?: boolean;
  /**
   * True for sources whose peers append single events as well as batches, and which therefore count AppendReceivedCount
   * and its like themselves. For all others core counts each batch.
   */
  readonly countsAppends?: boolean;
}

/** Batches that may wait between two stages; more make each hop cheaper and hold more memory. */
export const STAGE_MARK = 8;

/**
 * Runs a source and gives what it emits. The stream closes when `run` ends, in whatever way, after all that was
 * emitted has been read; `ended` then tells how `run` ended.
 */
export function sourceStream(
  source: Source,
  onEmit: (delivery: Delivery) => void,
  clock: Clock = systemClock,
): { readonly readable: ReadableStream<Delivery>; readonly ended: Promise<void> } {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  ended.catch(() => {});
  let wake: PromiseWithResolvers<void> | undefined;
  let hasEnded = false;
  const readable = new ReadableStream<Delivery>({
    start(controller) {
      const emit = (batch: EventBatch): Promise<void> => {
        const delivery = new Delivery(batch, clock.now());
        if (hasEnded) delivery.reject(new DeliveryError("Cannot emit: the source has ended"));
        else {
          onEmit(delivery);
          controller.enqueue(delivery);
        }
        return delivery.settled;
      };
      const ready = (): Promise<void> => {
        if (hasEnded || (controller.desiredSize ?? 1) > 0) return Promise.resolve();
        return (wake ??= Promise.withResolvers<void>()).promise;
      };
      const run = async () =>
        await source.run(Object.defineProperty(emit, "ready", { get: ready }) as unknown as Emit);
      run().then(resolve, reject).finally(() => {
        hasEnded = true;
        controller.close();
        wake?.resolve();
      });
    },
    pull() {
      wake?.resolve();
      wake = undefined;
    },
  }, { highWaterMark: STAGE_MARK });
  return { readable, ended };
}
