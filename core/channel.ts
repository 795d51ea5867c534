import type { EventBatch } from "./event_batch.ts";
import type { Position } from "./position.ts";
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
  /** True: what it holds survives a crash, so that a stop need not wait until it is empty. */
  readonly durable?: boolean;
  /** The log that it shares with other channels; see `ChannelLog`. */
  readonly log?: ChannelLog;
  /**
   * Goes on behind what the only sink of this channel says that it holds for good; keys of others are ignored. Called
   * when nothing is taken, before the first take of each start of that sink.
   */
  resume?(position: Position): Promise<void> | void;
  /** Ends the channel; what it cannot keep is lost, so core drains it first. */
  close(): Promise<void>;
}

/** A part of a batch on its way into one channel of a log. */
export interface LogPart {
  readonly channel: Channel;
  readonly batch: EventBatch;
}

/** Where a source goes on, kept together with its events. */
export interface SourceNote {
  readonly source: string;
  readonly position: Position;
  /** True: what was known of the source before is forgotten. */
  readonly replace?: boolean;
}

/** What several durable channels write to: one commit for all of them and for the position of the source. */
export interface ChannelLog {
  /** Tells this log from every other, also from one that lies in the same place later. */
  readonly id: string;
  /**
   * Takes all parts over, or none. Waits for room in every channel; parts with the same batch are stored once. Calls are
   * committed in the order in which they were made.
   * @throws {ChannelFullError} when one channel had no room for as long as it lets a put wait.
   */
  put(parts: readonly LogPart[], note?: SourceNote): Promise<PutReceipt>;
  /** The last committed position of a source. */
  position(source: string): Position | undefined;
}

/** Counts the takes of one sink or group. */
export interface TakeWatch {
  /** A take found nothing and has to wait. */
  onEmpty(): void;
  /** A take brought so many events. */
  onTaken(events: number): void;
  /** The channel could not give what it holds. */
  onFailed(): void;
}

/** The way out of a channel: one transaction at a time, asked for only when the sink wants it. */
export function takeStream(
  channel: Channel,
  options: TakeOptions,
  watch: TakeWatch,
): ReadableStream<TakeTransaction> {
  return new ReadableStream<TakeTransaction>({
    async pull(controller) {
      await yieldTurn();
      try {
        if (channel.size === 0) watch.onEmpty();
        const take = await channel.take(options);
        watch.onTaken(take.batch.size);
        controller.enqueue(take);
      } catch (cause) {
        if (options.signal.aborted) return controller.close();
        watch.onFailed();
        throw cause;
      }
    },
  }, { highWaterMark: 0 });
}
