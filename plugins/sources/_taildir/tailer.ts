import { type Context, errorText, EventBatch, type Position } from "sluice/plugin";
import { FolderWatch } from "../_files/folder_watch.ts";
import type { Outbox } from "../_files/outbox.ts";
import type { FollowedFiles } from "./followed_files.ts";
import type { LineReader } from "./line_reader.ts";
import { positionOf } from "./progress.ts";
import type { TailFile } from "./tail_file.ts";

/** Two looks are at least so far apart, so that a busy writer makes larger batches, not more of them. */
const MIN_GAP_MS = 2;
/** With more open files than this, a notice makes only the file look that it names. */
const FEW_FILES = 64;

/** What the loop needs. */
export interface TailerParts {
  readonly context: Context;
  readonly outbox: Outbox;
  readonly files: FollowedFiles;
  readonly reader: LineReader;
  readonly folders: readonly string[];
  readonly pollIntervalMs: number;
  readonly idleTimeoutMs: number;
  readonly maxBatchCount: number;
}

/** Reads all files to their ends, waits for a change, and begins again. */
export class Tailer {
  readonly #parts: TailerParts;
  readonly #watch: FolderWatch;

  constructor(parts: TailerParts) {
    this.#parts = parts;
    this.#watch = new FolderWatch(parts.context.clock);
  }

  /** Follows the files until the pipeline stops. */
  async run(): Promise<void> {
    const { outbox, files } = this.#parts;
    try {
      this.#watch.watch(this.#parts.folders);
      let due = files.all();
      while (!outbox.signal.aborted) {
        await this.#readAll(due);
        this.#closeIdle();
        due = await this.#nextDue();
      }
    } finally {
      this.#watch.close();
      files.closeAll();
    }
    outbox.throwIfFailed();
  }

  /** Tells the pipeline where files stand that are not read from their start, so that a restart does not skip more. */
  tellStarts(): void {
    const { outbox, files } = this.#parts;
    const starts = files.all().filter(({ offset }) => offset > 0);
    if (starts.length === 0) return;
    const position: Position = Object.assign(
      {},
      ...starts.map((file) => positionOf(file.key, file.progress())),
    );
    void outbox.send(EventBatch.EMPTY.with({ position }));
  }

  async #nextDue(): Promise<TailFile[]> {
    const { context, outbox, files, folders, pollIntervalMs } = this.#parts;
    const startMs = performance.now();
    const { paths, isStructural } = await this.#watch.wait(pollIntervalMs, outbox.signal);
    const waitedMs = performance.now() - startMs;
    if (waitedMs < MIN_GAP_MS) await context.clock.sleep(MIN_GAP_MS - waitedMs, outbox.signal);
    const isPoll = paths.length === 0;
    if (isPoll) this.#watch.watch(folders);
    const all = files.all();
    if (isPoll || isStructural || !all.some(({ path }) => paths.includes(path))) files.refresh(isStructural);
    const followed = files.all();
    const looksAtAll = isPoll || followed.length <= FEW_FILES;
    return followed.filter((file) => {
      return file.isDue || paths.includes(file.path) || (file.isOpen && looksAtAll);
    });
  }

  /** Gives each file its turn until none has more. */
  async #readAll(due: TailFile[]): Promise<void> {
    for (let round = due; round.length > 0 && !this.#parts.outbox.signal.aborted;) {
      const next: TailFile[] = [];
      for (const file of round) if (await this.#readOne(file)) next.push(file);
      round = next;
    }
  }

  async #readOne(file: TailFile): Promise<boolean> {
    const { context, reader, maxBatchCount } = this.#parts;
    file.isDue = false;
    try {
      if (!this.#open(file)) return false;
      const state = file.check(context.clock.now());
      if (state === "restarted") {
        context.log.info("File was truncated or rewritten; reading it from its start", { path: file.path });
      }
      const hasMore = state === "same" && file.isAtEnd ? false : await reader.read(file, maxBatchCount);
      file.isAtEnd = !hasMore;
      file.problem = undefined;
      return hasMore;
    } catch (cause) {
      this.#report(file, cause);
      return false;
    }
  }

  #open(file: TailFile): boolean {
    if (file.isOpen) return true;
    try {
      return file.open() || (this.#parts.files.relocate(file) && file.open());
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
      return this.#parts.files.relocate(file) && file.open();
    }
  }

  /** A file that cannot be read is tried again at the next look; the others go on. */
  #report(file: TailFile, cause: unknown): void {
    const { log, counters } = this.#parts.context;
    const problem = errorText(cause);
    if (problem !== file.problem) {
      counters.add("EventReadFail");
      log.error(`File cannot be read; trying again: ${problem}`, { path: file.path });
    }
    file.problem = problem;
    file.isAtEnd = false;
    file.close();
  }

  #closeIdle(): void {
    const { context, files, reader, idleTimeoutMs } = this.#parts;
    const nowMs = context.clock.now();
    for (const file of files.all()) {
      if (!file.isOpen || !file.isAtEnd || nowMs - file.changedMs < idleTimeoutMs) continue;
      try {
        if (file.restBytes > 0) reader.readRest(file);
        if (file.isDeleted()) files.drop(file, true);
        else if (!file.isListed) files.drop(file, false);
        else file.close();
      } catch (cause) {
        this.#report(file, cause);
      }
    }
  }
}
