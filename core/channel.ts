import type { EventBatch } from "./event_batch.ts";
import { yieldTurn } from "./turn.ts";

/** What a channel that has taken a batch over still owes. */
export interface PutReceipt {
  /** Settles when the batch is committed in the sense of this channel. Absent: it is already. */
  readonly committed?: Promise<void>;
  /**
   * Settles when the events have left the channel for good; for channels that lose their content at a crash, so that
   * a replayable source remembers them until then. Absent: committed is safe.
   */
  readonly delivered?: Promise<void>;
}

/** How much a taker wants. */
export interface TakeOptions {
  /** Events at most. */
  readonly maxEvents: number;
  /** Rejects the wait with the signal's reason. */
  readonly signal: AbortSignal;
}

/** Events held for one taker until it commits or rolls back. */
export interface TakeTransaction {
  readonly batch: EventBatch;
  /** The events have left the channel. */
  commit(): Promise<void> | void;
  /** The events stand at the head of the channel again. */
  rollback(): Promise<void> | void;
  /** The sink has taken the bytes over and will settle later; a channel may let go of them if the source can replay. */
  accept?(): void;
}

/** Holds events between a source and its sinks. */
export interface Channel {
  /** Events that it may hold. */
  readonly capacity: number;
  /** Events put and not yet taken for good. */
  readonly size: number;
  /** Events that one put may bring; core cuts larger batches. Absent: any number. */
  readonly maxPutEvents?: number;
  /** Events that one take may hold. Absent: any number. */
  readonly maxTakeEvents?: number;
  /**
   * Takes a batch over. Pending: full, hence backpressure. Calls, also of several sources, are committed in the order
   * in which they were made. A channel that keeps the batch's bytes past this promise retains its lease or copies it.
   * @throws {ChannelFullError} when there was no room for as long as the channel lets a put wait.
   */
  put(batch: EventBatch): Promise<PutReceipt | void> | PutReceipt | void;
  /** Waits for at least one event and holds what it gives for this taker until commit or rollback. */
  take(options: TakeOptions): Promise<TakeTransaction>;
  /** Ends the channel; what it cannot keep is lost, so core drains it first. */
  close(): Promise<void>;
}

/** The way out of a channel: one transaction at a time, asked for only when the sink wants it. */
export function takeStream(channel: Channel, options: TakeOptions): ReadableStream<TakeTransaction> {
  return new ReadableStream<TakeTransaction>({
    async pull(controller) {
      await yieldTurn();
      try {
        controller.enqueue(await channel.take(options));
      } catch (cause) {
        if (!options.signal.aborted) throw cause;
        controller.close();
      }
    },
  }, { highWaterMark: 0 });
}
