import type { CachedFile } from "./page_cache.ts";
import type { Random } from "./random.ts";

/** One call that changed names: each path with the file that it names afterwards, undefined for none. */
interface Change {
  readonly folders: readonly string[];
  readonly names: readonly (readonly [path: string, file: CachedFile | undefined])[];
}

/**
 * The names of files twice: as processes see them, and as the disk holds them. A change is durable once its folder was
 * synced; at a power cut the others happen in part: the first few of them, or any of them.
 */
export class FolderEntries {
  #live = new Map<string, CachedFile>();
  #durable = new Map<string, CachedFile>();
  #pending: Change[] = [];

  get(path: string): CachedFile | undefined {
    return this.#live.get(path);
  }

  /** Every path with its file, in the order of names. */
  all(): [path: string, file: CachedFile][] {
    return [...this.#live].sort(([one], [other]) => one < other ? -1 : 1);
  }

  /** Every file that has a name, in the eyes of processes or on the disk. */
  files(isMeant: (path: string) => boolean = () => true): ReadonlySet<CachedFile> {
    const entries = [...this.#live, ...this.#durable];
    return new Set(entries.flatMap(([path, file]) => isMeant(path) ? [file] : []));
  }

  list(folder: string): string[] {
    return this.all().filter(([path]) => folderOf(path) === folder).map(([path]) =>
      path.slice(folder.length + 1)
    );
  }

  /** True when the disk holds a file of this name, whatever processes see. */
  isDurable(path: string): boolean {
    return this.#durable.has(path);
  }

  change(...names: Change["names"]): void {
    apply(this.#live, names);
    this.#pending.push({ folders: names.map(([path]) => folderOf(path)), names });
  }

  /** Begins a sync of one folder; calling the answer ends it: the changes made before it began are durable. */
  beginSync(folder: string): () => void {
    const covered = new Set(this.#pending.filter(({ folders }) => folders.includes(folder)));
    return () => {
      for (const change of this.#pending) if (covered.has(change)) apply(this.#durable, change.names);
      this.#pending = this.#pending.filter((change) => !covered.has(change));
    };
  }

  cutPower(random: Random): void {
    const isOrdered = random.chance(0.5);
    const kept = random.below(this.#pending.length + 1);
    // Removals reach the disk in their order: a journal that lost a later file but not an earlier one would have a gap.
    for (const [index, { names }] of this.#pending.entries()) {
      const isInOrder = isOrdered || names.every(([, file]) => file === undefined);
      if (isInOrder ? index < kept : random.chance(0.5)) apply(this.#durable, names);
    }
    this.#pending = [];
    this.#live = new Map(this.#durable);
  }
}

function apply(entries: Map<string, CachedFile>, names: Change["names"]): void {
  for (const [path, file] of names) {
    if (file === undefined) entries.delete(path);
    else entries.set(path, file);
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
