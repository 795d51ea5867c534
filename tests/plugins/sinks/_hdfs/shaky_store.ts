import type { FileStore, Published, Upload } from "../../../../plugins/sinks/_hdfs/stores/store.ts";

/** A call to a store, with the path that it is about. */
export interface StoreCall {
  readonly name: "put" | "publish" | "discard";
  readonly path: string;
  /** Which one of its name it is, from 1. */
  readonly count: number;
}

/** What becomes of a call: it is done, not done and fails, or done and fails. */
export type Fate = "done" | "refused" | "unknown";

/** A store that is away when a test wants it to be. */
export class ShakyStore implements FileStore {
  blockBytes: number | undefined;
  readonly #store: FileStore;
  readonly #counts = new Map<string, number>();
  /** Says what becomes of a call; waits for a promise. */
  fateOf: (call: StoreCall) => Fate | Error | Promise<Fate | Error> = () => "done";

  constructor(store: FileStore) {
    this.#store = store;
  }

  put(path: string, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Upload> {
    return this.#call("put", path, () => this.#store.put(path, bytes, signal));
  }

  publish(upload: Upload, finalPath: string): Promise<Published> {
    return this.#call("publish", finalPath, () => this.#store.publish(upload, finalPath));
  }

  discard(upload: Upload): Promise<void> {
    return this.#call("discard", upload.path, () => this.#store.discard(upload));
  }

  close(): void {
    this.#store.close();
  }

  async #call<T>(name: StoreCall["name"], path: string, call: () => Promise<T>): Promise<T> {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    const fate = await this.fateOf({ name, path, count });
    if (fate instanceof Error) throw fate;
    if (fate === "refused") throw new Error(`No ${name} today`);
    const answer = await call();
    if (fate === "unknown") throw new Error(`No answer to ${name}`);
    return answer;
  }
}
