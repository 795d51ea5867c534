import {
  decodeLogEntry,
  decodeLogMeta,
  ENTRY_HEAD_BYTES,
  type LogEntry,
  type LoggedEvent,
  OPERATION,
} from "../../../protocols/flume_log.ts";

/** A log of Flume's file channel. */
export interface FlumeLog {
  readonly fileId: number;
  readonly path: string;
}

/** An entry, and where it begins. */
export interface PlacedEntry {
  readonly offset: number;
  readonly entry: LogEntry;
}

const WINDOW_BYTES = 1024 * 1024;

/**
 * Lists the logs of data folders, oldest first.
 * @throws {Error} when one cannot be read: it is encrypted, or older than Flume 1.3.
 */
export function listLogs(folders: readonly string[]): FlumeLog[] {
  const logs: FlumeLog[] = [];
  for (const folder of folders) {
    for (const name of namesIn(folder)) {
      const [, fileId] = /^log-(\d+)$/.exec(name) ?? [];
      const path = `${folder}/${name}`;
      if (fileId === undefined || Deno.statSync(path).size === 0) continue;
      checkMeta(path);
      logs.push({ fileId: Number(fileId), path });
    }
  }
  return logs.sort((one, other) => one.fileId - other.fileId);
}

/**
 * Gives the entries of a log in file order.
 * @throws {RangeError} at the first one that is damaged.
 */
export function* logEntries({ path }: FlumeLog): Generator<PlacedEntry> {
  using file = Deno.openSync(path);
  const { size } = file.statSync();
  const window = new LogWindow(file, size);
  for (let offset = 0; offset + ENTRY_HEAD_BYTES <= size;) {
    const head = window.bytes(offset, ENTRY_HEAD_BYTES);
    const operation = head[0]!;
    if (operation === OPERATION.end) return;
    const length = new DataView(head.buffer, head.byteOffset).getInt32(1);
    const next = offset + ENTRY_HEAD_BYTES + length;
    const isKnown = operation === OPERATION.entry || operation === OPERATION.skipped;
    if (!isKnown || length < 0 || next > size) {
      throw new RangeError(`${path}, byte ${offset}: no entry begins here`);
    }
    if (operation === OPERATION.entry) {
      yield { offset, entry: readEntry(window.bytes(offset + ENTRY_HEAD_BYTES, length), path, offset) };
    }
    offset = next;
  }
}

/** An open log, for reading single entries; those that follow one another cost no more than their bytes. */
export class OpenLog {
  readonly #file: Deno.FsFile;
  readonly #path: string;
  readonly #window: LogWindow;

  constructor(path: string) {
    this.#file = Deno.openSync(path);
    this.#path = path;
    this.#window = new LogWindow(this.#file, this.#file.statSync().size);
  }

  /**
   * Reads the event of a put.
   * @throws {RangeError} when none begins there.
   */
  eventAt(offset: number): LoggedEvent {
    const head = this.#window.bytes(offset, ENTRY_HEAD_BYTES);
    const length = new DataView(head.buffer, head.byteOffset).getInt32(1);
    const entry = readEntry(this.#window.bytes(offset + ENTRY_HEAD_BYTES, length), this.#path, offset);
    if (entry.kind === "put") return entry.event;
    throw new RangeError(`${this.#path}, byte ${offset}: no event begins here`);
  }

  close(): void {
    this.#file.close();
  }
}

function readEntry(bytes: Uint8Array, path: string, offset: number): LogEntry {
  try {
    return decodeLogEntry(bytes);
  } catch (cause) {
    throw new RangeError(`${path}, byte ${offset}: the entry is damaged`, { cause });
  }
}

function checkMeta(path: string): void {
  const { version, isEncrypted } = decodeLogMeta(Deno.readFileSync(`${path}.meta`));
  if (isEncrypted) {
    throw new Error(`"${path}" is encrypted and cannot be read: let the old agent deliver what it holds`);
  }
  if (version !== 3) {
    throw new Error(`"${path}" has version ${version}; only version 3 (Flume 1.3 and later) is read`);
  }
}

function namesIn(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return [];
    throw cause;
  }
}

/** A part of a file in memory, which moves on with what is asked for. */
class LogWindow {
  readonly #file: Deno.FsFile;
  readonly #size: number;
  #block = new Uint8Array(0);
  #start = 0;

  constructor(file: Deno.FsFile, size: number) {
    this.#file = file;
    this.#size = size;
  }

  bytes(offset: number, length: number): Uint8Array {
    if (length < 0 || offset + length > this.#size) {
      throw new RangeError(`The file ends before byte ${offset + length}`);
    }
    if (offset < this.#start || offset + length > this.#start + this.#block.length) {
      this.#move(offset, length);
    }
    return this.#block.subarray(offset - this.#start, offset - this.#start + length);
  }

  #move(offset: number, length: number): void {
    const block = new Uint8Array(Math.min(Math.max(length, WINDOW_BYTES), this.#size - offset));
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    let filled = 0;
    while (filled < block.length) {
      const read = this.#file.readSync(block.subarray(filled));
      if (read === null) throw new RangeError(`The file ends at byte ${offset + filled}`);
      filled += read;
    }
    [this.#block, this.#start] = [block, offset];
  }
}
