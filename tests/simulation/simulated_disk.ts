import type { Disk } from "../../journal/mod.ts";
import { type Booted, BootedDisk, PowerCutError, type Step } from "./booted_disk.ts";
import { diskError, DiskFaults } from "./disk_faults.ts";
import { FolderEntries } from "./folder_entries.ts";
import { type CachedFile, PAGE_BYTES } from "./page_cache.ts";
import type { Random } from "./random.ts";
import type { SimulatedTime } from "./simulated_time.ts";

/**
 * A disk in memory that keeps only the promises of a real one. What it loses, and when work on it ends, is decided by the
 * random numbers it is given. A process uses it through `boot()`; after `kill()` or `cutPower()` that process's view is dead.
 */
export class SimulatedDisk {
  readonly faults: DiskFaults;
  readonly entries = new FolderEntries();
  capacityBytes = Infinity;
  /** Is told of each file of which a failed sync lost pages. */
  onLoss: ((path: string, file: CachedFile) => void) | undefined;
  readonly #random: Random;
  readonly #time: SimulatedTime;
  readonly #folders = new Set<string>();
  #boot = 0;
  #isAlive = false;

  constructor(random: Random, time: SimulatedTime) {
    this.#random = random;
    this.#time = time;
    this.faults = new DiskFaults(random);
  }

  get usedBytes(): number {
    let bytes = 0;
    for (const file of this.entries.files()) bytes += Math.ceil(file.bytes / PAGE_BYTES) * PAGE_BYTES;
    return bytes;
  }

  get freeBytes(): number {
    return Math.max(0, this.capacityBytes - this.usedBytes);
  }

  /** True while the process that booted last still has its disk. */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** The disk as a new process sees it; the process before has ended. */
  boot(): Disk {
    this.kill();
    this.#isAlive = true;
    const boot = ++this.#boot;
    const booted: Booted = {
      disk: this,
      random: this.#random,
      time: this.#time,
      folders: this.#folders,
      locked: new Set(),
      perform: (step) => this.#perform(step, boot),
    };
    return new BootedDisk(booted);
  }

  /** The process is gone; all that it wrote stays in the page cache. */
  kill(): void {
    this.#isAlive = false;
    this.#time.clear();
    for (const file of this.entries.files()) file.evictLost();
  }

  /** The machine is gone, and with it some of what was not synced. */
  cutPower(): void {
    this.kill();
    for (const file of this.entries.files()) file.cutPower(this.#random);
    this.entries.cutPower(this.#random);
  }

  #perform<T>({ operation, path, whole, part }: Step<T>, boot: number): T {
    if (!this.#isAlive || boot !== this.#boot) throw new PowerCutError("The process has ended");
    const strikes = this.faults.strikes(operation);
    if (this.faults.cutsPower) {
      const first = this.#random.pick([undefined, part, whole]);
      first?.();
      this.cutPower();
      throw new PowerCutError(`The power went during ${operation} of ${path}`);
    }
    if (!strikes) return whole();
    part?.();
    throw diskError("EIO", path);
  }
}
