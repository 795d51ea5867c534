// WebHDFS, the REST API of HDFS, which HttpFS and Knox speak, too ("WebHDFS REST API" of Hadoop's documentation).
import type { HdfsClient, HdfsCreateOptions, HdfsFileStatus, HdfsOutput } from "./hdfs_client.ts";
import { failure, type HdfsCall, HdfsError } from "./hdfs_error.ts";
import type { HttpAnswer } from "./http_answer.ts";
import { WebHdfsOutput } from "./webhdfs_output.ts";
import {
  toError,
  type WebHdfsOp,
  type WebHdfsOptions,
  WebHdfsRequests,
  wholePath,
} from "./webhdfs_requests.ts";

/** A NameNode that was asked to be exact refuses a rename with these. */
const NOT_RENAMED = /^(FileAlreadyExistsException|FileNotFoundException)$/;
/** What is refused with while the server does not yet believe that the writer before is gone. */
const STILL_OPEN = /^(AlreadyBeingCreatedException|RecoveryInProgressException)$/;

/** Files of HDFS by way of HTTP. Every call throws `HdfsError`, and RangeError for a path that is none. */
export class WebHdfsClient implements HdfsClient {
  refusesFolders = false;
  readonly #requests: WebHdfsRequests;

  constructor(options: WebHdfsOptions) {
    this.#requests = new WebHdfsRequests(options);
  }

  /**
   * The file is there soon after; what the server has against it is told by `write` and `close`, where the connection
   * does not break before.
   */
  async create(path: string, options: HdfsCreateOptions): Promise<HdfsOutput> {
    const { overwrite, replication, blockBytes, permission } = options;
    const query = { overwrite, replication, blocksize: blockBytes, permission };
    const transfer = await this.#requests.openTransfer({
      ...{ method: "PUT", op: "CREATE", path, query },
      isRepeatable: true,
    });
    return new WebHdfsOutput(transfer, this.#requests);
  }

  async append(path: string, bytes: Uint8Array | readonly Uint8Array[]): Promise<void> {
    const transfer = await this.#requests.openTransfer({
      ...{ method: "POST", op: "APPEND", path },
      isRepeatable: true,
    });
    const output = new WebHdfsOutput(transfer, this.#requests);
    try {
      for (const part of bytes instanceof Uint8Array ? [bytes] : bytes) await output.write(part);
      await output.close();
    } catch (cause) {
      output.abort();
      throw cause;
    }
  }

  async rename(from: string, to: string): Promise<boolean> {
    // With this option, though it says nothing, a NameNode throws and does not rename into a folder. HttpFS overlooks it.
    const query = { destination: wholePath(to), renameoptions: "NONE" };
    try {
      const answer = await this.#json({
        method: "PUT",
        op: "RENAME",
        path: from,
        query,
        isRepeatable: false,
      });
      this.refusesFolders = Object.keys(answer).length === 0;
      return this.refusesFolders || isTrue(answer);
    } catch (cause) {
      if (cause instanceof HdfsError && NOT_RENAMED.test(cause.exception)) return false;
      throw cause;
    }
  }

  async mkdirs(path: string): Promise<void> {
    await this.#json({ method: "PUT", op: "MKDIRS", path });
  }

  async checkAccess(path: string, action: string): Promise<void> {
    await this.#json({ method: "GET", op: "CHECKACCESS", path, query: { fsaction: action } });
  }

  async remove(path: string, { recursive = false } = {}): Promise<boolean> {
    return isTrue(await this.#json({ method: "DELETE", op: "DELETE", path, query: { recursive } }));
  }

  async truncate(path: string, length: number): Promise<boolean> {
    const query = { newlength: length };
    const answer = await unlessOpen(this.#json({ method: "POST", op: "TRUNCATE", path, query }));
    return answer !== undefined && isTrue(answer);
  }

  async recoverLease(path: string): Promise<boolean> {
    return await unlessOpen(this.append(path, []).then(() => true)) ?? false;
  }

  async status(path: string): Promise<HdfsFileStatus | undefined> {
    const answer = await this.#found({ method: "GET", op: "GETFILESTATUS", path });
    return answer && toStatus(path, answer.FileStatus);
  }

  async *list(path: string): AsyncGenerator<HdfsFileStatus> {
    // LISTSTATUS_BATCH would hold less at once, but HDFS and HttpFS take the name to go on after for different ones when
    // there is a "%" in it.
    const answer = await this.#found({ method: "GET", op: "LISTSTATUS", path });
    if (answer === undefined) return;
    const statuses = toObject(answer.FileStatuses).FileStatus;
    if (!Array.isArray(statuses)) throw odd("LISTSTATUS", path);
    for (const status of statuses) yield toStatus(path, status);
  }

  async open(path: string, offset = 0): Promise<ReadableStream<Uint8Array>> {
    const transfer = await this.#requests.openTransfer({
      ...{ method: "GET", op: "OPEN", path, query: { offset } },
      isRepeatable: true,
    });
    const { call, request } = transfer;
    try {
      const answer = transfer.answer ?? await request!.end();
      if (answer.status >= 300) throw await this.#requests.toRefusal(call, answer);
      return toStream(call, answer);
    } catch (cause) {
      throw toError(call, cause, {});
    }
  }

  close(): void {
    this.#requests.close();
  }

  #json(op: Omit<WebHdfsOp, "isRepeatable"> & { isRepeatable?: boolean }): Promise<Record<string, unknown>> {
    return this.#requests.json({ isRepeatable: true, ...op });
  }

  /** Undefined when the path leads to nothing. */
  async #found(op: Omit<WebHdfsOp, "isRepeatable">): Promise<Record<string, unknown> | undefined> {
    try {
      return await this.#json(op);
    } catch (cause) {
      if (cause instanceof HdfsError && cause.exception === "FileNotFoundException") return undefined;
      throw cause;
    }
  }
}

function toStream(call: HdfsCall, answer: HttpAnswer): ReadableStream<Uint8Array> {
  const chunks = answer.body();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await chunks.next().catch((cause) => {
        throw toError(call, cause, {});
      });
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: () => answer.close(),
  }, { highWaterMark: 0 });
}

/** Undefined while the server holds the file for the writer before. */
async function unlessOpen<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (cause) {
    if (cause instanceof HdfsError && STILL_OPEN.test(cause.exception)) return undefined;
    throw cause;
  }
}

function isTrue(answer: Record<string, unknown>): boolean {
  return answer.boolean === true;
}

function toStatus(path: string, value: unknown): HdfsFileStatus {
  const status = toObject(value);
  const { pathSuffix, type, length, modificationTime, blockSize, replication, owner, permission, fileId } =
    status;
  if (typeof length !== "number" || typeof type !== "string") throw odd("GETFILESTATUS", path);
  return {
    name: String(pathSuffix ?? ""),
    isFolder: type === "DIRECTORY",
    id: fileId === undefined ? undefined : String(fileId),
    length,
    modifiedMs: Number(modificationTime),
    blockBytes: Number(blockSize),
    replication: Number(replication),
    owner: String(owner),
    permission: String(permission),
  };
}

function toObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

function odd(op: string, path: string): HdfsError {
  const what = "the answer does not have the fields of WebHDFS";
  return failure({ op, path, host: "the server" }, { exception: "OddAnswer", canRetry: false, what });
}
