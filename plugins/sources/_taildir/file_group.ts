import { basename, dirname, join } from "node:path";
import { errorText, type Logger, Pattern } from "sluice/plugin";
import { withHome } from "../_files/home.ts";
import type { Progress } from "./progress.ts";
import { beginsWith } from "./head.ts";

/** A file that a look into a folder has shown. */
export interface FoundFile {
  /** `device:inode`, which stays the same when the file is renamed. */
  readonly key: string;
  readonly inode: number;
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly group: FileGroup;
}

/** A folder's time stamp may stand still for so long while its content changes. */
const STAMP_MS = 2000;

/** Tells which file an open or named file is. */
export function keyOf({ dev, ino }: Deno.FileInfo): string {
  return `${dev}:${ino}`;
}

/** One folder and the names in it that are to be followed. */
export class FileGroup {
  readonly folder: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly #pattern: Pattern;
  readonly #log: Logger;
  #listedMs = -Infinity;
  #folderMtimeMs: number | undefined;
  #problem: string | undefined;

  /** `path`: a folder, and behind the last slash a regular expression for names. */
  constructor(path: string, headers: Readonly<Record<string, string>>, log: Logger) {
    this.folder = withHome(dirname(path));
    this.#pattern = new Pattern(basename(path));
    this.headers = headers;
    this.#log = log;
  }

  /** Lists the files that match; undefined when the folder has not changed since, or cannot be read. */
  list(mayCache: boolean, nowMs: number): readonly FoundFile[] | undefined {
    try {
      const { mtime } = Deno.statSync(this.folder);
      const mtimeMs = mtime?.getTime();
      const isFresh = mtimeMs === this.#folderMtimeMs && this.#listedMs - (mtimeMs ?? Infinity) > STAMP_MS;
      if (mayCache && isFresh) return undefined;
      const found = this.#look((name) => this.#pattern.matches(name));
      [this.#folderMtimeMs, this.#listedMs, this.#problem] = [mtimeMs, nowMs, undefined];
      return found;
    } catch (cause) {
      this.#report(cause);
      return undefined;
    }
  }

  /** Looks for known files under any name: those that were renamed while nobody looked. */
  findRenamed(wanted: ReadonlyMap<string, Progress>): readonly FoundFile[] {
    if (wanted.size === 0) return [];
    try {
      return this.#look(() => true).filter(({ key, path }) => {
        const progress = wanted.get(key);
        return progress?.head !== undefined && isStill(path, progress);
      });
    } catch {
      return [];
    }
  }

  /** Lists all files of the folder, whatever their names; none when it cannot be read. */
  listAll(): readonly FoundFile[] {
    try {
      return this.#look(() => true);
    } catch {
      return [];
    }
  }

  #look(isWanted: (name: string) => boolean): FoundFile[] {
    const found: FoundFile[] = [];
    for (const { name, isDirectory } of Deno.readDirSync(this.folder)) {
      if (isDirectory || !isWanted(name)) continue;
      const path = join(this.folder, name);
      const stat = statOf(path);
      if (!stat?.isFile) continue;
      const mtimeMs = stat.mtime?.getTime() ?? 0;
      found.push({ key: keyOf(stat), inode: stat.ino ?? 0, path, size: stat.size, mtimeMs, group: this });
    }
    return found;
  }

  #report(cause: unknown): void {
    const problem = errorText(cause);
    if (problem !== this.#problem) this.#log.warn(`Folder cannot be listed; trying again: ${problem}`);
    this.#problem = problem;
  }
}

function isStill(path: string, { head }: Progress): boolean {
  try {
    using file = Deno.openSync(path);
    return beginsWith(file, head);
  } catch {
    return false;
  }
}

/** What is known of a path; undefined when nothing is there. */
export function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}
