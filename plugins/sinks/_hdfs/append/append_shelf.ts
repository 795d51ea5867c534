import { Backoff, type Context, errorText } from "sluice/plugin";
import type { RollCause } from "../../_rolling/open_file.ts";
import type { OutputFile, Shelf } from "../../_rolling/shelf.ts";
import { AppendFile, ChangedFileError } from "./append_file.ts";
import { AppendName } from "./append_name.ts";
import { persist } from "./persist.ts";
import { nameOf } from "../stage/delivery_way.ts";
import { publishFree } from "./publish_free.ts";
import type { FileStore } from "../stores/store.ts";
import type { Transform } from "../formats/transform.ts";

const MAX_WAIT_MS = 30_000;
/** At the end: so long names are waited for. */
const END_PATIENCE_MS = 10_000;

/** How files are appended to, and named in the end. */
export interface AppendShelfOptions {
  readonly context: Context;
  readonly store: FileStore;
  readonly slots: number;
  readonly closeTries: number;
  readonly retryMs: number;
  transform(): Promise<Transform | undefined>;
  /** Gets onto disk that a file whose name in use is its final one is there and was made here. */
  noteCreated(path: string): Promise<void>;
  onPublished(
    file: { readonly path: string; readonly bytes: number; readonly cause: RollCause | undefined },
  ): void;
}

/** Files at a target that grow by appends, and get their final names there. */
export class AppendShelf implements Shelf {
  readonly isElsewhere = true;
  /** Where names in use and final ones are the same, there is nothing to do for that. */
  readonly isRenaming = true;
  readonly maxSyncs: number;
  readonly #options: AppendShelfOptions;
  readonly #files = new Map<string, AppendFile>();
  readonly #causes = new Map<string, RollCause>();
  readonly #naming = new Set<Promise<void>>();
  /** Files that the target has refused something for, which is being tried again. */
  readonly #failing = new Set<string>();
  readonly #end = new AbortController();
  readonly #appendsEnd = new AbortController();
  #waitingBytes = 0;
  #changed = new AbortController();

  constructor(options: AppendShelfOptions) {
    this.#options = options;
    this.maxSyncs = options.slots;
  }

  /** Bytes that are not confirmed yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Files that get their names now. */
  get namingCount(): number {
    return this.#naming.size;
  }

  create(nextPath: () => string): AppendFile {
    const path = nextPath();
    const name = AppendName.parse(path);
    const { store, transform, noteCreated } = this.#options;
    const file = new AppendFile({ path, inUsePath: name.inUse }, {
      store: store.appends!,
      transform,
      // Only there another's finished file may have the same name.
      onCreated: async (path) => name.inUse === nameOf(name, 0) ? await noteCreated(path) : undefined,
      onWaiting: (bytes) => {
        this.#waitingBytes += bytes;
        if (bytes < 0) this.#wake();
      },
      persist: (path, attempt) => this.#persist(path, attempt),
    });
    this.#files.set(path, file);
    return file;
  }

  /** Nothing of it was ever sent. */
  remove(file: OutputFile): void {
    file.close();
    file.cutBack(0);
    this.#files.delete(file.path);
    this.#causes.delete(file.path);
  }

  /** An append that fails from now on is left to the next start, and where one has failed already, names are, too. */
  endAppends(hasFailed: boolean): void {
    this.#appendsEnd.abort();
    if (hasFailed) this.#end.abort();
  }

  rolled(path: string, cause: RollCause): void {
    this.#causes.set(path, cause);
  }

  async publish(path: string): Promise<void> {
    const naming = this.#name(path);
    const done = naming.catch(() => {}).finally(() => this.#naming.delete(done));
    this.#naming.add(done);
    await naming;
  }

  foldersOf(): readonly string[] {
    return [];
  }

  syncFolder(): Promise<void> {
    return Promise.resolve();
  }

  async settled(): Promise<void> {
    const { clock, signal } = this.#options.context;
    const enough = new AbortController();
    const patience = clock.sleep(END_PATIENCE_MS, AbortSignal.any([signal, enough.signal]));
    await Promise.race([Promise.all(this.#naming), patience]);
    enough.abort();
    this.#end.abort();
  }

  /** Resolves when fewer bytes wait, or after a moment. */
  change(): Promise<void> {
    return this.#options.context.clock.sleep(100, this.#changed.signal);
  }

  #persist(path: string, attempt: (tries: number) => Promise<void>): Promise<void> {
    const { context } = this.#options;
    return persist(attempt, {
      context,
      end: this.#appendsEnd.signal,
      hold: (cause) => {
        context.counters.add("ConnectionFailedCount");
        this.#hold(path, cause);
      },
      recover: () => this.#recover(path),
    });
  }

  #hold(path: string, cause: unknown): void {
    this.#failing.add(path);
    this.#options.context.hold(cause);
  }

  #recover(path: string): void {
    const hasFailed = this.#failing.delete(path);
    if (hasFailed && this.#failing.size === 0) this.#options.context.recover();
  }

  async #name(path: string): Promise<void> {
    const { context, closeTries, retryMs, onPublished } = this.#options;
    const backoff = new Backoff({ maxMs: retryMs > 0 ? Math.min(retryMs, MAX_WAIT_MS) : MAX_WAIT_MS });
    const file = this.#files.get(path)!;
    const { targetBytes: bytes, creations } = file;
    const tries = retryMs <= 0 ? 1 : closeTries;
    let isMended = false;
    for (let count = 1;; count++) {
      try {
        // Once a rename was tried its length says nothing any more.
        if (!isMended) await file.mend().catch(unlessChanged);
        isMended = true;
        const finalPath = await publishFree(
          this.#options.store,
          { name: AppendName.parse(path), bytes, isWatched: creations > 1 },
          context.log,
        );
        this.#recover(path);
        onPublished({ path: finalPath, bytes, cause: this.#causes.get(path) });
        this.#causes.delete(path);
        this.#files.delete(path);
        return;
      } catch (cause) {
        this.#hold(path, cause);
        if (count === tries || this.#end.signal.aborted) {
          this.#failing.delete(path);
          throw cause;
        }
        context.log.debug(`Naming is tried again: ${errorText(cause)}`);
        await context.clock.sleep(closeTries > 0 ? retryMs : backoff.next(), this.#end.signal);
      }
    }
  }

  #wake(): void {
    this.#changed.abort();
    this.#changed = new AbortController();
  }
}

/** What somebody has done to a file is told when it gets its name. */
function unlessChanged(cause: unknown): void {
  if (!(cause instanceof ChangedFileError)) throw cause;
}
