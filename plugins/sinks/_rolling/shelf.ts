import type { Logger } from "sluice/plugin";

/** Where the files of a sink lie while they are written and when they are finished: folders here, or a target elsewhere. */
export interface Shelf {
  /** Whether files have other names while they are written. */
  readonly isRenaming: boolean;
  /** Syncs under way at once. */
  readonly maxSyncs: number;
  /** Files appear with their first sync, where a start finds only those that the manifest names for certain. */
  readonly isElsewhere: boolean;
  /** Creates a file under the first of these paths that is free, also for the time when it is finished. */
  create(nextPath: () => string): OutputFile;
  /** Closes and removes a file of which nothing is delivered. */
  remove(file: OutputFile): void;
  /**
   * Gives a file the name that it is to be found by; another file is never replaced. Settles later where that takes
   * asking somebody else.
   */
  publish(path: string, log: Logger): void | Promise<void>;
  /** The folders whose names must be on disk for a file to be found: its own, then those above it. */
  foldersOf(path: string): readonly string[];
  syncFolder(path: string): Promise<void>;
  /** Resolves when no `publish` is under way any more, or for long enough. */
  settled?(): Promise<void>;
}

/**
 * One file that only grows. Three offsets: what was written, what belongs to writes that succeeded, and (in the manifest)
 * what is delivered.
 */
export interface OutputFile {
  /** By which the manifest knows it: folders and name, as it is called when it is finished. */
  readonly path: string;
  /** Where it lies while it is written. */
  readonly inUsePath: string;
  /** Bytes written. */
  readonly bytes: number;
  /** Bytes of writes that succeeded: always whole batches. */
  readonly joinedBytes: number;
  /** It turned out that another file has its name: a start must not touch that. */
  readonly isForeign?: boolean;
  /** True when the end of the file is not known any more: nothing may be added. */
  readonly isBroken: boolean;
  /** Writes slices one behind another; throws with nothing of them left in the file. */
  write(slices: readonly Uint8Array[]): void;
  /**
   * The same by another thread, so that this one has time for others; the slices must stay as they are meanwhile. Nothing,
   * and nothing is done, where that is not worth it.
   */
  writeAside?(slices: readonly Uint8Array[]): Promise<void> | undefined;
  /** The write that added the last bytes has succeeded. */
  join(): void;
  /** Removes what was written behind an offset; the file is broken when that fails. */
  cutBack(offset: number): void;
  /** Makes sure of its first bytes, up to what is joined. Resolves with how long the file is known to be then. */
  sync(joinedBytes: number): Promise<number>;
  /** Answers whether it was open. */
  close(): boolean;
}

/** Sees how files get on; for whoever takes them further. */
export interface FileWatch {
  /** So many bytes of a file that is being written are delivered. */
  grown(file: Pick<OutputFile, "path" | "inUsePath">, deliveredBytes: number): void;
  /** A file has its final name, and this length. */
  finished(path: string, bytes: number): void;
  /** A file in which nothing stayed is gone again. */
  removed(path: string): void;
}
