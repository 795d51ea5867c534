import type { Disk } from "./disk.ts";
import type { JournalFault } from "./fault.ts";
import type { Seal } from "./seal.ts";

/** When an append counts as committed: after a sync, after the write with a sync now and then, after the write alone. */
export type SyncMode = "always" | "interval" | "never";

/** Delivered segments stay until they are older than that, or all of them together larger; without either they go at once. */
export interface Retention {
  readonly ms?: number;
  readonly bytes?: number;
}

/** Where a journal lives and what it promises. */
export interface JournalOptions {
  /** Segments go to them in turn. */
  readonly folders: readonly string[];
  readonly checkpointFolder: string;
  /** A second copy of each checkpoint goes here. */
  readonly backupCheckpointFolder?: string;
  /** The disk of this machine unless given. */
  readonly disk?: Disk;
  /** A segment that has reached this length is followed by another; 128 MiB by default. */
  readonly segmentBytes?: number;
  /** "always" by default. */
  readonly sync?: SyncMode;
  /** For `sync: "interval"`; 5000 by default. */
  readonly syncIntervalMs?: number;
  /** 30 000 by default. */
  readonly checkpointIntervalMs?: number;
  /** Appends are refused when the folder's disk has less room; 0 by default. */
  readonly minFreeBytes?: number;
  readonly retention?: Retention;
  readonly seal?: Seal | undefined;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /**
   * A sync waits this long at most for those whose appends the sync before has answered, so that they share it;
   * 5 by default. It is measured on the machine's own clock: a test that simulates time sets 0.
   */
  readonly maxLingerMs?: number;
  /** Is told of damage found while running, of failed syncs and failed checkpoints. */
  onFault?(fault: JournalFault): void;
  /** Is told how long each sync of a segment took that went well. */
  onSync?(ms: number): void;
}
