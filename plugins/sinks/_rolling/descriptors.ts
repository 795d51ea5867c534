/** One that has an open file for the operating system, and opens it again when it needs it. */
export interface Described {
  park(): void;
}

const MAX_DESCRIPTORS = 512;
/** Deno lets the file be written to meanwhile, by a second descriptor. */
const FOR_SYNC = 2;

/**
 * Bounds what the files of all sinks in this process have open for the operating system, however many are being written,
 * wait to be finished, or are being forced to disk: the one that was used longest ago is parked.
 */
export class Descriptors {
  readonly #limit: number;
  /** The one used last at the end. */
  readonly #open = new Set<Described>();
  readonly #waiting: (() => void)[] = [];
  #lent = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The file is open, and is parked once enough others have been used. */
  use(file: Described): void {
    this.#open.delete(file);
    this.#open.add(file);
    this.#shrink();
  }

  /** It has nothing open any more. */
  forget(file: Described): void {
    this.#open.delete(file);
  }

  /** Runs what forces a file of its own to disk. At most half of all are lent; who wants more waits for a turn. */
  async lend<T>(act: () => Promise<T>): Promise<T> {
    const isOver = (this.#lent + FOR_SYNC) * 2 > this.#limit && this.#lent > 0;
    if (isOver) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#lent += FOR_SYNC;
    try {
      this.#shrink();
      return await act();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#lent -= FOR_SYNC;
    }
  }

  #shrink(): void {
    for (const file of this.#open) {
      if (this.#open.size + this.#lent <= this.#limit) return;
      this.#open.delete(file);
      file.park();
    }
  }
}

/** How many files this process may have open; Infinity where that cannot be known, as in a sandbox. */
export const descriptorLimit: () => number = once(() => {
  try {
    const found = /^Max open files +(\d+)/m.exec(Deno.readTextFileSync("/proc/self/limits"));
    return found ? Number(found[1]) : Infinity;
  } catch {
    return Infinity;
  }
});

/** Those of this process. At least half of what the system grants stays for connections and all else. */
export const ownDescriptors: () => Descriptors = once(() =>
  new Descriptors(Math.min(MAX_DESCRIPTORS, Math.floor(descriptorLimit() / 2)))
);

/** What to do about an error in opening a file, for its text; nothing where it is none of descriptors. */
export function descriptorFix(cause: unknown): string {
  return cause instanceof Error && /too many open files/i.test(cause.message) ? ` (${RAISE_LIMIT})` : "";
}

/** What to do about too low a limit. */
export const RAISE_LIMIT = 'raise the limit on open files: "ulimit -n", or LimitNOFILE= of systemd';

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
