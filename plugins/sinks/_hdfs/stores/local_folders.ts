import { dirname } from "node:path";
import { DeliveryError } from "sluice/plugin";
import { RAISE_LIMIT } from "../../_rolling/descriptors.ts";

/** After so many folders it asks the disk again. */
const MAX_KNOWN = 10_000;

/**
 * The folders below one that is there, made where they are missing. That is home, or for a file that was staged for another
 * home the first folder of its path: it still goes there, and what is wrong with that place holds up no other file.
 */
export class LocalFolders {
  readonly #home: string;
  readonly #root: string;
  /** Their names are on the disk, in the folders above them. */
  readonly #durable = new Set<string>();

  /** Paths are relative to `root`; `home` is the same folder or one below it. */
  constructor(root: string, home: string) {
    this.#root = root === "/" ? "" : root;
    this.#home = home;
  }

  /** Where a file lies. @throws {DeliveryError} when the path has names that lead elsewhere. */
  at(path: string): string {
    const names = path.split("/");
    const isPlain = names.every((name) => !["", ".", ".."].includes(name) && !name.includes("\0"));
    if (isPlain) return `${this.#root}/${path}`;
    throw new OneFileError(`"${path}" is no path below "${this.#root}/": write names with "/" between them`);
  }

  /** Says of one file what is wrong with a place that the others do not share. */
  faultOf(file: string, fault: unknown): unknown {
    if (this.#topOf(file) === this.#home || !(fault instanceof DeliveryError)) return fault;
    const text = `${fault.message}; the file was staged for another hdfs.path`;
    return new OneFileError(text, { cause: fault.cause });
  }

  /** Makes the folder of a file; never the one above all, which may be a disk that is not mounted. */
  makeFor(file: string): void {
    this.#make(dirname(file), this.#topOf(file));
  }

  /** Forces the names in the folder of a file to disk, and its own, where the system can do that. */
  async syncFor(file: string): Promise<void> {
    const [folder, top] = [dirname(file), this.#topOf(file)];
    await syncFolder(folder);
    if (this.#durable.size > MAX_KNOWN) this.#durable.clear();
    for (let at = folder; at !== top && !this.#durable.has(at); at = dirname(at)) {
      await syncFolder(dirname(at));
      this.#durable.add(at);
    }
  }

  /** Which disk a file's folder is on, in one word: the disk's number, and that of the folder, for a disk may get another. */
  diskOf(file: string): string {
    const { dev, ino } = Deno.statSync(dirname(file));
    return `${dev}:${ino}`;
  }

  /**
   * Looks where a file is not there whether its disk is, of which `diskOf` told when the file was.
   * @throws {DeliveryError} when it is not, for then nobody knows what became of the file.
   */
  checkDisk(file: string, disk?: string): void {
    checkTop(this.#topOf(file));
    if (disk === undefined) return;
    let folder = dirname(file);
    while (!isFolder(folder)) folder = dirname(folder);
    const [dev, ino] = disk.split(":");
    const found = Deno.statSync(folder);
    if (String(found.dev) === dev || String(found.ino) === ino) return;
    throw new OneFileError(`"${file}" was on another disk than is there now: mount that one`);
  }

  /** The folder above all that is never made. */
  #topOf(file: string): string {
    if (this.#home === "/" || file.startsWith(`${this.#home}/`)) return this.#home;
    const end = file.indexOf("/", this.#root.length + 1);
    return end < 0 ? this.#root || "/" : file.slice(0, end);
  }

  #make(folder: string, top: string): void {
    if (folder === top) return checkTop(top);
    for (let isAgain = false;; isAgain = true) {
      try {
        Deno.mkdirSync(folder);
        this.#durable.delete(folder);
        return;
      } catch (cause) {
        if (cause instanceof Deno.errors.AlreadyExists) return;
        if (isAgain || !(cause instanceof Deno.errors.NotFound)) throw cause;
        this.#make(dirname(folder), top);
      }
    }
  }
}

function checkTop(top: string): void {
  if (isFolder(top)) return;
  throw new DeliveryError(`Folder "${top}" is gone: make it again, or mount its disk`);
}

/** Links lead on. */
function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) return false;
    throw cause;
  }
}

/** Said of one file: others may fare better. */
class OneFileError extends DeliveryError {
  readonly canRetry = false;
}

/** What is there, be it a link that leads nowhere; undefined for nothing. */
export function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) return undefined;
    throw cause;
  }
}

/**
 * What could not be done, with what to do about it; an error of ours stays as it is, and so does one of where the bytes
 * come from that says whether to try again.
 */
export function toDiskError(what: string, cause: unknown): unknown {
  if (cause instanceof DeliveryError || cause instanceof RangeError) return cause;
  if (cause instanceof Error && "canRetry" in cause) return cause;
  const { code = "" } = cause instanceof Error ? cause as { code?: string } : {};
  const fix = FIXES[code];
  const text = fix === undefined ? what : `${what} (${fix})`;
  return LASTING.has(code) ? new OneFileError(text, { cause }) : new DeliveryError(text, { cause });
}

const FIXES: Readonly<Record<string, string>> = {
  EMFILE: RAISE_LIMIT,
  ENOSPC: "free space on its disk",
  EROFS: "mount its disk writable",
  EDQUOT: "remove files, or raise the quota",
  EACCES: "let this user write there",
  EPERM: "let this user write there",
  ENAMETOOLONG: "shorten the file's name",
  ENOTDIR: "a file stands where a folder is to be: move it away",
};
/** What concerns one file or its folder, until somebody changes something. */
const LASTING: ReadonlySet<string> = new Set(["EDQUOT", "EACCES", "EPERM", "ENAMETOOLONG", "ENOTDIR"]);

async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path);
  await folder.sync();
}
