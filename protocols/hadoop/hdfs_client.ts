// What a writer of files needs of a file system of Hadoop's kind. Paths are absolute, with "/" between names.

/** A file system that files are written to in one go, and renamed when they are whole. */
export interface HdfsClient {
  /**
   * Opens a new file; its folders are made, too. Nothing of it can be read before it is closed, and what is left of one
   * that was aborted looks like a whole file, hence write under another name and rename.
   */
  create(path: string, options: HdfsCreateOptions): Promise<HdfsOutput>;
  /**
   * Adds bytes at the end of a closed file. After a failure they may be there, in part or whole: `truncate` to the known
   * length before trying again.
   */
  append(path: string, bytes: Uint8Array | readonly Uint8Array[]): Promise<void>;
  /**
   * False when the source or the target's folder is missing, or the target is there. A folder as the target takes the
   * source in where the server does not know better: see `refusesFolders`.
   */
  rename(from: string, to: string): Promise<boolean>;
  /** The server is known to rename into no folder. */
  readonly refusesFolders: boolean;
  /** Makes a folder with those above it; one that is there is fine. */
  mkdirs(path: string): Promise<void>;
  /** Rejects unless the user may do with a path what letters say, such as "-wx" for making files in a folder. */
  checkAccess(path: string, action: string): Promise<void>;
  /** False when there was nothing. A folder that is not empty is refused unless `recursive`. */
  remove(path: string, options?: { readonly recursive?: boolean }): Promise<boolean>;
  /** Undefined when there is nothing. The length of a file that is being written is that of its finished blocks. */
  status(path: string): Promise<HdfsFileStatus | undefined>;
  /** What a folder holds, by name; a file itself; nothing when there is nothing. Refused for some 100,000 names or more. */
  list(path: string): AsyncIterable<HdfsFileStatus>;
  /**
   * Cuts a file. False: the server is at it, or holds the file for a lost writer, and refuses to append meanwhile; once it
   * is through, the same call is true.
   */
  truncate(path: string, length: number): Promise<boolean>;
  /**
   * Closes a file whose writer is gone, as far as the server lets: false when it is not closed yet. The server holds the
   * file for a lost writer for one minute, then needs some seconds, and starts that only when it is asked.
   */
  recoverLease(path: string): Promise<boolean>;
  /** The bytes of a file from `offset` on; the stream fails when they do not all come. */
  open(path: string, offset?: number): Promise<ReadableStream<Uint8Array>>;
  /** Gives up all that is under way; open files stay behind as they are. */
  close(): void;
}

/** What a new file is to be. */
export interface HdfsCreateOptions {
  /** Otherwise a file that is there is an error. Also takes it away from whoever is writing to it. */
  readonly overwrite: boolean;
  readonly replication?: number | undefined;
  readonly blockBytes?: number | undefined;
  /** Octal, such as "640". */
  readonly permission?: string | undefined;
}

/** A file that is being written. */
export interface HdfsOutput {
  /** Resolves when more may come; the bytes may be used for something else then. */
  write(bytes: Uint8Array): Promise<void>;
  /** Written so far. */
  readonly bytes: number;
  /** Resolves when the server has confirmed that it has the whole file. */
  close(): Promise<void>;
  /** Gives up, and leaves behind what the server has by then. */
  abort(): void;
}

/** What the server says about a file or folder. */
export interface HdfsFileStatus {
  /** Without its folder; empty when the path itself was asked for. */
  readonly name: string;
  readonly isFolder: boolean;
  /** Stays the same when it is renamed, and is never given to another; not told by every server. */
  readonly id: string | undefined;
  /** In bytes. */
  readonly length: number;
  readonly modifiedMs: number;
  readonly blockBytes: number;
  readonly replication: number;
  readonly owner: string;
  /** Octal. */
  readonly permission: string;
}
