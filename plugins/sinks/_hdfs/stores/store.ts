import { DeliveryError } from "sluice/plugin";

// Where the hdfs sink's files go: HDFS over HTTP, a local disk, or an object store. Paths are relative to the target's
// root, with "/" between names, and never start with one. Each call throws what its target's client throws; a call that
// failed may be made again.

/** A target that finished files are sent to. */
export interface FileStore {
  /** What a file should fill, for warnings about small ones; may be known only once a file has been sent. */
  readonly blockBytes?: number | undefined;
  /**
   * What is put cannot be read before it is published, and cannot change its name: `put` is given the final path, which
   * `publish` gets again. Where that is taken, the file is put once more under another name.
   */
  readonly isPutUnderFinalName?: boolean | undefined;
  /**
   * Told once at a start, when it is clear, what was sent in another life and is to be published; what else was left is
   * taken away from then on.
   */
  begin?(wanted: readonly Upload[]): Promise<void>;
  /**
   * Sends a whole file under its in-use name, or one like it, replacing what is there. Resolves when the target has confirmed all of it,
   * with what `publish` needs to know, also in another life: it can be kept as JSON. What is left of one that failed or
   * was aborted looks like a whole file, or is none; sending it again is the way on.
   */
  put(path: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Upload>;
  /**
   * Gives a file that was sent its final name, in one step for those who read; the same again when it has it already. Only
   * an error whose `isOutcomeUnknown` is false tells for certain that this call has not named it.
   */
  publish(upload: Upload, finalPath: string): Promise<Published>;
  /** Takes away what was sent and is not wanted any more; nothing when it is gone. */
  discard(upload: Upload): Promise<void>;
  /** Takes away what tries that were given up have left, as far as it is there by now. */
  sweep?(): Promise<void>;
  /** Only of a target whose files can grow. */
  readonly appends?: AppendStore | undefined;
  /** Gives up all that is under way, and lets go of the connections. */
  close(): void;
}

/** A file that the target has, under its in-use name. */
export interface Upload {
  readonly path: string;
  /** Its length. */
  readonly bytes: number;
  /** Tells it from others that had or will have the same name. */
  readonly id?: string;
  /** Names of the pieces that it is to be put together from. */
  readonly parts?: readonly string[];
}

/**
 * What became of a file that was to get its final name. `done`: it has it, since now or since before. `taken`: another
 * one has, and this one is where it was. `gone`: neither name leads to it; `replaced`: and where it was, another one is.
 */
export type Published = "done" | "taken" | "gone" | "replaced";

/** Files that grow while they have their in-use name. `FileStore.publish` gives one its final name, with its path and length. */
export interface AppendStore {
  /**
   * Makes a folder. Resolves with why no file may be made there until somebody changes a right or takes something away;
   * with nothing where that may be, and where only a file can tell.
   */
  refusal?(folder: string): Promise<Error | "none" | "unknown">;
  /**
   * Makes an empty file. A try again takes one that is there and empty for what the one before has made.
   * @throws {DeliveryError} when there is another file.
   */
  create(path: string, isAgain: boolean): Promise<void>;
  /** Nothing is wanted of what may appear under this name from now on: it is taken away. */
  abandon(path: string): void;
  /**
   * Adds bytes at the end; resolves when the target has confirmed them. After a failure they may be there, in part or
   * whole: `recover`, then `truncate` to the length that is known.
   */
  append(path: string, parts: readonly Uint8Array[]): Promise<void>;
  /** In bytes, of a file that nobody writes to; undefined when there is none. */
  length(path: string): Promise<number | undefined>;
  /**
   * Cuts a file to a length that it has or exceeds. False: the target is not through with that, or with a writer that is
   * gone; call it again after a moment until it is true.
   */
  truncate(path: string, length: number): Promise<boolean>;
  /** Takes the file from a writer that is gone. False: not yet; call it again after a moment, up to some minutes. */
  recover(path: string): Promise<boolean>;
}

/** A name that is to be a new file's is another's. */
export class OtherFileError extends DeliveryError {
  constructor(path: string) {
    super(`"${path}" is there already: does another sink give files the same names?`);
  }
}
