import { UploadNotes } from "./upload_notes.ts";

/** A server that was asked to make a file, and heard no more of it, does that after minutes at most: then it gives up, too. */
const WATCH_MS = 15 * 60_000;

/**
 * Names under which files were begun that nobody wants any more. Such a file may still appear: the server that was asked for
 * it may be slow to hear that the asker is gone. So each try has a name of its own, and those of earlier tries, also of
 * another life, are watched for some time.
 */
export class LeftNames {
  readonly #notes: UploadNotes;
  readonly #now: () => number;
  /** Since when they were seen to be left. */
  readonly #sinceMs = new Map<string, number>();
  /** Others use them. */
  readonly #avoided = new Set<string>();
  #removing: { readonly name: string; readonly done: Promise<boolean> } | undefined;

  /** The names are kept in a file at `notesPath`; `now` never goes back. */
  constructor(notesPath: string, now: () => number = () => performance.now()) {
    this.#notes = new UploadNotes(notesPath);
    this.#now = now;
  }

  /** The name for a try: the one that is wished for, or one like it. */
  choose(wish: string): string {
    let name = wish;
    for (let count = 1; this.#isUsed(name); count++) name = anotherName(wish, count);
    this.#notes.add(name);
    return name;
  }

  /** What has this name since another life is wanted. */
  keep(name: string): void {
    this.#notes.add(name);
  }

  /** Nothing is wanted of what may be there, or appear there. */
  leave(name: string): void {
    this.#notes.giveUp(name);
    this.#sinceMs.set(name, this.#now());
  }

  /** What was tried has gone to another name. */
  settle(name: string): void {
    if (this.#notes.isSuspect(name)) this.leave(name);
    else this.#notes.remove(name);
  }

  /** What is there is another's. */
  avoid(name: string): void {
    this.forget(name);
    this.#avoided.add(name);
  }

  /** Nothing is left. */
  forget(name: string): void {
    this.#sinceMs.delete(name);
    this.#notes.remove(name);
  }

  /** What will be there is wanted: resolves when nothing takes it away any more. */
  async release(name: string): Promise<void> {
    this.forget(name);
    if (this.#removing?.name === name) await this.#removing.done.catch(() => {});
  }

  /** Takes away what is there by now; `remove` tells whether something was. */
  async sweep(remove: (name: string) => Promise<boolean>): Promise<void> {
    for (const name of this.#notes.suspects) {
      if (!this.#isLeft(name)) continue;
      const sinceMs = this.#sinceMs.get(name) ?? this.#now();
      this.#sinceMs.set(name, sinceMs);
      this.#removing = { name, done: remove(name).catch(isOfOneName) };
      const wasThere = await this.#removing.done;
      if (!wasThere && this.#isLeft(name) && this.#now() - sinceMs >= WATCH_MS) this.avoid(name);
    }
  }

  #isUsed(name: string): boolean {
    return this.#notes.isOpen(name) || this.#notes.isSuspect(name) || this.#avoided.has(name);
  }

  #isLeft(name: string): boolean {
    return this.#notes.isSuspect(name) && !this.#notes.isOpen(name);
  }
}

/** What is refused for one name for good holds up no other. */
function isOfOneName(cause: unknown): false {
  if (cause instanceof Error && (cause as { canRetry?: unknown }).canRetry === false) return false;
  throw cause;
}

/** It begins and ends as the name does: by that others know that they are to leave it alone. */
function anotherName(path: string, count: number): string {
  const dot = path.indexOf(".", path.lastIndexOf("/") + 2);
  const at = dot < 0 ? path.length : path.lastIndexOf(".");
  return `${path.slice(0, at)}.retry${count}${path.slice(at)}`;
}
