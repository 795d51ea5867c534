import type { Cursors } from "./cursors.ts";
import type { JournalFault } from "./fault.ts";
import { Linger } from "./linger.ts";
import type { JournalOptions } from "./options.ts";
import type { Recovery } from "./recovery.ts";
import { rescue } from "./rescue.ts";
import { removeDelivered, waitsForSync } from "./retention.ts";
import type { Writer } from "./writer.ts";

/** How long a cursor may wait for an append to share its commit with. */
const CURSOR_MS = 200;
const SYNC_INTERVAL_MS = 5000;

interface Waiter {
  readonly synced: () => void;
  readonly failed: (cause: unknown) => void;
}

/** Commits what was appended, round after round: all that came during one sync shares the next. */
export class Committer {
  readonly #writer: Writer;
  readonly #cursors: Cursors;
  readonly #recovery: Recovery;
  readonly #options: JournalOptions;
  readonly #linger: Linger;
  #waiters: Waiter[] = [];
  #running: Promise<void> | undefined;
  #isWanted = false;
  #isSyncWanted = false;
  #cursorTimer: ReturnType<typeof setTimeout> | undefined;
  #syncTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    { writer, cursors, recovery }: { writer: Writer; cursors: Cursors; recovery: Recovery },
    options: JournalOptions,
  ) {
    this.#writer = writer;
    this.#cursors = cursors;
    this.#recovery = recovery;
    this.#options = options;
    this.#linger = new Linger(writer, options);
  }

  /** Something was appended. */
  kick(): void {
    this.#isWanted = true;
    this.#running ??= this.#run();
  }

  /** Something was delivered: it is noted with the next commit, or else on its own. */
  kickLater(): void {
    this.#cursorTimer ??= setTimeout(() => this.kick(), CURSOR_MS);
  }

  /** Resolves when all that happened before the call is on disk, with what `look` sees at the moment when it is. */
  sync<T>(look: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ synced: () => resolve(look()), failed: reject });
      this.kick();
    });
  }

  /** Ends with the round that is under way. */
  async close(): Promise<void> {
    await this.#running;
    clearTimeout(this.#cursorTimer);
    clearTimeout(this.#syncTimer);
  }

  async #run(): Promise<void> {
    while (this.#isWanted) {
      await this.#linger.wait();
      this.#isWanted = false;
      await this.#round();
    }
    this.#running = undefined;
  }

  async #round(): Promise<void> {
    const { sync = "always" } = this.#options;
    const waiters = this.#waiters.splice(0);
    const needsSync = sync === "always" || this.#isSyncWanted || waiters.length > 0;
    this.#isSyncWanted = false;
    clearTimeout(this.#cursorTimer);
    this.#cursorTimer = undefined;
    this.#write();
    if (sync !== "always") this.#writer.commit("written");
    if (needsSync) await this.#sync(waiters);
    removeDelivered(this.#recovery, this.#options, this.#cursors.lowestDurable);
    this.#plan(sync);
  }

  /** Who is refused here is told so by his promise. */
  #write(): void {
    try {
      this.#cursors.note();
      this.#writer.flush();
    } catch {
      this.#cursors.noteAgain();
    }
  }

  async #sync(waiters: readonly Waiter[]): Promise<void> {
    const makeDurable = this.#cursors.durableAfter();
    const startMs = performance.now();
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    try {
      await this.#syncOrRescue();
      makeDurable();
      const groups = this.#writer.commit("synced");
      this.#linger.answered(groups, performance.now() - startMs);
      for (const { synced } of waiters) synced();
    } catch (cause) {
      this.#cursors.noteAgain();
      for (const { failed } of waiters) failed(cause);
    }
  }

  async #syncOrRescue(): Promise<void> {
    const { files } = this.#writer;
    const startMs = performance.now();
    try {
      await files.sync();
      return this.#options.onSync?.(performance.now() - startMs);
    } catch (cause) {
      this.#report(`A sync failed (${cause}); what it was for is written again`, {});
    }
    this.#writer.commit("synced");
    const sequence = files.syncedSequence;
    try {
      await rescue(this.#writer);
    } catch (cause) {
      const events = this.#writer.committedSequence - sequence;
      const text = `What a failed sync was for could not be written again (${cause}); ` +
        `${events} events that were answered may not be on disk`;
      this.#report(text, { sequence, events });
      throw cause;
    }
  }

  #report(text: string, events: Pick<JournalFault, "sequence" | "events">): void {
    const open = this.#writer.files.open.find(({ bytes, synced }) => synced.offset < bytes);
    const place = { path: open?.path ?? this.#options.folders[0]!, offset: open?.synced.offset ?? 0 };
    this.#options.onFault?.({ kind: "sync-failed", ...place, text, ...events });
  }

  /** What is to happen although nobody asks for it. */
  #plan(sync: string): void {
    if (this.#cursors.areMoved) this.kickLater();
    if (sync === "always") return;
    // A segment that is full is synced in any mode, so that recovery has to look at the last ones only.
    if (this.#writer.files.open.length > 1) {
      this.#isSyncWanted = true;
      this.kick();
    }
    if (waitsForSync(this.#recovery, this.#cursors)) {
      this.#isSyncWanted = true;
      this.kickLater();
    }
    if (sync === "interval" && this.#writer.unsyncedBytes > 0) {
      this.#syncTimer ??= setTimeout(() => {
        this.#isSyncWanted = true;
        this.kick();
      }, this.#options.syncIntervalMs ?? SYNC_INTERVAL_MS);
    }
  }
}
