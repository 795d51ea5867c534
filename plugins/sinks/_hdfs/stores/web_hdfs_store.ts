import type {
  HdfsClient,
  HdfsCreateOptions,
  HdfsFileStatus,
  HdfsOutput,
} from "../../../../protocols/hadoop/hdfs_client.ts";
import { HdfsError } from "../../../../protocols/hadoop/hdfs_error.ts";
import { WebHdfsClient } from "../../../../protocols/hadoop/webhdfs.ts";
import type { WebHdfsOptions } from "../../../../protocols/hadoop/webhdfs_requests.ts";
import type { TlsTarget } from "../../../../protocols/tcp_client.ts";
import { LeftNames } from "./left_names.ts";
import type { AppendStore, FileStore, Published, Upload } from "./store.ts";
import { Stoppable } from "./stoppable.ts";
import { WebHdfsAppends } from "./web_hdfs_appends.ts";
import { connectWire } from "./wire.ts";

/** Which HDFS, as whom, and what its files are to be. */
export interface WebHdfsStoreOptions
  extends Omit<WebHdfsOptions, "connect">, Omit<HdfsCreateOptions, "overwrite"> {
  /** The folder that paths are relative to: "/" or "/flume/events". */
  readonly root: string;
  /** For https addresses; the system's authorities count unless it is given. */
  readonly tls?: TlsTarget | undefined;
  /** Where names of files that were begun are kept. */
  readonly notesPath: string;
}

/** With these a NameNode does not do what it was asked for, or was not asked. */
const NOT_BEGUN = /^(ConnectionLost|SafeModeException|StandbyException|TimedOut)$/;
const SYSTEM_TLS: TlsTarget = { trustsAll: false, checksName: true };

/** Files of HDFS, by way of its web ports, HttpFS or Knox. */
export class WebHdfsStore implements FileStore {
  readonly appends: AppendStore;
  readonly #client: HdfsClient;
  readonly #root: string;
  readonly #creation: Omit<HdfsCreateOptions, "overwrite">;
  readonly #left: LeftNames;
  /** Sent in this life, and not tried to be published: what the server said last of them holds. */
  readonly #fresh = new WeakSet<Upload>();
  #blockBytes: number | undefined;
  #knowsWanted = false;

  constructor(options: WebHdfsStoreOptions) {
    const { root, tls = SYSTEM_TLS, callTimeoutMs: timeoutMs, replication, blockBytes, permission } = options;
    this.#root = root.replace(/\/+$/, "");
    this.#creation = { replication, blockBytes, permission };
    this.#left = new LeftNames(options.notesPath);
    this.#blockBytes = blockBytes;
    this.#client = new WebHdfsClient({
      ...options,
      connect: (host) => connectWire(host, { tls, timeoutMs }),
    });
    this.appends = new WebHdfsAppends(this.#client, {
      creation: this.#creation,
      left: this.#left,
      toWhole: (path) => this.#whole(path),
    });
  }

  get blockBytes(): number | undefined {
    return this.#blockBytes;
  }

  begin(wanted: readonly Upload[]): Promise<void> {
    for (const { path } of wanted) this.#left.keep(path);
    this.#knowsWanted = true;
    return Promise.resolve();
  }

  async put(path: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Upload> {
    signal.throwIfAborted();
    const name = this.#left.choose(path);
    try {
      return await this.#send(name, bytes, signal);
    } catch (cause) {
      throw ofFile(cause, { name, path });
    }
  }

  /** What is left can be told from what is wanted only after `begin`. */
  async sweep(): Promise<void> {
    if (!this.#knowsWanted) return;
    await this.#left.sweep((name) => this.#client.remove(this.#whole(name)));
  }

  async publish(upload: Upload, finalPath: string): Promise<Published> {
    await this.#left.release(finalPath);
    const published = await this.#name(upload, finalPath);
    if (published === "gone") this.#left.forget(upload.path);
    if (published === "replaced") this.#left.avoid(upload.path);
    if (published === "done" && upload.path !== finalPath) this.#left.settle(upload.path);
    return published;
  }

  async discard(upload: Upload): Promise<void> {
    if (await this.#isHere(upload)) await this.#client.remove(this.#whole(upload.path));
    this.#left.settle(upload.path);
  }

  close(): void {
    this.#client.close();
  }

  async #send(name: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Upload> {
    const output = await this.#create(name);
    try {
      await send(output, bytes, signal);
      return await this.#confirm(name, output.bytes);
    } catch (cause) {
      if (!signal.aborted && isThrough(cause)) await this.#undo(name, cause);
      else this.#left.leave(name);
      throw cause;
    }
  }

  /** Of a try that the server is through with nothing appears later: its name is free again. */
  async #undo(name: string, refusal: HdfsError): Promise<void> {
    try {
      await this.#client.remove(this.#whole(name));
    } catch (cause) {
      // Who is refused the same for that has made nothing there.
      const isSame = cause instanceof HdfsError && cause.exception === refusal.exception;
      if (!isSame) return this.#left.leave(name);
    }
    this.#left.forget(name);
  }

  /** What is refused before a byte of the request has left leaves nothing. */
  async #create(name: string): Promise<HdfsOutput> {
    try {
      return await this.#client.create(this.#whole(name), { ...this.#creation, overwrite: true });
    } catch (cause) {
      if (cause instanceof HdfsError && cause.isOutcomeUnknown) this.#left.leave(name);
      else this.#left.forget(name);
      throw cause;
    }
  }

  /** What fails after a rename that may come true at any later moment leaves that open. */
  async #name(upload: Upload, finalPath: string): Promise<Published> {
    const renaming = { from: upload.path, to: finalPath, mayBeDone: false };
    try {
      return await this.#rename(upload, renaming);
    } catch (cause) {
      if (!renaming.mayBeDone || !(cause instanceof HdfsError)) throw cause;
      throw new HdfsError(cause.message, { ...cause, cause: cause.cause, isOutcomeUnknown: true });
    }
  }

  async #rename(upload: Upload, renaming: Renaming): Promise<Published> {
    const finalPath = renaming.to;
    const isFresh = this.#fresh.delete(upload) && upload.path !== finalPath;
    let isDone = isFresh && this.#client.refusesFolders && await this.#ask(renaming);
    for (let tries = 0; tries < 3 && !isDone; tries++) {
      const there = await this.#status(finalPath);
      const isThere = there !== undefined && isFile(there, upload);
      if (isThere && upload.path === finalPath) return "done";
      if (!await this.#isHere(upload)) return await this.#settleMoved(upload, renaming);
      // A folder would take the file in.
      if (there) return "taken";
      if (tries > 0) await this.#makeFolderOf(finalPath);
      isDone = await this.#ask(renaming);
    }
    if (isDone) return "done";
    throw new Error(`HDFS does not rename "${upload.path}" to "${finalPath}", and does not say why`);
  }

  #whole(path: string): string {
    return `${this.#root}/${path}`;
  }

  async #confirm(path: string, bytes: number): Promise<Upload> {
    const status = await this.#status(path);
    if (status?.length !== bytes) {
      const there = status ? `has ${status.length}` : "has no such file";
      throw new Error(
        `Of "${path}", ${bytes} bytes were sent, but HDFS ${there}: does another writer use it?`,
      );
    }
    const upload = { path, bytes, ...status.id !== undefined && { id: status.id } };
    this.#fresh.add(upload);
    return upload;
  }

  /** What became of a file that is not where it was: an answer that was lost may just have come true. */
  async #settleMoved(
    upload: Upload,
    { to: finalPath, mayBeDone }: Renaming,
  ): Promise<Published> {
    const there = await this.#status(finalPath);
    if (there && isFile(there, upload)) return "done";
    if (await this.#status(upload.path)) return "replaced";
    // It may have had its name just now, and been fetched: only who has a note of it can tell that from a loss.
    if (mayBeDone) throw new Error(`"${upload.path}" is gone, perhaps by the name "${finalPath}"`);
    return "gone";
  }

  async #makeFolderOf(path: string): Promise<void> {
    await this.#client.mkdirs(this.#whole(path).replace(/\/[^/]*$/, "") || "/");
  }

  async #isHere(upload: Upload): Promise<boolean> {
    const here = await this.#status(upload.path);
    return here !== undefined && isFile(here, upload);
  }

  async #status(path: string): Promise<HdfsFileStatus | undefined> {
    const status = await this.#client.status(this.#whole(path));
    if (status && !status.isFolder) this.#blockBytes = status.blockBytes;
    return status;
  }

  /** False also when nobody knows: looking tells. */
  async #ask(renaming: Renaming): Promise<boolean> {
    try {
      return await this.#client.rename(this.#whole(renaming.from), this.#whole(renaming.to));
    } catch (cause) {
      if (!isNotBegun(cause)) renaming.mayBeDone = true;
      if (cause instanceof HdfsError && cause.isOutcomeUnknown) return false;
      throw cause;
    }
  }
}

/** A file on its way to its final name. */
interface Renaming {
  readonly from: string;
  readonly to: string;
  /** A request to rename it may have been obeyed. */
  mayBeDone: boolean;
}

/** It is that one: another one has another id, or, where a server tells none, most likely another length. */
function isFile(status: HdfsFileStatus, { id, bytes }: Upload): boolean {
  if (status.isFolder) return false;
  return status.id !== undefined && id !== undefined ? status.id === id : status.length === bytes;
}

/**
 * The server has refused it until somebody changes something. What passes by itself may be a DataNode's word about a
 * NameNode that still does what it was asked for.
 */
function isThrough(cause: unknown): cause is HdfsError {
  if (!(cause instanceof HdfsError) || cause.isOutcomeUnknown || cause.exception === "OddAnswer") {
    return false;
  }
  return !cause.canRetry || cause.exception.includes("QuotaExceeded");
}

/** Refused by the NameNode itself, or never told to it. */
function isNotBegun(cause: unknown): boolean {
  if (!(cause instanceof HdfsError) || cause.isOutcomeUnknown) return false;
  return NOT_BEGUN.test(cause.exception) || isThrough(cause);
}

/** The same failure of the file at each try, whatever name that had. */
function ofFile(cause: unknown, { name, path }: { name: string; path: string }): unknown {
  if (!(cause instanceof HdfsError) || name === path) return cause;
  return new HdfsError(cause.message.replaceAll(name, path), cause);
}

/** Sends all bytes; what comes of it is to be looked at. */
async function send(
  output: HdfsOutput,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const stoppable = new Stoppable(signal);
  const abort = () => output.abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    for await (const chunk of stoppable.read(bytes)) await output.write(chunk);
    signal.throwIfAborted();
    await output.close();
  } catch (cause) {
    output.abort();
    signal.throwIfAborted();
    throw cause;
  } finally {
    stoppable.end();
    signal.removeEventListener("abort", abort);
  }
}
