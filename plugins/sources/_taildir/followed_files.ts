import type { Context } from "sluice/plugin";
import { type FileGroup, type FoundFile, statOf } from "./file_group.ts";
import { flumeOffset, loadFlumePositions } from "./flume_positions.ts";
import { type Progress, ProgressBook } from "./progress.ts";
import { TailFile } from "./tail_file.ts";

/** Closed files are looked at so often, should no notice of a change arrive. */
const CLOSED_CHECK_MS = 1000;

/** Which files are followed: those that match, and those that did and were renamed since. */
export class FollowedFiles {
  readonly book: ProgressBook;
  readonly #context: Context;
  readonly #groups: readonly FileGroup[];
  readonly #mayCache: boolean;
  readonly #files = new Map<string, TailFile>();
  #checkedMs = 0;

  constructor(groups: readonly FileGroup[], mayCache: boolean, context: Context) {
    this.book = new ProgressBook(context.resume);
    this.#groups = groups;
    this.#mayCache = mayCache;
    this.#context = context;
  }

  /** All of them, in the order in which they are read. */
  all(): TailFile[] {
    return [...this.#files.values()];
  }

  /** Looks for the first time; `skipToEnd` decides about files of which nothing is known. */
  start(about: { readonly positionFile?: string | undefined; readonly skipToEnd: boolean }): void {
    const { log, clock, resume } = this.#context;
    // Later, an inode in that file may be another file's.
    const isFirst = resume === undefined;
    const positions = about.positionFile !== undefined && isFirst
      ? loadFlumePositions(about.positionFile, log)
      : [];
    const found = this.#groups.flatMap((group) => group.list(false, clock.now()) ?? []);
    this.#meet(found, (file) => ({
      offset: flumeOffset(positions, file) ?? (about.skipToEnd ? file.size : 0),
    }));
    for (const group of this.#groups) {
      this.#meet(group.findRenamed(this.book.absent), () => ({ offset: 0 }));
    }
  }

  /** Looks again, even into folders that seem unchanged when `isForced`. */
  refresh(isForced: boolean): void {
    const nowMs = this.#context.clock.now();
    for (const group of this.#groups) {
      const found = group.list(this.#mayCache && !isForced, nowMs);
      if (!found) continue;
      const keys = new Set(found.map(({ key }) => key));
      for (const file of this.#files.values()) if (file.group === group) file.isListed = keys.has(file.key);
      this.#meet(found, () => ({ offset: 0 }));
    }
    if (nowMs - this.#checkedMs < CLOSED_CHECK_MS) return;
    this.#checkedMs = nowMs;
    for (const file of this.#files.values()) if (!file.isOpen) this.#checkClosed(file);
  }

  /** Finds a file whose path now names another one; gives up when no name is left for it. */
  relocate(file: TailFile): boolean {
    const wanted = new Map([[file.key, file.progress()]]);
    for (const { path } of this.#groups.flatMap((group) => group.findRenamed(wanted))) {
      file.path = path;
      return true;
    }
    this.drop(file, true);
    return false;
  }

  /** Ends following a file: `isGone` tells that it no longer exists. */
  drop(file: TailFile, isGone: boolean): void {
    file.close();
    this.#files.delete(file.key);
    if (isGone) this.book.forget(file.key);
    else this.book.put(file.key, file.progress());
  }

  closeAll(): void {
    for (const file of this.#files.values()) file.close();
  }

  #meet(found: readonly FoundFile[], unknown: (file: FoundFile) => Progress): void {
    const fresh: FoundFile[] = [];
    for (const one of found) {
      const known = this.#files.get(one.key);
      if (known) known.path = one.path;
      else fresh.push(one);
    }
    fresh.sort((a, b) => a.mtimeMs - b.mtimeMs || (a.path < b.path ? -1 : 1));
    for (const one of fresh) {
      if (this.#files.has(one.key)) continue;
      const file = new TailFile(one, this.book.take(one.key) ?? unknown(one));
      this.#files.set(one.key, file);
      this.#context.log.debug("Following a file", { path: one.path, offset: file.offset });
    }
  }

  #checkClosed(file: TailFile): void {
    const stat = statOf(file.path);
    file.isDue = !file.isAtEnd || !stat || file.hasChanged(stat);
  }
}
