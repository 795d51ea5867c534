// One process per state folder: the lock is held until `close`. The file is replaced whole, so that at any moment it is
// either the old or the new one; what is in it was safe when it was written, and a crash loses at most the last delay.
import { errorText, type Position } from "../core/mod.ts";
import type { PositionStore } from "../core/position.ts";
import { denoDisk, tryLock } from "../journal/disk.ts";
import { CommandError } from "./exit.ts";

const SAVE_DELAY_MS = 500;
const FORMAT_VERSION = 1;

/** How the positions file is kept. */
export interface PositionOptions {
  readonly saveDelayMs?: number;
  /** Told when the file could not be written; it is tried again with the next delay. */
  onFault?(text: string): void;
}

/** Positions in a state folder that no other process may use. */
export interface FilePositions extends PositionStore {
  /** Writes what is unsaved and lets go of the folder. */
  close(): Promise<void>;
}

/**
 * Opens the positions of a state folder, which is made when it is missing.
 * @throws {CommandError} when another process uses the folder, or the file in it is damaged.
 */
export async function filePositions(stateDir: string, options: PositionOptions = {}): Promise<FilePositions> {
  const lock = await lockFolder(stateDir);
  try {
    return new PositionFile(stateDir, lock, options);
  } catch (cause) {
    lock.close();
    throw cause;
  }
}

class PositionFile implements FilePositions {
  readonly #stateDir: string;
  readonly #path: string;
  readonly #lock: Deno.FsFile;
  readonly #options: PositionOptions;
  readonly #positions: Map<string, Position>;
  readonly #keepers: Map<string, string>;
  #isSaved = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(stateDir: string, lock: Deno.FsFile, options: PositionOptions) {
    this.#stateDir = stateDir;
    this.#path = `${stateDir}/positions.json`;
    this.#lock = lock;
    this.#options = options;
    const { sources, keepers } = readPositions(this.#path);
    this.#positions = new Map(Object.entries(sources));
    this.#keepers = new Map(Object.entries(keepers));
  }

  load(source: string): Position | undefined {
    return this.#positions.get(source);
  }

  save(source: string, position: Position): void {
    this.#positions.set(source, position);
    this.#plan();
  }

  keeper(source: string): string | undefined {
    return this.#keepers.get(source);
  }

  setKeeper(source: string, keeper: string | undefined): void {
    if (keeper === undefined) this.#keepers.delete(source);
    else this.#keepers.set(source, keeper);
    this.#plan();
  }

  #plan(): void {
    this.#isSaved = false;
    this.#timer ??= setTimeout(() => this.#saveLater(), this.#options.saveDelayMs ?? SAVE_DELAY_MS);
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.catch(() => {}).then(() => this.#write());
    return this.#writing;
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      this.#lock.close();
    }
  }

  #saveLater(): void {
    this.flush().catch((cause) => {
      this.#options.onFault?.(errorText(cause));
      this.#timer ??= setTimeout(() => this.#saveLater(), this.#options.saveDelayMs ?? SAVE_DELAY_MS);
    });
  }

  async #write(): Promise<void> {
    if (this.#isSaved) return;
    this.#isSaved = true;
    const content: Content = {
      version: FORMAT_VERSION,
      sources: Object.fromEntries(this.#positions),
      keepers: Object.fromEntries(this.#keepers),
    };
    try {
      await replaceFile(this.#path, `${JSON.stringify(content, null, 1)}\n`);
      await denoDisk.syncFolder(this.#stateDir);
    } catch (cause) {
      this.#isSaved = false;
      throw new Error(`Cannot write the positions file "${this.#path}"`, { cause });
    }
  }
}

/** What stands in the file. */
interface Content {
  readonly version: number;
  readonly sources: Readonly<Record<string, Position>>;
  /** Which other stage keeps a newer position of a source. */
  readonly keepers: Readonly<Record<string, string>>;
}

function readPositions(path: string): Omit<Content, "version"> {
  try {
    const { version, sources, keepers = {} } = JSON.parse(Deno.readTextFileSync(path)) as Record<
      string,
      unknown
    >;
    if (version !== FORMAT_VERSION) {
      throw new TypeError(`its version is ${JSON.stringify(version)}, not ${FORMAT_VERSION}`);
    }
    if (!isPositions(sources)) throw new TypeError("its sources are not positions");
    if (!isKeepers(keepers)) throw new TypeError("its keepers are not names");
    return { sources, keepers };
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return { sources: {}, keepers: {} };
    throw new CommandError(`Cannot use the positions file "${path}"`, {
      cause,
      fix:
        "restore it, or move it away: all sources then begin at their start, and what was delivered comes again",
    });
  }
}

function isPositions(value: unknown): value is Record<string, Position> {
  const isMap = (one: unknown) => typeof one === "object" && one !== null && !Array.isArray(one);
  const isOffset = (one: unknown) => typeof one === "number" || typeof one === "string";
  return isMap(value) &&
    Object.values(value as object).every((one) => isMap(one) && Object.values(one as object).every(isOffset));
}

function isKeepers(value: unknown): value is Record<string, string> {
  return typeof value === "object" && value !== null &&
    Object.values(value).every((one) => typeof one === "string");
}

async function replaceFile(path: string, text: string): Promise<void> {
  const newPath = `${path}.new`;
  {
    using file = await Deno.open(newPath, { create: true, write: true, truncate: true, mode: 0o600 });
    const bytes = new TextEncoder().encode(text);
    for (let offset = 0; offset < bytes.length;) offset += file.writeSync(bytes.subarray(offset));
    await file.sync();
  }
  await Deno.rename(newPath, path);
}

async function lockFolder(stateDir: string): Promise<Deno.FsFile> {
  const path = `${stateDir}/lock`;
  const file = await openLock(stateDir, path);
  if (!await tryLock(file)) {
    const holder = await Deno.readTextFile(path).catch(() => "");
    throw new CommandError(`State folder "${stateDir}" is in use by ${holder.trim() || "another process"}`, {
      fix: "stop that process, or give this pipeline a folder of its own: --state-dir DIR",
    });
  }
  await file.truncate();
  await file.write(new TextEncoder().encode(`process ${Deno.pid}\n`));
  return file;
}

async function openLock(stateDir: string, path: string): Promise<Deno.FsFile> {
  try {
    await Deno.mkdir(stateDir, { recursive: true, mode: 0o700 });
    return await Deno.open(path, { create: true, read: true, write: true });
  } catch (cause) {
    throw new CommandError(`Cannot use the state folder "${stateDir}"`, {
      cause,
      fix: "make it writable, or name another one: --state-dir DIR",
    });
  }
}
