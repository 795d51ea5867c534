import { type Context, errorText } from "sluice/plugin";
import type { FileStore } from "../stores/store.ts";

const INTERVAL_MS = 10_000;
/** At the end: so long it may hold up. */
const END_MS = 2000;

/** Takes away what tries that were given up have left at a target, from time to time and at the end. */
export class Sweeping {
  readonly #store: FileStore;
  readonly #context: Context;
  readonly #end = new AbortController();
  #hasBegun = false;
  #running: Promise<void> | undefined;

  constructor(store: FileStore, context: Context) {
    this.#store = store;
    this.#context = context;
  }

  /** Goes on by itself: a target that is away holds up nothing. */
  begin(): void {
    this.#hasBegun = true;
    if (this.#store.sweep) void this.#keepOn();
  }

  /** Before the start is through nobody knows what is left, and what is wanted. */
  async close(): Promise<void> {
    if (this.#end.signal.aborted || !this.#hasBegun) return;
    this.#end.abort();
    const done = new AbortController();
    await Promise.race([this.#sweep(), this.#context.clock.sleep(END_MS, done.signal)]);
    done.abort();
  }

  async #keepOn(): Promise<void> {
    const end = AbortSignal.any([this.#end.signal, this.#context.signal]);
    while (!end.aborted) {
      await this.#sweep();
      await this.#context.clock.sleep(INTERVAL_MS, end);
    }
  }

  /** Two who want that wait for one. */
  async #sweep(): Promise<void> {
    this.#running ??= Promise.resolve(this.#store.sweep?.())
      .catch((cause) => this.#context.log.debug(`What was left stays for now: ${errorText(cause)}`))
      .finally(() => this.#running = undefined);
    await this.#running;
  }
}
