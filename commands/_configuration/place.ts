import type { ConfigurationText } from "../_pipeline_file.ts";
import type { ChangeListener } from "../_reload.ts";

const MAX_TOLD = 100;

/** One place that a part of a configuration is read from. */
export interface ConfigurationPlace {
  /** What it is called: a path, an address, a node. */
  readonly name: string;
  /**
   * Reads it as it stands now.
   * @throws {Error} when it cannot be read.
   */
  read(): Promise<ConfigurationText>;
  /** Tells of changes since the last `read` until the answer is called. */
  watch(listener: ChangeListener): () => void;
  /** Lets go of connections. */
  close?(): void;
}

/** Tells which failures are news: each is, once, until all has been well in between. */
export class Complaints {
  readonly #told = new Set<string>();

  isNew(text: string): boolean {
    if (this.#told.has(text)) return false;
    if (this.#told.size >= MAX_TOLD) this.#told.clear();
    this.#told.add(text);
    return true;
  }

  clear(): void {
    this.#told.clear();
  }
}
