// Files are written one after another and removed when everything in them has left the window, so nothing is written
// over. Nothing is forced to disk: after a power cut some repeats pass, which is what a lost key always means.
import { errorText, type Logger } from "sluice/plugin";
import { decodeChunks, decodeHead, encodeChunks, encodeHead, type KeyChunk } from "./key_file.ts";
import { KEY_WORDS } from "./key_hash.ts";
import type { Window } from "./seen_keys.ts";

/** Where keys are kept, and for how long. */
export interface KeyLogOptions extends Window {
  readonly folder: string;
  /** What the keys are made of. */
  readonly choice: string;
  readonly log: Logger;
  readonly nowMs: () => number;
}

interface KeyFile {
  readonly path: string;
  readonly startMs: number;
  keys: number;
  /** The latest arrival in it. */
  lastMs: number;
}

/** How long nothing is written after a write that failed. */
const PAUSE_MS = 1000;
/** More files than a long run has: they come from many starts, and are joined. */
const FILES_AT_MOST = 8;
/** Keys in a chunk of joined files, which has one time for all. */
const JOINED_KEYS = 4096;
/** How far apart they may have arrived: by so much some stay longer than they should. */
const JOINED_MS = 1000;

/** The keys that were seen, in the folder of one interceptor. */
export class KeyLog {
  /** What keys are hashed with; lives as long as the files. */
  readonly secret: Uint32Array;
  readonly #options: KeyLogOptions;
  readonly #lock: Deno.FsFile;
  readonly #files: KeyFile[] = [];
  #earlier: KeyChunk[] = [];
  #unsaved: KeyChunk[] = [];
  #current: { readonly file: Deno.FsFile; readonly about: KeyFile } | undefined;
  #lastNumber = 0;
  #isAhead = false;
  /** Not 0 while writing fails. */
  #pausedUntilMs = 0;
  #isClosed = false;

  /** @throws when another process has the folder, or it cannot be read. */
  constructor(options: KeyLogOptions) {
    this.#options = options;
    Deno.mkdirSync(options.folder, { recursive: true });
    this.#lock = lockFolder(options.folder);
    try {
      this.secret = this.#readAll() ?? crypto.getRandomValues(new Uint32Array(KEY_WORDS));
    } catch (cause) {
      this.#lock.close();
      throw cause;
    }
  }

  /** Gives the keys of earlier runs, in the order in which they were saved, and keeps them no longer. */
  takeEarlier(): readonly KeyChunk[] {
    const chunks = this.#earlier;
    this.#earlier = [];
    return chunks;
  }

  /** Notes keys that are seen now; those of all batches that settle together are written at once. */
  add(words: Uint32Array, timeMs: number): void {
    if (this.#isClosed) return;
    if (this.#unsaved.length === 0) queueMicrotask(() => this.#save());
    this.#unsaved.push({ words, timeMs });
  }

  /** Saves, and lets go of the folder. */
  close(): void {
    if (this.#isClosed) return;
    this.#save();
    this.#endFile();
    this.#lock.close();
    this.#isClosed = true;
  }

  /** Keys that cannot be written are known to this run only. */
  #save(): void {
    const chunks = this.#unsaved;
    this.#unsaved = [];
    if (chunks.length === 0 || performance.now() < this.#pausedUntilMs) return;
    try {
      this.#write(chunks);
      this.#pausedUntilMs = 0;
    } catch (cause) {
      // The end of the file is in doubt: the next write goes to a new one.
      this.#endFile();
      if (this.#pausedUntilMs === 0) {
        this.#options.log.warn(
          `Keys are not saved, so repeats may pass after a restart: ${errorText(cause)}`,
        );
      }
      this.#pausedUntilMs = performance.now() + PAUSE_MS;
    }
  }

  #write(chunks: readonly KeyChunk[]): void {
    const { about, file } = this.#fileToWrite();
    writeAll(file, encodeChunks(chunks));
    for (const { words, timeMs } of chunks) {
      about.keys += words.length / KEY_WORDS;
      about.lastMs = Math.max(about.lastMs, timeMs);
    }
  }

  #fileToWrite() {
    const { maxKeys, windowMs, nowMs } = this.#options;
    const about = this.#current?.about;
    const isOld = about && windowMs > 0 && nowMs() - about.startMs > windowMs / 2;
    if (about && (isOld || about.keys * 2 >= maxKeys)) this.#endFile();
    return this.#current ?? this.#beginFile();
  }

  #beginFile() {
    const path = this.#nextPath();
    const about = { path, startMs: this.#options.nowMs(), keys: 0, lastMs: 0 };
    const file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
    this.#current = { file, about };
    this.#files.push(about);
    this.#removeOld();
    writeAll(file, encodeHead({ secret: this.secret, choice: this.#options.choice }));
    return this.#current;
  }

  #nextPath(): string {
    return `${this.#options.folder}/${String(++this.#lastNumber).padStart(12, "0")}.keys`;
  }

  #endFile(): void {
    const { file, about } = this.#current ?? {};
    this.#current = undefined;
    file?.close();
    if (about?.keys !== 0) return;
    this.#files.pop();
    removeFile(about.path);
  }

  /** Removes the files whose keys are all outside the window: too old, or pushed out by later ones. */
  #removeOld(): void {
    const { maxKeys, windowMs, nowMs } = this.#options;
    let later = this.#files.reduce((sum, { keys }) => sum + keys, 0);
    while (this.#files.length > 1) {
      const [{ path, keys, lastMs }] = this.#files as [KeyFile];
      later -= keys;
      if (later < maxKeys && (windowMs === 0 || lastMs + windowMs > nowMs())) return;
      this.#files.shift();
      removeFile(path);
    }
  }

  /** Reads all files; gives their secret when there is one. */
  #readAll(): Uint32Array | undefined {
    const { folder, choice } = this.#options;
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) =>
      /^\d{12}\.keys(?:\.new)?$/.test(name)
    );
    let secret: Uint32Array | undefined;
    for (const name of names.sort()) {
      const path = `${folder}/${name}`;
      const bytes = Deno.readFileSync(path);
      const own = decodeHead(bytes, choice);
      if (name.endsWith(".new") || own === undefined || (secret && !isSame(own, secret))) {
        Deno.removeSync(path);
        continue;
      }
      secret = own;
      this.#readFile(path, bytes);
    }
    this.#lastNumber = Number.parseInt(names.at(-1) ?? "0");
    if (secret && (this.#isAhead || this.#files.length > FILES_AT_MOST)) this.#join(secret);
    return secret;
  }

  #readFile(path: string, bytes: Uint8Array): void {
    const about = { path, startMs: 0, keys: 0, lastMs: 0 };
    for (const chunk of decodeChunks(bytes)) {
      // After a jump of the clock back, what seems to come from the future is as old as this start, once and for all.
      const timeMs = Math.min(chunk.timeMs, this.#options.nowMs());
      this.#isAhead ||= timeMs < chunk.timeMs;
      about.keys += chunk.words.length / KEY_WORDS;
      about.lastMs = Math.max(about.lastMs, timeMs);
      this.#earlier.push({ words: chunk.words, timeMs });
    }
    this.#files.push(about);
  }

  /** Puts one file in the place of many. */
  #join(secret: Uint32Array): void {
    const chunks = joinChunks(this.#earlier);
    const path = this.#nextPath();
    const lastMs = Math.max(...this.#files.map((file) => file.lastMs));
    const keys = this.#files.reduce((sum, file) => sum + file.keys, 0);
    {
      using file = Deno.openSync(`${path}.new`, { write: true, create: true, truncate: true, mode: 0o600 });
      writeAll(file, encodeHead({ secret, choice: this.#options.choice }));
      writeAll(file, encodeChunks(chunks));
      file.syncSync();
    }
    Deno.renameSync(`${path}.new`, path);
    for (const file of this.#files.splice(0)) Deno.removeSync(file.path);
    this.#files.push({ path, startMs: 0, keys, lastMs });
  }
}

/** Joins neighbours of nearly one time under the latest of their times. */
function joinChunks(chunks: readonly KeyChunk[]): KeyChunk[] {
  const joined: KeyChunk[] = [];
  for (let from = 0, to = 0; from < chunks.length; from = to) {
    let [size, timeMs] = [0, 0];
    while (
      to < chunks.length && size < JOINED_KEYS && chunks[to]!.timeMs - chunks[from]!.timeMs < JOINED_MS
    ) {
      size += chunks[to]!.words.length / KEY_WORDS;
      timeMs = Math.max(timeMs, chunks[to++]!.timeMs);
    }
    const words = new Uint32Array(size * KEY_WORDS);
    let at = 0;
    for (const chunk of chunks.slice(from, to)) {
      words.set(chunk.words, at);
      at += chunk.words.length;
    }
    joined.push({ words, timeMs });
  }
  return joined;
}

/** Two processes would remove each other's files. */
function lockFolder(folder: string): Deno.FsFile {
  const path = `${folder}/lock`;
  const file = Deno.openSync(path, { create: true, read: true, write: true, mode: 0o600 });
  // Deno before 2.7 cannot ask for a lock without waiting for it.
  if (file.tryLockSync?.(true) === false) {
    const holder = Deno.readTextFileSync(path).trim() || "another process";
    file.close();
    throw new Error(
      `Cannot use "${folder}": ${holder} has it. Stop that process, or use another --state-dir`,
    );
  }
  file.truncateSync();
  writeAll(file, new TextEncoder().encode(`process ${Deno.pid}\n`));
  return file;
}

function isSame(one: Uint32Array, other: Uint32Array): boolean {
  return one.every((word, index) => word === other[index]);
}

/** What cannot be removed now is found by the next start. */
function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // A full or failing disk is told of when keys are written.
  }
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length;) offset += file.writeSync(bytes.subarray(offset));
}
