import type { Journal } from "../../../journal/mod.ts";

/** Bytes that may be written and not yet forced to disk before puts wait. */
const MAX_UNSYNCED_BYTES = 32 * 1024 * 1024;

/** Holds puts back when the disk cannot keep up with them; what was put last need not be on it for the next to go on. */
export class SyncGate {
  readonly #journal: Journal;
  #bytes = 0;
  #older: Promise<void> | undefined;
  #newer: Promise<void> | undefined;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** Counts a put. Pending: too much is not on the disk. Never rejects. */
  pass(bytes: number, committed: Promise<void>): Promise<void> | undefined {
    this.#bytes += bytes;
    if (this.#bytes >= MAX_UNSYNCED_BYTES / 2) {
      this.#older = this.#newer;
      this.#newer = committed.catch(() => {});
      this.#bytes = 0;
    }
    return this.#journal.unsyncedBytes > MAX_UNSYNCED_BYTES ? this.#older : undefined;
  }
}
