import type { EventBatch } from "./event_batch.ts";
import type { Position } from "./position.ts";

/** What a Flume agent left behind for one component, so that `sluice adopt` can hand it over. */
export interface Adoption {
  /** What was found, one line each, with paths and numbers. */
  readonly found: readonly string[];
  /** What cannot be taken over, and what follows: events that come again, or stay where they are. */
  readonly warnings: readonly string[];
  /** Where a source goes on. Absent: it begins as if nothing had been there. */
  readonly position?: Position | undefined;
  /** What a channel still held. */
  readonly events?: LeftEvents | undefined;
}

/** Events that a channel of Flume still held. */
export interface LeftEvents {
  readonly size: number;
  /** Tells this content from what the channel holds after further writes. */
  readonly mark: string;
  /** Gives them in the order in which they would have left the channel, from an index on. */
  read(from: number): AsyncIterable<EventBatch>;
}
