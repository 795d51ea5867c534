import { DeliveryError } from "sluice/plugin";
import { syncFolder } from "../../_rolling/folders.ts";
import type { Upload } from "../stores/store.ts";
import { isSameTarget } from "../target.ts";

// A note says: the target has all of this staged file, and from now on it may get its name at any moment. It is on disk
// before the first try to name it, and goes when the staged file is gone for certain. After tries that were all refused it
// says that, until just before the next: only then a file that is gone cannot have been fetched by its final name.

/** A staged file that the target has. */
export interface SentNote {
  readonly upload: Upload;
  /** The name that it is to have. */
  readonly finalPath: string;
}

/** Notes of what is sent, each in a small file called like the staged one. */
export class SentNotes {
  readonly #folder: string;
  readonly #stage: string;
  readonly #target: string;
  /** Those that say so, or may. */
  readonly #unnamed = new Set<string>();
  /** Notes that go when the stage's folder is on disk. */
  #ended: string[] = [];
  #sweeping: Promise<void> | undefined;

  /** Makes the folder; `stage` is where the staged files are, and `target` what they are sent to. */
  constructor(folder: string, { stage, target }: { readonly stage: string; readonly target: string }) {
    this.#folder = folder;
    this.#stage = stage;
    this.#target = target;
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /**
   * All notes, by the names of their files. What is no whole note was never relied on, and what was sent to another target
   * is sent to this one, too.
   */
  async read(): Promise<ReadonlyMap<string, SentNote>> {
    const notes = new Map<string, SentNote>();
    for await (const { name } of Deno.readDir(this.#folder)) {
      const note = name.endsWith(".new") ? undefined : await this.#readNote(`${this.#folder}/${name}`);
      if (note) notes.set(name, note);
      else Deno.removeSync(`${this.#folder}/${name}`);
    }
    // An earlier life may have been killed before its names were on disk, and from now on they are relied on.
    if (notes.size > 0) await syncFolder(this.#folder);
    return notes;
  }

  /** Resolves when the note is on disk. When that fails, nobody knows whether it is. */
  async write(name: string, note: SentNote): Promise<void> {
    await this.#write(name, { ...note, target: this.#target });
    this.#unnamed.delete(name);
  }

  /** Every try to name the file was refused for certain, and there will be none before the next `write`. */
  async writeUnnamed(name: string, note: SentNote): Promise<void> {
    this.#unnamed.add(name);
    await this.#write(name, { ...note, target: this.#target, isUnnamed: true });
  }

  /** The file has not got its final name by any try, and its note may say so. */
  isUnnamed(name: string): boolean {
    return this.#unnamed.has(name);
  }

  /** Takes a note back: what it says does not hold any more. */
  async remove(name: string): Promise<void> {
    removeIfThere(`${this.#folder}/${name}`);
    await syncFolder(this.#folder);
  }

  /** The staged file is removed; its note goes as soon as that is on disk. */
  async end(name: string): Promise<void> {
    this.#ended.push(name);
    // Many share one sync; the next one, for the one that is under way began before this file was removed.
    while (this.#sweeping) await this.#sweeping;
    if (!this.#ended.includes(name)) return;
    this.#sweeping = this.#sweep().finally(() => this.#sweeping = undefined);
    await this.#sweeping;
  }

  async #write(
    name: string,
    fields: SentNote & { readonly target: string; readonly isUnnamed?: true },
  ): Promise<void> {
    const path = `${this.#folder}/${name}`;
    try {
      await writeFile(`${path}.new`, new TextEncoder().encode(JSON.stringify(fields)));
      Deno.renameSync(`${path}.new`, path);
      await syncFolder(this.#folder);
    } catch (cause) {
      throw new DeliveryError(`Cannot write "${path}": see that its disk has room`, { cause });
    }
  }

  async #readNote(path: string): Promise<SentNote | undefined> {
    try {
      const { upload, finalPath, target, isUnnamed } = JSON.parse(await Deno.readTextFile(path));
      if (isUnnamed === true) this.#unnamed.add(path.slice(this.#folder.length + 1));
      const isNote = [upload?.path, finalPath, target].every((part) => typeof part === "string");
      return isNote && isSameTarget(target, this.#target) ? { upload, finalPath } : undefined;
    } catch (cause) {
      if (cause instanceof SyntaxError) return undefined;
      throw cause;
    }
  }

  async #sweep(): Promise<void> {
    const names = this.#ended;
    this.#ended = [];
    await syncFolder(this.#stage);
    for (const name of names) removeIfThere(`${this.#folder}/${name}`);
  }
}

async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true, mode: 0o600 });
  for (let from = 0; from < bytes.length;) from += file.writeSync(bytes.subarray(from));
  await file.syncData();
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
  }
}
