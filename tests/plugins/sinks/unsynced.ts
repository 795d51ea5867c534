import { dirname } from "node:path";

const SECTOR_BYTES = 512;

/** Takes back one change of a folder. */
interface Change {
  readonly folder: string;
  undo(): void;
}

/** Remembers what is on disk for certain, so that a power cut can take any part of the rest away. */
export class Unsynced {
  readonly #durable = new Map<string, Uint8Array>();
  #changes: Change[] = [];

  /** A file is about to be opened, which may create it. */
  opening(path: string): void {
    if (exists(path)) {
      return void (this.#durable.has(path) || this.#durable.set(path, Deno.readFileSync(path)));
    }
    this.#durable.set(path, new Uint8Array(0));
    this.#changes.push({ folder: dirname(path), undo: () => removeIfThere(path) });
  }

  /** A file is about to be renamed. */
  renaming(from: string, to: string): void {
    const replaced = exists(to) ? Deno.readFileSync(to) : undefined;
    const durable = this.#durable.get(from);
    if (durable) this.#durable.set(to, durable);
    this.#durable.delete(from);
    this.#changes.push({
      folder: dirname(to),
      undo() {
        if (!exists(to)) return;
        Deno.renameSync(to, from);
        if (replaced) Deno.writeFileSync(to, replaced);
      },
    });
  }

  /** A file is about to get a second name. */
  linking(from: string, to: string): void {
    if (exists(to)) return;
    const durable = this.#durable.get(from);
    if (durable) this.#durable.set(to, durable);
    this.#changes.push({ folder: dirname(to), undo: () => removeIfThere(to) });
  }

  /** A file is about to be removed. */
  removing(path: string): void {
    if (!exists(path)) return;
    const content = Deno.readFileSync(path);
    const link = otherName(path);
    this.#durable.delete(path);
    const undo = () => {
      if (link !== undefined && exists(link)) Deno.linkSync(link, path);
      else Deno.writeFileSync(path, content);
    };
    this.#changes.push({ folder: dirname(path), undo });
  }

  /** A sync begins; the answer is to be called when it has succeeded. */
  syncing(path: string): () => void {
    if (Deno.statSync(path).isDirectory) {
      const known = new Set(this.#changes.filter(({ folder }) => folder === path));
      return () => this.#changes = this.#changes.filter((change) => !known.has(change));
    }
    const content = Deno.readFileSync(path);
    return () => this.#durable.has(path) && this.#durable.set(path, content);
  }

  /** Leaves what was synced, and of all else some sectors, some lengths, and the names up to some moment. */
  cut(random: () => number): void {
    for (const [path, durable] of this.#durable) if (exists(path)) damage(path, durable, random);
    const kept = Math.floor(random() * (this.#changes.length + 1));
    for (const { undo } of this.#changes.slice(kept).reverse()) undo();
  }
}

function damage(path: string, durable: Uint8Array, random: () => number): void {
  const written = Deno.readFileSync(path);
  const [least, most] = [durable.length, written.length].sort((a, b) => a - b) as [number, number];
  const left = new Uint8Array(least + Math.floor(random() * (most - least + 1)));
  for (let from = 0; from < left.length; from += SECTOR_BYTES) {
    const source = random() < 0.5 ? written : durable;
    left.set(source.subarray(from, Math.min(from + SECTOR_BYTES, left.length)), from);
  }
  Deno.writeFileSync(path, left);
}

/** The name that the same file has beside this one, be it from an earlier life. */
function otherName(path: string): string | undefined {
  const { ino } = Deno.lstatSync(path);
  const folder = dirname(path);
  return Array.from(Deno.readDirSync(folder), ({ name }) => `${folder}/${name}`)
    .find((other) => other !== path && statOf(other)?.ino === ino);
}

function exists(path: string): boolean {
  return statOf(path)?.isFile === true;
}

/** Another thread may be removing it. */
function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  }
}

function removeIfThere(path: string): void {
  if (exists(path)) Deno.removeSync(path);
}
