import type { Disk } from "./disk.ts";
import { JournalError } from "./fault.ts";
import type { JournalOptions } from "./options.ts";

/** How old an answer of the disk may be while there is much room. */
const CHECK_MS = 1000;
/** With less room than this above the limit each append asks anew. */
const MARGIN_BYTES = 64 * 1024 * 1024;

/** Refuses appends before the disk is full, so that there is room to note what has been delivered. */
export class FreeSpace {
  readonly #disk: Disk;
  readonly #options: JournalOptions;
  readonly #now: () => number;
  #freeBytes = 0;
  #checkedMs = -Infinity;

  constructor(disk: Disk, options: JournalOptions) {
    this.#disk = disk;
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** @throws {JournalError} when there would be less room left than was asked for. */
  take(bytes: number): void {
    const { minFreeBytes = 0, folders } = this.#options;
    if (minFreeBytes === 0) return;
    const nowMs = this.#now();
    this.#freeBytes -= bytes;
    if (this.#freeBytes < minFreeBytes + MARGIN_BYTES || nowMs - this.#checkedMs > CHECK_MS) {
      this.#freeBytes = Math.min(...folders.map((folder) => this.#disk.freeBytes(folder))) - bytes;
      this.#checkedMs = nowMs;
    }
    if (this.#freeBytes >= minFreeBytes) return;
    const path = folders[0]!;
    const text = `Cannot append ${bytes} bytes to the journal in "${path}": the disk has ` +
      `${this.#freeBytes + bytes} bytes free, and ${minFreeBytes} are to stay free`;
    throw new JournalError(text, {
      path,
      fix: "make room on the disk; what is delivered is removed by itself",
    });
  }
}
