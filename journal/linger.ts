import { setImmediate } from "node:timers";
import type { JournalOptions } from "./options.ts";
import type { Writer } from "./writer.ts";

const MAX_LINGER_MS = 5;
/** With so much to write, writing is what takes the time. */
const LARGE_BYTES = 1024 * 1024;

/**
 * Decides when a commit begins. Those whose appends were just answered are likely to come back at once; a sync that does
 * not wait for them serves one half of the senders at a time, each at half the rate.
 */
export class Linger {
  readonly #writer: Writer;
  readonly #maxMs: number;
  #expectedGroups = 0;
  #lastMs = 0;

  constructor(writer: Writer, { sync = "always", maxLingerMs = MAX_LINGER_MS }: JournalOptions) {
    this.#writer = writer;
    this.#maxMs = sync === "always" ? maxLingerMs : 0;
  }

  /** Lets appends come that belong to the next commit. */
  async wait(): Promise<void> {
    await turn();
    if (this.#maxMs === 0 || this.#expectedGroups < 2) return;
    const endMs = performance.now() + Math.min(this.#maxMs, this.#lastMs / 2);
    while (this.#isWorthIt && performance.now() < endMs) await turn();
  }

  /** A sync has answered so many appends in that time. */
  answered(groups: number, ms: number): void {
    this.#expectedGroups = groups + this.#writer.pendingGroups;
    this.#lastMs = ms;
  }

  get #isWorthIt(): boolean {
    return this.#writer.pendingGroups < this.#expectedGroups && this.#writer.unsyncedBytes < LARGE_BYTES;
  }
}

/** One turn of the event loop, so that sockets and timers get theirs. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
