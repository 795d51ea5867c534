import { type Context, errorText, type Position } from "sluice/plugin";
import { FolderWatch } from "../_files/folder_watch.ts";
import type { Outbox } from "../_files/outbox.ts";
import type { SpoolFile, SpoolFolder } from "./spool_folder.ts";
import { parseMark } from "./spool_mark.ts";
import type { SpoolMarker } from "./spool_marker.ts";
import type { SpoolReader } from "./spool_reader.ts";

/** What the loop needs. */
export interface SpoolerParts {
  readonly context: Context;
  readonly outbox: Outbox;
  readonly folder: SpoolFolder;
  readonly marker: SpoolMarker;
  readonly pollDelayMs: number;
  readonly quietMs: number;
  /** Newer files go first, so the folder is listed anew after each. */
  readonly listsOften: boolean;
}

/** A file whose events are not all safe yet. */
interface OpenFile {
  readonly file: SpoolFile;
  unsafeBatches: number;
  isRead: boolean;
  isRolledBack: boolean;
  /** Why it is set aside instead of finished. */
  refusal?: string;
}

const SLOWEST_LISTING_MS = 100;

/** Lists the folder, reads what waits there, and marks each file once its last event is safe. */
export class Spooler {
  readonly #parts: SpoolerParts;
  /** How far each file was emitted, from the position to resume at or from this run. */
  readonly #marks = new Map<string, string>();
  readonly #open = new Map<string, OpenFile>();
  readonly #problems = new Map<string, string>();
  #forgotten: string[] = [];

  constructor(parts: SpoolerParts) {
    this.#parts = parts;
    for (const [name, value] of Object.entries(parts.context.resume ?? {})) {
      if (value !== null) this.#marks.set(name, String(value));
    }
  }

  /** Reads until the pipeline stops. */
  async run(reader: SpoolReader): Promise<void> {
    const { context, outbox, folder, pollDelayMs } = this.#parts;
    const watch = new FolderWatch(context.clock);
    try {
      this.#forgetGone(folder.list());
      while (!outbox.signal.aborted) {
        const waitMs = await this.#readWaiting(reader);
        watch.watch(folder.folders);
        if (waitMs > 0) await watch.wait(Math.min(waitMs, pollDelayMs), outbox.signal);
      }
    } finally {
      watch.close();
    }
    outbox.throwIfFailed();
  }

  /** Marks that make a position forget files that are marked as finished; given out once. */
  takeForgotten(): Position {
    const forgotten = this.#forgotten;
    this.#forgotten = [];
    return Object.fromEntries(forgotten.map((name) => [name, null]));
  }

  /** Follows a batch of a file, with the mark behind it, until it is safe. */
  track({ name }: SpoolFile, mark: string, isSafe: Promise<boolean>): void {
    this.#marks.set(name, mark);
    const open = this.#open.get(name);
    if (!open) return;
    open.unsafeBatches++;
    isSafe.then((safe) => {
      open.unsafeBatches--;
      open.isRolledBack ||= !safe;
      this.#finishIfSafe(name, open);
    });
  }

  /** Reads what waits; gives how long there is surely nothing to do. */
  async #readWaiting(reader: SpoolReader): Promise<number> {
    const { folder, quietMs, listsOften, context, outbox, pollDelayMs } = this.#parts;
    const waiting = folder.list().filter(({ name }) => !this.#open.has(name));
    const listedMs = performance.now();
    let waitMs = pollDelayMs;
    for (const file of waiting) {
      const restlessMs = quietMs - Math.abs(context.clock.now() - file.mtimeMs);
      if (restlessMs > 0) {
        waitMs = Math.min(waitMs, restlessMs + 1);
        continue;
      }
      await this.#read(file, reader);
      if (outbox.signal.aborted) return 0;
      if (listsOften && performance.now() - listedMs > SLOWEST_LISTING_MS) return 0;
    }
    return waitMs;
  }

  async #read(file: SpoolFile, reader: SpoolReader): Promise<void> {
    const open: OpenFile = { file, unsafeBatches: 0, isRead: false, isRolledBack: false };
    this.#open.set(file.name, open);
    try {
      const from = this.#startOf(file);
      if (from !== Infinity && !await reader.read(file, from)) return;
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) return this.#tryLater(file, cause);
      this.#parts.context.counters.add("EventReadFail");
      open.refusal = errorText(cause);
    }
    this.#problems.delete(file.name);
    open.isRead = true;
    this.#finishIfSafe(file.name, open);
  }

  #startOf(file: SpoolFile): number {
    const mark = parseMark(this.#marks.get(file.name) ?? null);
    if (mark?.identity === file.identity) return mark.offset;
    if (mark && mark.offset !== Infinity) {
      this.#parts.context.log.warn("File changed since it was read in part; reading it from its start", {
        path: file.path,
      });
    }
    return 0;
  }

  /** A file that cannot be read is reported once and tried again; the others go on. */
  #tryLater(file: SpoolFile, cause: unknown): void {
    const { log, counters } = this.#parts.context;
    const problem = errorText(cause);
    if (problem !== this.#problems.get(file.name)) {
      counters.add("EventReadFail");
      log.error(`File cannot be read; trying again: ${problem}`, { path: file.path });
    }
    this.#problems.set(file.name, problem);
    this.#open.delete(file.name);
  }

  #finishIfSafe(name: string, open: OpenFile): void {
    if (!open.isRead || open.unsafeBatches > 0 || open.isRolledBack) return;
    const { marker, context } = this.#parts;
    try {
      if (open.refusal === undefined) marker.finish(open.file);
      else marker.setAside(open.file, open.refusal);
    } catch (cause) {
      // It stays among the open files, so that it is not read twice.
      context.counters.add("GenericProcessingFail");
      const path = open.file.path;
      return context.log.error(`File was read but cannot be marked; it is left alone: ${errorText(cause)}`, {
        path,
      });
    }
    this.#open.delete(name);
    this.#forget(name);
  }

  /** Files that were marked just before the last stop are gone from the folder. */
  #forgetGone(waiting: readonly SpoolFile[]): void {
    const names = new Set(waiting.map(({ name }) => name));
    for (const name of this.#marks.keys()) if (!names.has(name)) this.#forget(name);
  }

  #forget(name: string): void {
    this.#marks.delete(name);
    this.#forgotten.push(name);
  }
}
