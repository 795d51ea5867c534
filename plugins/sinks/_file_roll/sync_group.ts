import { type Clock, DeliveryError } from "sluice/plugin";
import { type OutputFile, syncFolder } from "./output_file.ts";

/** Unsynced bytes that are waited for no longer, whoever can wait. */
const MAX_UNSYNCED_BYTES = 128 * 1024 * 1024;

/** When written bytes are forced to disk. */
export interface SyncOptions {
  /** `always`: as soon as the sync before is done. `interval`: no oftener than that when nobody waits for it. */
  readonly policy: "always" | "interval";
  readonly intervalMs: number;
  readonly clock: Clock;
  /** A file is on disk and closed. */
  onClosed(file: OutputFile): void;
  /** The disk refused; these files are cut back to what is delivered, and closed. */
  onFailed(files: ReadonlySet<OutputFile>): void;
}

/** Writes that share one sync. */
interface Round {
  readonly files: Set<OutputFile>;
  readonly folders: Set<string>;
  readonly finished: Set<OutputFile>;
  readonly settled: PromiseWithResolvers<void>;
  bytes: number;
}

/**
 * Lets many writes share one fdatasync. One round gathers while another is on its way. A round that fails takes the one
 * that gathers with it: both wrote to the same files, and the later bytes may not stand behind a hole.
 */
export class SyncGroup {
  readonly #options: SyncOptions;
  #gathering: Round | undefined;
  #running: Round | undefined;
  #isAtWork = false;
  #hurry = new AbortController();
  #lastStartMs = -Infinity;

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  /** Files that wait to be closed. */
  get finishedCount(): number {
    return (this.#gathering?.finished.size ?? 0) + (this.#running?.finished.size ?? 0);
  }

  /** Resolves when what the files hold now is on disk. `isPatient`: nobody holds memory until then. */
  join(
    files: Iterable<OutputFile>,
    { bytes, isPatient }: { readonly bytes: number; readonly isPatient: boolean },
  ): Promise<void> {
    const round = this.#gather();
    for (const file of files) round.files.add(file);
    round.bytes += bytes;
    if (!isPatient || this.#options.policy === "always" || round.bytes >= MAX_UNSYNCED_BYTES) {
      this.#hurry.abort();
    }
    this.#start();
    return round.settled.promise;
  }

  /** Has a new name in a folder forced to disk with the next round. */
  addFolder(path: string): void {
    this.#gather().folders.add(path);
  }

  /** Closes a file after the next round. */
  finish(file: OutputFile): void {
    const round = this.#gather();
    round.files.add(file);
    round.finished.add(file);
    this.#hurry.abort();
    this.#start();
  }

  /** Resolves when all that was written is on disk or given up; whoever waits for it has been told. */
  async flush(): Promise<void> {
    this.#hurry.abort();
    if (this.#gathering) this.#start();
    for (let round = this.#running ?? this.#gathering; round; round = this.#running ?? this.#gathering) {
      await round.settled.promise.catch(() => {});
    }
  }

  #gather(): Round {
    if (this.#gathering) return this.#gathering;
    const settled = Promise.withResolvers<void>();
    settled.promise.catch(() => {});
    return this.#gathering = { files: new Set(), folders: new Set(), finished: new Set(), settled, bytes: 0 };
  }

  #start(): void {
    if (!this.#isAtWork) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isAtWork = true;
    while (this.#gathering) {
      await this.#pace();
      const round = this.#gathering;
      this.#gathering = undefined;
      this.#running = round;
      this.#hurry = new AbortController();
      await this.#sync(round);
      this.#running = undefined;
    }
    this.#isAtWork = false;
  }

  /** Waits for the interval to pass, or until somebody is in a hurry. */
  async #pace(): Promise<void> {
    const { clock, intervalMs } = this.#options;
    const waitMs = this.#lastStartMs + intervalMs - clock.now();
    if (waitMs > 0) await clock.sleep(waitMs, this.#hurry.signal);
    this.#lastStartMs = clock.now();
  }

  async #sync(round: Round): Promise<void> {
    const files = [...round.files];
    const folders = [...round.folders];
    const results = await Promise.allSettled([
      ...files.map((file) => file.sync()),
      ...folders.map((path) => syncFolder(path).then(() => 0)),
    ]);
    const refused = results.findIndex(({ status }) => status === "rejected");
    if (refused >= 0) {
      const { reason } = results[refused] as PromiseRejectedResult;
      const path = files[refused]?.path ?? folders[refused - files.length];
      return this.#fail(round, new DeliveryError(`Cannot force "${path}" to disk`, { cause: reason }));
    }
    files.forEach((file, at) => file.markSynced((results[at] as PromiseFulfilledResult<number>).value));
    for (const file of round.finished) this.#close(file);
    round.settled.resolve();
  }

  #close(file: OutputFile): void {
    file.close();
    this.#options.onClosed(file);
  }

  #fail(round: Round, cause: DeliveryError): void {
    const next = this.#gathering;
    this.#gathering = undefined;
    const files = new Set([...round.files, ...next?.files ?? []]);
    for (const file of files) {
      file.giveUp();
      this.#options.onClosed(file);
    }
    this.#options.onFailed(files);
    round.settled.reject(cause);
    next?.settled.reject(cause);
  }
}
