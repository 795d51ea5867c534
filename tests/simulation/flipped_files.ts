import type { FolderEntries } from "./folder_entries.ts";
import type { CachedFile } from "./page_cache.ts";

/** Files in which a bit was turned over, by the names that they had or have: only there may damage be reported. */
export class FlippedFiles {
  #names: { readonly path: string; readonly file: CachedFile }[] = [];
  readonly #entries: FolderEntries;

  constructor(entries: FolderEntries) {
    this.#entries = entries;
  }

  add(path: string, file: CachedFile): void {
    if (!this.#names.some((name) => name.path === path && name.file === file)) {
      this.#names.push({ path, file });
    }
  }

  /** Learns the names that the files have at this moment. */
  follow(): void {
    const files = new Set(this.#names.map(({ file }) => file));
    for (const [path, file] of this.#entries.all()) if (files.has(file)) this.add(path, file);
  }

  /** True for such a file, and for a folder that has one. */
  has(path: string): boolean {
    this.follow();
    return this.#names.some((name) => name.path === path || name.path.startsWith(`${path}/`));
  }

  /** True while no segment has been damaged: then nothing may be lost, whatever became of the checkpoints. */
  get spareLog(): boolean {
    return !this.#names.some(({ path }) => path.includes(".seg"));
  }

  /** Forgets files that are gone, or were set aside. */
  forgetGone(): void {
    const used = this.#entries.files((path) => !path.endsWith(".cut"));
    this.#names = this.#names.filter(({ file }) => used.has(file));
  }
}
