import { DeliveryError } from "sluice/plugin";

/**
 * The keys of uploads that were begun and not yet ended, in a small file: what a killed process leaves in a bucket cannot
 * be seen there, but costs. A power cut may take the last notes along; that costs no event.
 */
export class UploadNotes {
  readonly #path: string;
  readonly #open = new Set<string>();
  readonly #suspect: Set<string>;

  /** A file that is not there, or cannot be understood, has no notes. */
  constructor(path: string) {
    this.#path = path;
    this.#suspect = new Set(readNotes(path));
  }

  /** Keys for which something may be left of another life, or of an upload that could not be taken away. */
  get suspects(): readonly string[] {
    return [...this.#suspect];
  }

  /** Something may be left for this key that nobody will complete. */
  isSuspect(key: string): boolean {
    return this.#suspect.has(key);
  }

  /** An upload of this life is under way for this key. */
  isOpen(key: string): boolean {
    return this.#open.has(key);
  }

  /** Before the upload is begun. One that could not be noted is not. @throws {DeliveryError} */
  add(key: string): void {
    if (this.#open.has(key)) return;
    this.#open.add(key);
    try {
      this.#write();
    } catch (cause) {
      this.#open.delete(key);
      throw cause;
    }
  }

  /** The upload was given up, and the server did not hear of it. */
  suspect(key: string): void {
    this.#suspect.add(key);
  }

  /** The upload was given up, and something of it may be left. Never throws: what was noted is noted still. */
  giveUp(key: string): void {
    const isNoted = this.#open.delete(key) || this.#suspect.has(key);
    this.#suspect.add(key);
    if (isNoted) return;
    try {
      this.#write();
    } catch {
      // The next note has this one, too; until then only this life knows of it.
    }
  }

  /** Nothing is left for this key. */
  remove(key: string): void {
    const wasThere = [this.#open.delete(key), this.#suspect.delete(key)].includes(true);
    if (wasThere) this.#write();
  }

  #write(): void {
    const temporary = `${this.#path}.new`;
    try {
      Deno.writeTextFileSync(temporary, JSON.stringify([...new Set([...this.#suspect, ...this.#open])]));
      Deno.renameSync(temporary, this.#path);
    } catch (cause) {
      throw new DeliveryError(`Cannot write "${this.#path}": see that its folder is there and has room`, {
        cause,
      });
    }
  }
}

function readNotes(path: string): string[] {
  try {
    const notes: unknown = JSON.parse(Deno.readTextFileSync(path));
    return Array.isArray(notes) ? notes.filter((key) => typeof key === "string") : [];
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || cause instanceof SyntaxError) return [];
    throw cause;
  }
}
