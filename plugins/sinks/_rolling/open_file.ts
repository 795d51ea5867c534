import type { Encoder } from "sluice/plugin";
import type { OutputFile } from "./shelf.ts";

/** When files are opened and closed. */
export interface RollSettings {
  /** 0: never by age, size or count, or for want of writes. */
  readonly rollIntervalMs: number;
  readonly rollBytes: number;
  readonly rollEvents: number;
  readonly idleMs: number;
  /** Whether `rollBytes` counts bodies, and both limits are looked at before each event, as Flume's hdfs sink does. */
  readonly isExact: boolean;
  readonly maxOpenFiles: number;
}

/** Why a file was finished; `end` is that of the sink. */
export type RollCause = "count" | "size" | "interval" | "idle" | "room" | "end";

/** What is made for a new file of a bucket. */
export interface NewFile {
  readonly encoder: Encoder;
  /** Another path at each call. */
  nextPath(): string;
}

/** A file that is being written. */
export interface OpenFile {
  readonly bucket: string;
  readonly file: OutputFile;
  readonly encoder: Encoder;
  readonly finished: AbortController;
  events: number;
  bodyBytes: number;
  lastWriteMs: number;
  /** Set when it is to be finished. */
  cause: RollCause | undefined;
}

/** How far a file was before a write. */
export interface Mark extends Pick<OpenFile, "events" | "bodyBytes"> {
  readonly offset: number;
}

/** A write on its way: where its files ended before, and those of them that others had to make room for. */
export interface OpenWrite {
  readonly marks: Map<OpenFile, Mark>;
  readonly evicted: OutputFile[];
}
