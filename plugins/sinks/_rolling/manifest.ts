import { ConfigError, DeliveryError } from "sluice/plugin";
import { syncFolder } from "./folders.ts";
import {
  encodeFrame,
  fold,
  type ManifestNote,
  type ManifestReading,
  type ManifestState,
  readManifest,
  snapshotOf,
} from "./manifest_format.ts";

// A commit is on disk when `commit` resolves; one that is rejected is void. What `note` says gets there with the next
// commit, and outlives the end of the process at once. The file is replaced when its room is full, and at each start.

/** Bytes that are put on disk ahead, so that a commit changes no length. */
const ROOM_BYTES = 256 * 1024;

/** Says which bytes of which files are delivered, and up to which position: one file in a folder of the sink's own. */
export class Manifest {
  readonly path: string;
  readonly #folder: string;
  readonly #lock: Deno.FsFile;
  readonly #state: ManifestState;
  readonly #reading: ManifestReading;
  #file: Deno.FsFile | undefined;
  #writtenBytes = 0;
  #syncedBytes = 0;
  #roomBytes = 0;
  /** What was noted while a new file is on its way. */
  #late: ManifestNote[] | undefined;
  #turn: Promise<void> = Promise.resolve();

  /**
   * Takes a folder over and reads what is there; nothing is written before `replace`.
   * @throws {ConfigError} when the folder cannot be used, another process uses it, or a newer program wrote the manifest.
   */
  constructor(folder: string) {
    this.path = `${folder}/manifest`;
    this.#folder = folder;
    this.#lock = lockFolder(folder);
    try {
      this.#reading = readFile(this.path);
      this.#state = this.#reading.state;
    } catch (cause) {
      this.#lock.close();
      throw cause;
    }
  }

  /** What was found when it was opened. */
  get reading(): ManifestReading {
    return this.#reading;
  }

  /** What is committed and noted. */
  get state(): Readonly<ManifestState> {
    return this.#state;
  }

  /** Writes the state as a new file, with some parts replaced. */
  replace(change: Partial<ManifestState> = {}): Promise<void> {
    return this.#inTurn(() => {
      Object.assign(this.#state, change);
      return this.#rewrite();
    });
  }

  /** Adds what need not be on disk yet. */
  note(note: ManifestNote): void {
    this.#append(note);
    this.#late?.push(note);
    fold(this.#state, note);
  }

  /** Adds what holds from now on, and resolves when it is on disk with all that was noted before. */
  commit(note: ManifestNote): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#writtenBytes > this.#roomBytes) await this.#rewrite();
      const start = this.#writtenBytes;
      this.#append({ ...note, syncedBytes: this.#syncedBytes });
      const end = this.#writtenBytes;
      try {
        await this.#file!.syncData();
      } catch (cause) {
        this.#erase(start, end);
        throw new DeliveryError(`Cannot force "${this.path}" to disk`, { cause });
      }
      this.#syncedBytes = end;
      fold(this.#state, note);
    });
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
    this.#lock.close();
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }

  #append(note: ManifestNote): void {
    const frame = encodeFrame(note);
    if (!this.#file) throw new DeliveryError(`"${this.path}" is closed`);
    try {
      writeAt(this.#file, frame, this.#writtenBytes);
    } catch (cause) {
      this.#cut(this.#file);
      throw new DeliveryError(`Cannot write to "${this.path}"`, { cause });
    }
    this.#writtenBytes += frame.length;
  }

  /** Removes the part of a frame that a full disk left; what cannot be removed fails its checksum. */
  #cut(file: Deno.FsFile): void {
    try {
      file.truncateSync(this.#writtenBytes);
    } catch {
      // The next start reads up to here.
    }
  }

  /** Voids a frame of which nobody knows whether it is on disk; notes may stand behind it. */
  #erase(start: number, end: number): void {
    try {
      writeAt(this.#file!, encodeFrame({}, end - start), start);
    } catch {
      // Then it holds: its bytes were on disk before it was written, so events may come again but none is lost.
    }
  }

  async #rewrite(): Promise<void> {
    const newPath = `${this.path}.new`;
    try {
      const frame = encodeFrame(snapshotOf(this.#state));
      const file = Deno.openSync(newPath, { write: true, create: true, truncate: true, mode: 0o600 });
      try {
        await this.#fill(file, frame);
        Deno.renameSync(newPath, this.path);
      } catch (cause) {
        file.close();
        throw cause;
      }
      this.#file?.close();
      this.#file = file;
      await syncFolder(this.#folder);
    } catch (cause) {
      throw new DeliveryError(`Cannot write "${newPath}"`, { cause });
    } finally {
      this.#late = undefined;
    }
  }

  /** Writes and syncs a new file, then adds in one go what was noted meanwhile. */
  async #fill(file: Deno.FsFile, frame: Uint8Array): Promise<void> {
    this.#late = [];
    const roomBytes = writeWithRoom(file, frame);
    await file.sync();
    let end = frame.length;
    for (const note of this.#late) {
      const late = encodeFrame(note);
      writeAt(file, late, end);
      end += late.length;
    }
    this.#writtenBytes = end;
    this.#syncedBytes = frame.length;
    this.#roomBytes = roomBytes;
  }
}

function readFile(path: string): ManifestReading {
  try {
    return readManifest(readIfThere(path));
  } catch (cause) {
    throw new ConfigError(`Cannot use "${path}"; move it away, and what it speaks of stays as it is`, {
      cause,
    });
  }
}

function readIfThere(path: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return new Uint8Array(0);
    throw cause;
  }
}

function writeAt(file: Deno.FsFile, bytes: Uint8Array, offset: number): void {
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let from = 0; from < bytes.length;) from += file.writeSync(bytes.subarray(from));
}

/** Answers how many bytes there is room for. Of a disk that is almost full no more is asked than must be. */
function writeWithRoom(file: Deno.FsFile, frame: Uint8Array): number {
  const bytes = new Uint8Array(Math.max(ROOM_BYTES, 2 * frame.length));
  bytes.set(frame);
  try {
    writeAt(file, bytes, 0);
    return bytes.length;
  } catch {
    file.truncateSync(0);
    writeAt(file, frame, 0);
    return frame.length;
  }
}

/** Makes the folder and keeps other processes out of it; before Deno 2.7 only the pipeline's own lock does. */
function lockFolder(folder: string): Deno.FsFile {
  const path = `${folder}/lock`;
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
    if (typeof file.tryLockSync !== "function" || file.tryLockSync(true)) return file;
    file.close();
  } catch (cause) {
    const fix = "make it writable, or give the pipeline another stateDir";
    throw new ConfigError(`Cannot use the folder "${folder}": ${fix}`, { cause });
  }
  throw new ConfigError(
    `Folder "${folder}" is in use by another process: stop that one, or give this pipeline another stateDir`,
  );
}
