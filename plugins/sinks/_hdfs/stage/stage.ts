import { type Context, DeliveryError, errorText } from "sluice/plugin";
import { syncFolder } from "../../_rolling/folders.ts";
import { LocalShelf } from "../../_rolling/local_shelf.ts";
import type { Manifest } from "../../_rolling/manifest.ts";
import type { RollCause } from "../../_rolling/open_file.ts";
import { Place } from "../../_rolling/place.ts";
import { startManifest } from "../../_rolling/recovery.ts";
import type { FileWatch, OutputFile } from "../../_rolling/shelf.ts";
import { AppendName } from "../append/append_name.ts";
import { finishAppended, type LeftAppend } from "../append/append_recovery.ts";
import { DeliveryWay, type DeliveryWayParts } from "./delivery_way.ts";
import { type SentNote, SentNotes } from "./sent_notes.ts";
import type { StagedHead } from "./staged_head.ts";
import { checkMark } from "./stage_mark.ts";
import { StagedFile } from "./staged_file.ts";
import type { FileStore } from "../stores/store.ts";
import { persist } from "../append/persist.ts";
import { Sweeping } from "./sweeping.ts";
import { Uploader, type UploaderOptions } from "./uploader.ts";

const GROWING_SUFFIX = ".open";

/** How the stage sends its files. */
export interface StageOptions
  extends Pick<UploaderOptions, "slots" | "closeTries" | "retryMs">, Pick<DeliveryWayParts, "transformOf"> {
  readonly context: Context;
  readonly store: FileStore;
  /** The state folder of the sink. */
  readonly folder: string;
  /** What `store` leads to. */
  readonly target: string;
  onPublished(file: PublishedFile): void;
}

/** A file that has reached its target. */
export interface PublishedFile {
  readonly head: StagedHead;
  readonly bytes: number;
  /** Why it was finished; unknown of one of an earlier life. */
  readonly cause: RollCause | undefined;
}

/** Files on the local disk that are on their way to a target: those that grow, and those that are being sent. */
export class Stage implements FileWatch {
  readonly shelf: LocalShelf;
  readonly #options: StageOptions;
  readonly #place: Place;
  readonly #files = new Map<string, StagedFile>();
  readonly #causes = new Map<string, RollCause>();
  /** Names at the target that staged files will have. */
  readonly #stems = new Set<string>();
  /** The same, of files of this life, by their names in the stage. */
  readonly #claims = new Map<string, string>();
  readonly #startMs: number;
  #count = 0;
  #bytes = 0;
  readonly #sweeping: Sweeping;
  #isStoreClosed = false;
  #uploader: Uploader | undefined;
  #changed = new AbortController();

  constructor(options: StageOptions) {
    this.#options = options;
    this.#place = Place.make({
      directory: `${options.folder}/stage`,
      inUsePrefix: "",
      inUseSuffix: GROWING_SUFFIX,
    });
    this.shelf = new LocalShelf(this.#place, { writesAside: true });
    this.#sweeping = new Sweeping(options.store, options.context);
    this.#startMs = options.context.clock.now();
  }

  /** Files in the stage. */
  get size(): number {
    return this.#files.size;
  }

  /** Bytes in the stage that are delivered. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What it holds and does now, by the names of metrics. */
  gauges(): Record<string, number> {
    const nowMs = this.#options.context.clock.now();
    const { sinceMs = nowMs } = this.#files.values().next().value ?? {};
    return {
      StagedFiles: this.size,
      StagedBytes: this.bytes,
      StagedOldestSeconds: Math.round(Math.max(0, nowMs - sinceMs) / 1000),
      UploadsUnderWay: this.#uploader?.activeCount ?? 0,
    };
  }

  /** Nothing is complete but what the target refuses: only a file that is finished now can make room. */
  get isIdle(): boolean {
    return this.#uploader?.isIdle !== false;
  }

  /** Puts in order what an earlier life left, and begins to send it. @throws {ConfigError} when its disk is not there. */
  async start(): Promise<Manifest> {
    const { context, folder, target } = this.#options;
    const { directory } = this.#place;
    await checkMark(folder, context.log);
    const manifest = await startManifest({
      folder,
      place: this.#place,
      keepsPosition: true,
      log: context.log,
      onDamage: (known) => this.#keepUnknown(known),
      putElsewhere: async (path, file, keepsTail) =>
        AppendName.isOne(path) &&
        await this.#finishAppended({ name: AppendName.parse(path), file, keepsTail, target }),
    });
    try {
      const notes = new SentNotes(`${folder}/sent`, { stage: directory, target });
      const known = await notes.read();
      for (const name of this.#namesIn({ isGrowing: true })) Deno.removeSync(`${directory}/${name}`);
      const staged = await this.#survey();
      // A file that is gone here may come back with the power, unless that is on disk.
      if (known.size > 0) await syncFolder(directory);
      for (const name of known.keys()) if (!staged.has(name)) await notes.remove(name);
      const wanted = new Map(Array.from(known).filter(([name]) => staged.has(name)));
      await this.#sweepTarget(wanted);
      const way = new DeliveryWay({ ...this.#options, notes, log: context.log });
      this.#uploader = new Uploader({
        ...this.#options,
        way,
        known: wanted,
        onPublished: (file, bytes) => void this.#published(file, bytes),
      });
      for (const file of this.#files.values()) this.#uploader.add(file);
      this.#sweeping.begin();
      return manifest;
    } catch (cause) {
      manifest.close();
      throw cause;
    }
  }

  /** A name in the stage: another one at each call, older ones before newer ones. */
  nextPath(): string {
    return `${this.#startMs}-${String(++this.#count).padStart(9, "0")}`;
  }

  /** Gives a staged file this name at the target, unless another one will have it. Answers whether it was free. */
  claim(stem: string, { path }: { readonly path: string }): boolean {
    if (this.#stems.has(stem)) return false;
    this.#stems.add(stem);
    this.#claims.set(path, stem);
    return true;
  }

  grown({ path }: Pick<OutputFile, "path">, deliveredBytes: number): void {
    const file = this.#fileOf(path);
    this.#bytes += deliveredBytes - file.bytes;
    file.grow(deliveredBytes);
    this.#uploader?.grown(file);
  }

  finished(path: string, bytes: number): void {
    const file = this.#fileOf(path);
    this.#bytes += bytes - file.bytes;
    file.complete(bytes);
    this.#uploader?.add(file);
    this.#wake();
  }

  removed(path: string): void {
    this.#stems.delete(this.#claims.get(path)!);
    this.#claims.delete(path);
    this.#causes.delete(path);
  }

  rolled(path: string, cause: RollCause): void {
    this.#causes.set(path, cause);
  }

  /** Resolves when a file was finished or has left, when the signal aborts, or after a moment. */
  async change(signal: AbortSignal): Promise<void> {
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake, { once: true });
    await this.#options.context.clock.sleep(1000, this.#changed.signal);
    signal.removeEventListener("abort", wake);
  }

  /** Sends what is complete, as long as that goes on and no other sink does it at once. */
  async close(): Promise<void> {
    await this.#sweeping.close();
    await this.#uploader?.close(() => this.closeStore());
    this.closeStore();
    const { log, hasSuccessor } = this.#options.context;
    if (this.size === 0) return;
    const left = { files: this.size, bytes: this.bytes };
    if (hasSuccessor) log.info("Files stay in the stage for the sink that follows", left);
    else log.warn("Files stay in the stage; the next start sends them", left);
  }

  /** Ends what is under way with the target. */
  closeStore(): void {
    if (!this.#isStoreClosed) this.#options.store.close();
    this.#isStoreClosed = true;
  }

  /** Without it nothing may be appended: events would come behind those that are to be cut off. */
  async #finishAppended(left: LeftAppend): Promise<true> {
    const { context, store } = this.#options;
    const [hold, recover] = [(cause: unknown) => context.hold(cause), () => context.recover()];
    await persist(() => finishAppended(left, store, context), { context, groupPatienceMs: 0, hold, recover });
    return true;
  }

  /** A target that is away holds up no start. */
  async #sweepTarget(wanted: ReadonlyMap<string, SentNote>): Promise<void> {
    const { store, context: { log } } = this.#options;
    try {
      await store.begin?.(Array.from(wanted.values(), ({ upload }) => upload));
    } catch (cause) {
      log.warn(`What an earlier life left at the target stays for now: ${errorText(cause)}`);
    }
  }

  /**
   * In files that were created and are not in the manifest is nothing that counts, unless it has lost something. That they
   * are kept must be on disk before the damage is mended.
   */
  async #keepUnknown(known: ReadonlyMap<string, unknown>): Promise<void> {
    for (const name of this.#namesIn({ isGrowing: true })) {
      const path = name.slice(0, -GROWING_SUFFIX.length);
      if (!known.has(path)) Deno.renameSync(this.#place.inUsePath(path), this.#place.finishedPath(path));
    }
    await syncFolder(this.#place.directory);
  }

  #namesIn({ isGrowing }: { readonly isGrowing: boolean }): string[] {
    return Array.from(Deno.readDirSync(this.#place.directory))
      .filter(({ name, isDirectory }) => !isDirectory && name.endsWith(GROWING_SUFFIX) === isGrowing)
      .map(({ name }) => name);
  }

  /** Takes in the complete files that are there, the oldest first; gives the names of all. */
  async #survey(): Promise<ReadonlySet<string>> {
    const { directory } = this.#place;
    const names = this.#namesIn({ isGrowing: false });
    for (const name of names.sort()) {
      const { size, mtime } = await Deno.stat(`${directory}/${name}`);
      const file = this.#fileOf(name, mtime?.getTime());
      this.#bytes += size - file.bytes;
      file.complete(size);
      await this.#claimOf(file);
    }
    return new Set(names);
  }

  /** A file that cannot be understood stays where it is, and holds up no other. */
  async #claimOf(file: StagedFile): Promise<void> {
    try {
      this.#stems.add((await file.head()).head.stem);
    } catch (cause) {
      if (!(cause instanceof DeliveryError)) throw cause;
      this.#options.context.log.error(`A staged file is left alone: ${errorText(cause)}`, {
        path: file.path,
      });
      this.#files.delete(file.name);
      this.#bytes -= file.bytes;
    }
  }

  #fileOf(name: string, sinceMs = this.#options.context.clock.now()): StagedFile {
    const known = this.#files.get(name);
    if (known) return known;
    const file = new StagedFile({
      name,
      sinceMs,
      path: this.#place.finishedPath(name),
      growingPath: this.#place.inUsePath(name),
    });
    this.#files.set(name, file);
    return file;
  }

  async #published(file: StagedFile, bytes: number): Promise<void> {
    const { head } = await file.head();
    const cause = this.#causes.get(file.name);
    this.removed(file.name);
    this.#files.delete(file.name);
    this.#stems.delete(head.stem);
    this.#bytes -= file.bytes;
    this.#wake();
    this.#options.onPublished({ head, bytes, cause });
  }

  #wake(): void {
    this.#changed.abort();
    this.#changed = new AbortController();
  }
}
