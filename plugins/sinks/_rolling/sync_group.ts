import { type Clock, errorText, type Logger, type Position } from "sluice/plugin";
import { type FileLength, syncAll } from "./file_lengths.ts";
import type { Manifest } from "./manifest.ts";
import type { ManifestNote } from "./manifest_format.ts";
import type { FileWatch, OutputFile, Shelf } from "./shelf.ts";

/** When and where written bytes are forced to disk. */
export interface SyncOptions {
  /**
   * `always`: as soon as the sync before is done. `interval`: no oftener than that when nobody waits for it. `gather`: no
   * oftener than that.
   */
  readonly policy: "always" | "interval" | "gather";
  readonly intervalMs: number;
  /** Bytes that wait no longer, whatever the policy. */
  readonly maxUnsyncedBytes: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly manifest: Manifest;
  readonly shelf: Shelf;
  readonly watch?: FileWatch | undefined;
  /** A file is closed. */
  onClosed(): void;
  /** The disk refused; nothing is delivered any more. */
  onFailed(cause: unknown): void;
}

/** A write that succeeded. */
export interface JoinedWrite {
  readonly files: readonly OutputFile[];
  readonly bytes: number;
  readonly position: Position | undefined;
}

/** Writes that share one sync. */
interface Round {
  readonly files: Set<OutputFile>;
  readonly folders: Set<string>;
  readonly finished: Set<OutputFile>;
  /** Files that got their names; the manifest may forget them once the folders are on disk. */
  readonly named: Set<string>;
  readonly settled: PromiseWithResolvers<void>;
  readonly position: Record<string, number | string | null>;
  bytes: number;
}

/**
 * Lets many writes share one fdatasync. A round is delivered when its files and folders are on disk and then, in one
 * commit of the manifest, how long the files are and which position that makes. One round gathers while another is on
 * its way. The first one that fails is the last: what is on disk is then put in order by the next start.
 */
export class SyncGroup {
  readonly #options: SyncOptions;
  #gathering: Round | undefined;
  #running: Round | undefined;
  #isAtWork = false;
  readonly #known = new WeakSet<OutputFile>();
  #hurry = new AbortController();
  #lastStartMs = -Infinity;
  #failure: { readonly cause: unknown } | undefined;

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  /** Files that wait to be closed. */
  get finishedCount(): number {
    return (this.#gathering?.finished.size ?? 0) + (this.#running?.finished.size ?? 0);
  }

  /** Bytes that are written and not on disk yet. */
  get waitingBytes(): number {
    return (this.#gathering?.bytes ?? 0) + (this.#running?.bytes ?? 0);
  }

  /** What the disk refused with, if it did. */
  get failure(): { readonly cause: unknown } | undefined {
    return this.#failure;
  }

  /** @throws whatever the disk refused with; nothing may be written any more. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.cause;
  }

  /** Resolves when what the files hold now is delivered. */
  join({ files, bytes, position }: JoinedWrite): Promise<void> {
    this.throwIfFailed();
    const round = this.#gather();
    for (const file of files) round.files.add(file);
    Object.assign(round.position, position);
    round.bytes += bytes;
    const { policy, maxUnsyncedBytes } = this.#options;
    // A source that can replay has let go of the batch already; any other holds it until it is on disk.
    const isHurried = policy === "always" || (policy === "interval" && position === undefined);
    if (isHurried || round.bytes >= maxUnsyncedBytes) this.#hurry.abort();
    this.#start();
    return round.settled.promise;
  }

  /** Has a new name in a folder forced to disk with the next round. */
  addFolder(path: string): void {
    this.#gather().folders.add(path);
  }

  /** Closes a file after the next round and gives it its name. */
  finish(file: OutputFile): void {
    if (this.#failure) return this.#close(file);
    const round = this.#gather();
    round.files.add(file);
    round.finished.add(file);
    this.#hurry.abort();
    this.#start();
  }

  /** Resolves when all that was written is delivered or has failed; whoever waits for it has been told. */
  async flush(): Promise<void> {
    while (this.#running || this.#gathering) await this.#hurriedRound();
  }

  /** Resolves when no more than some files wait to be closed. */
  async drain(maxFiles: number): Promise<void> {
    while (this.finishedCount > maxFiles) await this.#hurriedRound();
    this.throwIfFailed();
  }

  async #hurriedRound(): Promise<void> {
    this.#hurry.abort();
    this.#start();
    await (this.#running ?? this.#gathering)?.settled.promise.catch(() => {});
  }

  #gather(): Round {
    if (this.#gathering) return this.#gathering;
    const settled = Promise.withResolvers<void>();
    settled.promise.catch(() => {});
    return this.#gathering = {
      files: new Set(),
      folders: new Set(),
      finished: new Set(),
      named: new Set(),
      settled,
      position: {},
      bytes: 0,
    };
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
    // After a jump of the clock back the last start seems to lie ahead.
    const waitMs = Math.min(this.#lastStartMs + intervalMs - clock.now(), intervalMs);
    if (waitMs > 0) await clock.sleep(waitMs, this.#hurry.signal);
    this.#lastStartMs = clock.now();
  }

  async #sync(round: Round): Promise<void> {
    // Taken now: what is written meanwhile belongs to the next round.
    const joined = Array.from(round.files, (file) => [file, file.joinedBytes] as const);
    let note: ManifestNote;
    try {
      if (this.#options.shelf.isElsewhere) await this.#makeKnown(round.files);
      const lengths = await syncAll(joined, round.folders, this.#options.shelf);
      note = this.#noteOf(round, lengths);
      if (Object.keys(note).length > 0) await this.#options.manifest.commit(note);
    } catch (cause) {
      return this.#fail(round, cause);
    }
    this.#tellGrowth(round, note);
    for (const file of round.finished) this.#name(file);
    round.settled.resolve();
  }

  /** Gets onto disk that there are these files. */
  async #makeKnown(files: ReadonlySet<OutputFile>): Promise<void> {
    if (Array.from(files).every((file) => this.#known.has(file))) return;
    await this.#options.manifest.commit({});
    for (const file of files) this.#known.add(file);
  }

  #noteOf({ finished, named, position }: Round, lengths: readonly FileLength[]): ManifestNote {
    const complete = Array.from(finished).flatMap(({ isBroken, path }) => isBroken ? [] : [path]);
    const [renamed, gone] = this.#options.shelf.isRenaming
      ? [complete, [...named]]
      : [[], [...named, ...complete]];
    return {
      ...lengths.length > 0 && { files: Object.fromEntries(lengths) },
      ...renamed.length > 0 && { finished: renamed },
      ...gone.length > 0 && { gone },
      ...Object.keys(position).length > 0 && { position },
    };
  }

  #tellGrowth({ files, finished }: Round, note: ManifestNote): void {
    const { watch } = this.#options;
    if (!watch) return;
    for (const file of files) if (!finished.has(file)) watch.grown(file, note.files?.[file.path] ?? 0);
  }

  /** Closes a file whose last bytes are delivered, and gives it its name. */
  #name(file: OutputFile): void {
    const { shelf, log } = this.#options;
    this.#close(file);
    // Its end may be torn: the next start cuts it.
    if (file.isBroken) return;
    if (!shelf.isRenaming) return this.#options.watch?.finished(file.path, file.joinedBytes);
    try {
      const naming = shelf.publish(file.path, log);
      if (naming) void naming.then(() => this.#named(file), (cause) => this.#failNaming(file, cause));
      else this.#named(file);
    } catch (cause) {
      this.#failNaming(file, cause);
    }
  }

  #named({ path, joinedBytes }: OutputFile): void {
    this.#options.watch?.finished(path, joinedBytes);
    if (this.#failure) return;
    const next = this.#gather();
    next.named.add(path);
    for (const folder of this.#options.shelf.foldersOf(path).slice(0, 1)) next.folders.add(folder);
  }

  #failNaming({ inUsePath: path }: OutputFile, cause: unknown): void {
    this.#options.log.warn(`The next start tries again: ${errorText(cause)}`, { path });
  }

  /** Rejects the round and the one that gathers: both wrote to the same files. */
  #fail(round: Round, cause: unknown): void {
    const next = this.#gathering;
    this.#gathering = undefined;
    this.#failure = { cause };
    const files = [...round.files, ...next?.files ?? []];
    for (const file of files) this.#close(file);
    this.#forgetForeign(files);
    this.#options.onFailed(cause);
    round.settled.reject(cause);
    next?.settled.reject(cause);
  }

  /** A next start must not touch what another has; whoever waits for a round is told in any case. */
  #forgetForeign(files: readonly OutputFile[]): void {
    const { manifest, log } = this.#options;
    const foreign = files.filter(({ isForeign }) => isForeign).map(({ path }) => path);
    try {
      if (foreign.length > 0) manifest.note({ gone: foreign });
    } catch (cause) {
      log.warn(`The next start still looks at files of others: ${errorText(cause)}`, {
        files: foreign.length,
      });
    }
  }

  #close(file: OutputFile): void {
    if (file.close()) this.#options.onClosed();
  }
}
