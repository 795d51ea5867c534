import type { Logger } from "sluice/plugin";
import { makeTransform, type Transform, type TransformPlan } from "./transform.ts";
import { TransformThread } from "./transform_thread.ts";
import { WORKER_FOLDERS } from "./worker_needs.ts";

const PROGRAM = new URL("./transform_worker.ts", import.meta.url);
/** Each takes some thirty megabytes, and much more while it makes a row group of Parquet. */
const MAX_WORKERS = 4;
/** Starting one takes a tenth of a second. */
const IDLE_MS = 30_000;

/** What a pool is for. */
export interface TransformPoolOptions {
  /** Files that are made at once. */
  readonly slots: number;
  readonly log: Logger;
  /** For tests: how long a worker waits for the next file, and what starts it. */
  readonly idleMs?: number;
  start?(): Worker;
}

/**
 * Workers that make the bytes of files, each several files at a time. They are started when there are files, and end when
 * there are none for a while.
 */
export class TransformPool {
  readonly #options: TransformPoolOptions;
  readonly #maxSize: number;
  readonly #threads = new Set<TransformThread>();
  readonly #idle = new Map<TransformThread, ReturnType<typeof setTimeout>>();
  #isWarned = false;
  #isClosed = false;

  constructor(options: TransformPoolOptions) {
    this.#options = options;
    // One is left to the thread that reads and sends.
    this.#maxSize = Math.max(1, Math.min(options.slots, navigator.hardwareConcurrency - 1, MAX_WORKERS));
  }

  /** Workers that are there. */
  get size(): number {
    return this.#threads.size;
  }

  /** Makes a transform that runs in a worker; on this thread where none may be started. */
  async transformOf(plan: TransformPlan): Promise<Transform> {
    if (this.#mayStart()) {
      this.#warmUp();
      return (staged) => this.#run(plan, staged);
    }
    if (!this.#isWarned) {
      this.#isWarned = true;
      this.#options.log.warn(
        "Files are made on the main thread, which slows everything: --allow-read lacks folders of the program; see `sluice permissions`",
        { folders: WORKER_FOLDERS },
      );
    }
    return await makeTransform(plan);
  }

  /** Ends the workers; what they are at fails. */
  close(): void {
    this.#isClosed = true;
    for (const thread of this.#threads) {
      this.#drop(thread);
      thread.end(new Error("The sink ends"));
    }
  }

  #mayStart(): boolean {
    return WORKER_FOLDERS.every((path) =>
      Deno.permissions.querySync({ name: "read", path }).state === "granted"
    );
  }

  /** The first one starts while the target is asked for the file. */
  #warmUp(): void {
    if (this.#threads.size === 0 && !this.#isClosed) this.#rest(this.#choose());
  }

  async *#run(plan: TransformPlan, staged: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    if (this.#isClosed) throw new Error("The sink ends");
    const thread = this.#choose();
    this.#wake(thread);
    yield* thread.run(plan, staged, () => this.#rest(thread));
  }

  #choose(): TransformThread {
    const [best] = Array.from(this.#threads).sort((one, other) => one.size - other.size);
    if (best && (best.size === 0 || this.#threads.size >= this.#maxSize)) return best;
    const worker = this.#options.start?.() ?? new Worker(PROGRAM, { type: "module", name: "hdfs" });
    const thread = new TransformThread(worker, () => this.#drop(thread));
    this.#threads.add(thread);
    return thread;
  }

  /** Ends a worker that has had nothing to do for a while. */
  #rest(thread: TransformThread): void {
    if (thread.size > 0 || !this.#threads.has(thread)) return;
    const timer = setTimeout(() => {
      this.#drop(thread);
      thread.end(new Error("There was nothing to do"));
    }, this.#options.idleMs ?? IDLE_MS);
    Deno.unrefTimer(timer);
    this.#idle.set(thread, timer);
  }

  #drop(thread: TransformThread): void {
    this.#threads.delete(thread);
    this.#wake(thread);
  }

  #wake(thread: TransformThread): void {
    clearTimeout(this.#idle.get(thread));
    this.#idle.delete(thread);
  }
}
