import type { Clock } from "sluice/plugin";

/** What woke a source that waited for its folders. */
export interface FolderChange {
  /** Files whose content changed. */
  readonly paths: readonly string[];
  /** Names came, went or changed, so the folders must be listed. */
  readonly isStructural: boolean;
}

const NOTHING: FolderChange = { paths: [], isStructural: false };

/**
 * Wakes a source as soon as something changes in its folders. It only shortens the wait: notices may be lost, and a
 * folder that cannot be watched is merely polled.
 */
export class FolderWatch {
  readonly #clock: Clock;
  #watcher: Deno.FsWatcher | undefined;
  #watched = "";
  #isAsking = false;
  #change: FolderChange | undefined;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Watches these folders from now on, where that is possible. */
  watch(folders: readonly string[]): void {
    const existing = folders.flatMap((folder) => identify(folder));
    const watched = existing.map(({ id }) => id).join(" ");
    if (watched === this.#watched) return;
    this.close();
    this.#watched = watched;
    try {
      if (existing.length > 0) {
        this.#watcher = Deno.watchFs(existing.map(({ folder }) => folder), { recursive: false });
      }
    } catch {
      // Polling goes on.
    }
  }

  /** Waits for a change, at most for some time, or until the signal aborts. */
  async wait(limitMs: number, signal: AbortSignal): Promise<FolderChange> {
    if (this.#change === undefined && !signal.aborted) await this.#sleep(limitMs, signal);
    const change = this.#change ?? NOTHING;
    this.#change = undefined;
    return change;
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#isAsking = false;
    this.#watched = "";
  }

  async #sleep(limitMs: number, signal: AbortSignal): Promise<void> {
    const end = new AbortController();
    const wake = () => end.abort();
    this.#wake = wake;
    signal.addEventListener("abort", wake, { once: true });
    this.#ask();
    await this.#clock.sleep(limitMs, end.signal);
    signal.removeEventListener("abort", wake);
    this.#wake = undefined;
  }

  /** Asks for one notice only when somebody waits, so that a busy folder costs nothing while its files are read. */
  #ask(): void {
    const watcher = this.#watcher;
    if (!watcher || this.#isAsking) return;
    this.#isAsking = true;
    watcher[Symbol.asyncIterator]().next().then(({ done, value }) => {
      if (watcher !== this.#watcher) return;
      this.#isAsking = false;
      if (done) return;
      if (value.kind === "access") return this.#wake && this.#ask();
      this.#change = { paths: value.paths, isStructural: value.kind !== "modify" };
      this.#wake?.();
    }, () => {});
  }
}

function identify(folder: string): { readonly folder: string; readonly id: string }[] {
  try {
    const { dev, ino } = Deno.statSync(folder);
    return [{ folder, id: `${dev}:${ino}` }];
  } catch {
    return [];
  }
}
