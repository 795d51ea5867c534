import { type Disk, type DiskFile, JournalError } from "../../journal/mod.ts";
import { diskError, type Operation } from "./disk_faults.ts";
import { CachedFile, PAGE_BYTES } from "./page_cache.ts";
import type { Random } from "./random.ts";
import type { SimulatedDisk } from "./simulated_disk.ts";
import type { SimulatedTime } from "./simulated_time.ts";

/** Thrown to a process that the disk has outlived; nothing that it does afterwards has an effect. */
export class PowerCutError extends Error {
  override readonly name = "PowerCutError";
}

/** One operation: what it does when it succeeds, and what it leaves behind when it fails half way. */
export interface Step<T> {
  readonly operation: Operation;
  readonly path: string;
  readonly whole: () => T;
  readonly part?: () => unknown;
}

/** What one process's view of the disk needs of the disk. */
export interface Booted {
  readonly disk: SimulatedDisk;
  readonly random: Random;
  readonly time: SimulatedTime;
  readonly folders: Set<string>;
  readonly locked: Set<string>;
  /** Counts the operation, and lets it succeed, fail, or be the last one before the power goes. */
  perform<T>(step: Step<T>): T;
}

/** The journal's disk interface for one process. */
export class BootedDisk implements Disk {
  readonly #booted: Booted;

  constructor(booted: Booted) {
    this.#booted = booted;
  }

  open(path: string, mode: "read" | "write" | "create"): DiskFile {
    const { disk: { entries }, folders } = this.#booted;
    const whole = () => {
      if (!folders.has(path.slice(0, path.lastIndexOf("/")))) throw diskError("ENOENT", path);
      const known = entries.get(path);
      if (known !== undefined && mode === "create") throw diskError("EEXIST", path);
      if (known === undefined && mode !== "create") throw diskError("ENOENT", path);
      const file = known ?? new CachedFile();
      if (known === undefined) entries.change([path, file]);
      return new BootedFile(this.#booted, { path, file });
    };
    return this.#booted.perform({ operation: mode === "create" ? "create" : "open", path, whole });
  }

  list(folder: string): string[] {
    const { disk, folders } = this.#booted;
    const whole = () => {
      if (!folders.has(folder)) throw diskError("ENOENT", folder);
      return disk.entries.list(folder);
    };
    return this.#booted.perform({ operation: "list", path: folder, whole });
  }

  makeFolder(folder: string): void {
    const whole = () => void this.#booted.folders.add(folder);
    this.#booted.perform({ operation: "makeFolder", path: folder, whole });
  }

  rename(from: string, to: string): void {
    const { disk: { entries } } = this.#booted;
    const whole = () => {
      const file = entries.get(from);
      if (file === undefined) throw diskError("ENOENT", from);
      entries.change([from, undefined], [to, file]);
    };
    this.#booted.perform({ operation: "rename", path: from, whole });
  }

  remove(path: string): void {
    const { disk: { entries } } = this.#booted;
    const whole = () => {
      if (entries.get(path) === undefined) throw diskError("ENOENT", path);
      entries.change([path, undefined]);
    };
    this.#booted.perform({ operation: "remove", path, whole });
  }

  async syncFolder(folder: string): Promise<void> {
    const { disk: { entries }, time } = this.#booted;
    const whole = () => time.later(entries.beginSync(folder));
    await this.#booted.perform({ operation: "syncFolder", path: folder, whole });
  }

  freeBytes(): number {
    return this.#booted.disk.freeBytes;
  }

  async lock(folder: string): Promise<{ release(): void }> {
    const { locked, time } = this.#booted;
    const whole = () =>
      time.later(() => {
        if (locked.has(folder)) throw lockedError(folder);
        locked.add(folder);
        return { release: () => void locked.delete(folder) };
      });
    return await this.#booted.perform({ operation: "lock", path: folder, whole });
  }
}

function lockedError(folder: string): JournalError {
  return new JournalError("The folder is in use by process 1", { path: folder, fix: "stop that process" });
}

class BootedFile implements DiskFile {
  readonly path: string;
  readonly #booted: Booted;
  readonly #file: CachedFile;
  #isOpen = true;

  constructor(booted: Booted, { path, file }: { path: string; file: CachedFile }) {
    this.#booted = booted;
    this.path = path;
    this.#file = file;
  }

  write(bytes: Uint8Array, offset: number): void {
    const { disk, random } = this.#booted;
    const whole = () => {
      this.#assertOpen();
      const room = Math.ceil(this.#file.bytes / PAGE_BYTES) * PAGE_BYTES + disk.freeBytes - offset;
      this.#file.write(bytes.subarray(0, Math.max(0, room)), offset);
      if (room < bytes.length) throw diskError("ENOSPC", this.path);
    };
    const part = () => this.#file.write(bytes.subarray(0, random.below(bytes.length)), offset);
    this.#booted.perform({ operation: "write", path: this.path, whole, part });
  }

  read(into: Uint8Array, offset: number): number | Promise<number> {
    const whole = () => {
      this.#assertOpen();
      return this.#file.read(into, offset);
    };
    const { random, time } = this.#booted;
    const isLate = random.chance(0.1);
    return this.#booted.perform<number | Promise<number>>({
      operation: "read",
      path: this.path,
      whole: isLate ? () => time.later(whole) : whole,
    });
  }

  async sync(): Promise<void> {
    const { time, random, disk } = this.#booted;
    const begin = () => {
      this.#assertOpen();
      return this.#file.beginFlush();
    };
    const whole = () => {
      const flush = begin();
      return time.later(() => this.#file.flush(flush));
    };
    const part = () => {
      this.#file.failFlush(begin(), random);
      disk.onLoss?.(this.path, this.#file);
    };
    await this.#booted.perform({ operation: "sync", path: this.path, whole, part });
  }

  truncate(bytes: number): void {
    const whole = () => {
      this.#assertOpen();
      this.#file.truncate(bytes);
    };
    this.#booted.perform({ operation: "truncate", path: this.path, whole });
  }

  size(): number {
    this.#assertOpen();
    return this.#file.bytes;
  }

  close(): void {
    // A process that has died closes its files, too, and the second close of a living one is its mistake.
    if (this.#booted.disk.isAlive) this.#assertOpen();
    this.#isOpen = false;
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new Deno.errors.BadResource(`"${this.path}" is closed`);
  }
}
