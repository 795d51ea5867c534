import { join, resolve } from "node:path";
import { errorText, type Pattern } from "sluice/plugin";
import { withHome } from "../_files/home.ts";
import { identityOf } from "./spool_mark.ts";

/** A file that waits to be read. */
export interface SpoolFile {
  /** Path below the spool folder; the stream key of positions. */
  readonly name: string;
  readonly path: string;
  readonly basename: string;
  readonly mtimeMs: number;
  readonly identity: string;
}

/** Which files of a folder are to be read, and when. */
export interface SpoolFolderOptions {
  readonly spoolDir: string;
  readonly includePattern: Pattern;
  readonly ignorePattern: Pattern;
  readonly fileSuffix: string;
  readonly asideSuffix: string;
  readonly trackerDir: string;
  readonly trackingPolicy: "rename" | "tracker_dir";
  readonly recursiveDirectorySearch: boolean;
  readonly consumeOrder: "oldest" | "youngest" | "random";
}

/** The folder that files are dropped in. */
export class SpoolFolder {
  readonly path: string;
  /** The folders that were listed the last time. */
  folders: readonly string[] = [];
  readonly #options: SpoolFolderOptions;
  readonly #trackerPath: string;

  constructor(options: SpoolFolderOptions) {
    this.path = resolve(withHome(options.spoolDir));
    this.#trackerPath = resolve(this.path, withHome(options.trackerDir));
    this.#options = options;
  }

  /** Where the empty file stands that marks a finished one under `trackingPolicy: tracker_dir`. */
  trackerOf(name: string): string {
    return join(this.#trackerPath, name + this.#options.fileSuffix);
  }

  /** Where Flume notes how far it has read the file that it is reading. */
  get flumeTracker(): string {
    return join(this.#trackerPath, ".flumespool-main.meta");
  }

  /**
   * Lists the files that wait, in the order in which they are to be read.
   * @throws {Error} when the folder cannot be listed.
   */
  list(): SpoolFile[] {
    const found: SpoolFile[] = [];
    const folders = [""];
    for (let at = 0; at < folders.length; at++) this.#listOne(folders[at]!, folders, found);
    this.folders = folders.map((name) => join(this.path, name));
    return this.#ordered(found);
  }

  #listOne(folder: string, folders: string[], found: SpoolFile[]): void {
    for (const entry of this.#entries(folder)) {
      if (entry.name.startsWith(".")) continue;
      const name = join(folder, entry.name);
      if (entry.isDirectory) {
        if (this.#options.recursiveDirectorySearch && join(this.path, name) !== this.#trackerPath) {
          folders.push(name);
        }
      } else if (this.#isWanted(entry.name)) {
        found.push(...this.#look(name, entry.name));
      }
    }
  }

  #entries(folder: string): Deno.DirEntry[] {
    const path = join(this.path, folder);
    try {
      return [...Deno.readDirSync(path)];
    } catch (cause) {
      if (folder !== "" && cause instanceof Deno.errors.NotFound) return [];
      throw new Error(`Cannot list the spool folder "${path}": ${reasonOf(cause)}`, { cause });
    }
  }

  #isWanted(basename: string): boolean {
    const { fileSuffix, asideSuffix, includePattern, ignorePattern } = this.#options;
    if (basename.endsWith(fileSuffix)) return false;
    if (basename.replace(/\.\d+$/, "").endsWith(asideSuffix) || basename.endsWith(asideSuffix)) return false;
    return includePattern.matches(basename) && !ignorePattern.matches(basename);
  }

  #look(name: string, basename: string): SpoolFile[] {
    const path = join(this.path, name);
    if (this.#options.trackingPolicy === "tracker_dir" && exists(this.trackerOf(name))) return [];
    try {
      const stat = Deno.statSync(path);
      if (!stat.isFile) return [];
      return [{ name, path, basename, mtimeMs: stat.mtime?.getTime() ?? 0, identity: identityOf(stat) }];
    } catch {
      return [];
    }
  }

  #ordered(found: SpoolFile[]): SpoolFile[] {
    const { consumeOrder } = this.#options;
    if (consumeOrder === "random") return shuffled(found);
    const sign = consumeOrder === "oldest" ? 1 : -1;
    return found.sort((a, b) => sign * (a.mtimeMs - b.mtimeMs) || (a.name < b.name ? -1 : 1));
  }
}

/** Whether anything, be it a broken link, has this name. */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof Deno.errors.NotFound) return "it does not exist; create it or correct spoolDir";
  return cause instanceof Deno.errors.PermissionDenied ? "no permission to read it" : errorText(cause);
}

function shuffled(files: SpoolFile[]): SpoolFile[] {
  for (let at = files.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [files[at], files[other]] = [files[other]!, files[at]!];
  }
  return files;
}
