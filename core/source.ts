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
): { readonly readable: ReadableStream<Delivery>; readonly ended: Promise<void> } {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  ended.catch(() => {});
  let wake: PromiseWithResolvers<void> | undefined;
  let hasEnded = false;
  const readable = new ReadableStream<Delivery>({
    start(controller) {
      const emit = (batch: EventBatch): Promise<void> => {
        const delivery = new Delivery(batch);
        if (hasEnded) delivery.reject(new DeliveryError("Cannot emit: the source has ended"));
        else {
          onEmit(delivery);
          controller.enqueue(delivery);
        }
        return delivery.settled;
      };
      const ready = (): Promise<void> => {
        if (hasEnded || controller.desiredSize === null || controller.desiredSize > 0) {
          return Promise.resolve();
        }
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
