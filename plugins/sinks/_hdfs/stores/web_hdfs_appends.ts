import type { HdfsClient, HdfsCreateOptions } from "../../../../protocols/hadoop/hdfs_client.ts";
import { HdfsError } from "../../../../protocols/hadoop/hdfs_error.ts";
import type { LeftNames } from "./left_names.ts";
import { type AppendStore, OtherFileError } from "./store.ts";

/** Said of one folder, and until somebody does something about it. */
const REFUSALS: ReadonlySet<string> = new Set([
  "AccessControlException",
  "FileAlreadyExistsException",
  "InvalidPathException",
  "MaxDirectoryItemsExceededException",
  "ParentNotDirectoryException",
  "PathComponentTooLongException",
]);

/** An operation that the server does not have. */
const UNKNOWN_QUESTION = /^(IllegalArgumentException|UnsupportedOperationException|Http400|Http405)$/;

/** What files that grow have in common. */
export interface WebHdfsAppendsOptions {
  readonly creation: Omit<HdfsCreateOptions, "overwrite">;
  readonly left: LeftNames;
  /** The path in HDFS of one that is relative to the root. */
  toWhole(path: string): string;
}

/** Files of HDFS that grow by one APPEND after the other. */
export class WebHdfsAppends implements AppendStore {
  readonly #client: HdfsClient;
  readonly #options: WebHdfsAppendsOptions;

  constructor(client: HdfsClient, options: WebHdfsAppendsOptions) {
    this.#client = client;
    this.#options = options;
  }

  async refusal(folder: string): Promise<Error | "none" | "unknown"> {
    const whole = this.#options.toWhole(folder);
    try {
      await this.#client.mkdirs(whole);
      await this.#client.checkAccess(whole, "-wx");
      return "none";
    } catch (cause) {
      if (cause instanceof HdfsError && REFUSALS.has(cause.exception)) return cause;
      // Of a server that does not know the question (HttpFS of old) the file's own creation tells.
      return cause instanceof HdfsError && UNKNOWN_QUESTION.test(cause.exception) ? "none" : "unknown";
    }
  }

  async create(path: string, isAgain: boolean): Promise<void> {
    const { creation, left, toWhole } = this.#options;
    await left.release(path);
    try {
      // A try that comes true late must not replace what was appended by then.
      const output = await this.#client.create(toWhole(path), { ...creation, overwrite: false });
      await output.close();
    } catch (cause) {
      if (!(cause instanceof HdfsError) || cause.exception !== "FileAlreadyExistsException") throw cause;
      if (!isAgain || await this.length(path) !== 0) throw new OtherFileError(path);
    }
  }

  abandon(path: string): void {
    this.#options.left.leave(path);
  }

  async append(path: string, parts: readonly Uint8Array[]): Promise<void> {
    await this.#client.append(this.#options.toWhole(path), parts);
  }

  async length(path: string): Promise<number | undefined> {
    const status = await this.#client.status(this.#options.toWhole(path));
    return status?.isFolder ? undefined : status?.length;
  }

  async truncate(path: string, length: number): Promise<boolean> {
    return await this.#client.truncate(this.#options.toWhole(path), length);
  }

  async recover(path: string): Promise<boolean> {
    return await this.#client.recoverLease(this.#options.toWhole(path));
  }
}
