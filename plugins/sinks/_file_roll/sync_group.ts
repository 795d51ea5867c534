import { type Clock, DeliveryError, errorText, type Logger, type Position } from "sluice/plugin";
import { syncFolder } from "./folders.ts";
import type { Manifest } from "./manifest.ts";
import type { ManifestNote } from "./manifest_format.ts";
import type { OutputFile } from "./output_file.ts";
import type { Place } from "./place.ts";

/** Unsynced bytes that are waited for no longer, whoever can wait. */
const MAX_UNSYNCED_BYTES = 128 * 1024 * 1024;

/** Syncs under way at once. */
const MAX_SYNCS = 256;

/** When and where written bytes are forced to disk. */
export interface SyncOptions {
  /** `always`: as soon as the sync before is done. `interval`: no oftener than that when nobody waits for it. */
  readonly policy: "always" | "interval";
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly manifest: Manifest;
  readonly place: Place;
  /** A file is closed. */
  onClosed(): void;
  /** The disk refused; nothing is delivered any more. */
  onFailed(): void;
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
    // A source that can replay has let go of the batch already; any other holds it until it is on disk.
    const isPatient = position !== undefined;
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
    const note = this.#noteOf(round);
    try {
      await syncAll(round);
      if (Object.keys(note).length > 0) await this.#options.manifest.commit(note);
    } catch (cause) {
      return this.#fail(round, cause);
    }
    for (const file of round.finished) this.#name(file);
    round.settled.resolve();
  }

  #noteOf({ files, finished, named, position }: Round): ManifestNote {
    const complete = Array.from(finished).flatMap(({ isBroken, path }) => isBroken ? [] : [path]);
    const [renamed, gone] = this.#options.place.isRenaming
      ? [complete, [...named]]
      : [[], [...named, ...complete]];
    return {
      ...files.size > 0 &&
        { files: Object.fromEntries(Array.from(files, (file) => [file.path, file.joinedBytes])) },
      ...renamed.length > 0 && { finished: renamed },
      ...gone.length > 0 && { gone },
      ...Object.keys(position).length > 0 && { position },
    };
  }

  /** Closes a file whose last bytes are delivered, and gives it its name. */
  #name(file: OutputFile): void {
    const { place, log } = this.#options;
    this.#close(file);
    // Its end may be torn: the next start cuts it.
    if (file.isBroken || !place.isRenaming) return;
    try {
      place.publish(file.path, log);
    } catch (cause) {
      return log.warn(`The next start tries again: ${errorText(cause)}`, {
        path: file.inUsePath,
      });
    }
    const next = this.#gather();
    next.named.add(file.path);
    next.folders.add(place.foldersOf(file.path)[0]!);
  }

  /** Rejects the round and the one that gathers: both wrote to the same files. */
  #fail(round: Round, cause: unknown): void {
    const next = this.#gathering;
    this.#gathering = undefined;
    this.#failure = { cause };
    for (const file of [...round.files, ...next?.files ?? []]) this.#close(file);
    this.#options.onFailed();
    round.settled.reject(cause);
    next?.settled.reject(cause);
  }

  #close(file: OutputFile): void {
    if (file.close()) this.#options.onClosed();
  }
}

async function syncAll({ files, folders }: Round): Promise<void> {
  const open = [...files];
  for (let from = 0; from < open.length; from += MAX_SYNCS) {
    const some = open.slice(from, from + MAX_SYNCS);
    await allOf(some.map((file) => forced(file.inUsePath, file.sync())));
  }
  await allOf(Array.from(folders, (path) => forced(path, syncFolder(path))));
}

/** Waits for all of them, also when one fails. */
async function allOf(syncs: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(syncs);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

async function forced(path: string, sync: Promise<void>): Promise<void> {
  try {
    await sync;
  } catch (cause) {
    throw new DeliveryError(`Cannot force "${path}" to disk`, { cause });
  }
}
