import type { Random } from "./random.ts";

/** What a disk can be asked to do; each is one point at which it can fail, or at which the power can go. */
export type Operation =
  | "create"
  | "open"
  | "read"
  | "write"
  | "sync"
  | "truncate"
  | "list"
  | "rename"
  | "remove"
  | "makeFolder"
  | "syncFolder"
  | "lock";

/** Errors carry the system's code, as Deno's do. */
export function diskError(code: "EIO" | "ENOSPC" | "ENOENT" | "EEXIST", path: string): Error {
  const texts = {
    EIO: "Input/output error (os error 5)",
    ENOSPC: "No space left on device (os error 28)",
    ENOENT: "No such file or directory (os error 2)",
    EEXIST: "File exists (os error 17)",
  };
  const text = `${texts[code]}: "${path}"`;
  const error = code === "ENOENT"
    ? new Deno.errors.NotFound(text)
    : code === "EEXIST"
    ? new Deno.errors.AlreadyExists(text)
    : new Error(text);
  return Object.assign(error, { code });
}

/** Which operations fail: one of a certain number, or some of a kind at random. */
export class DiskFaults {
  /** How likely each operation is to fail. */
  odds: Partial<Record<Operation, number>> = {};
  /** The operation, counted from 1 since the disk was made, that fails. */
  failAt = 0;
  /** The operation in whose middle the power goes. */
  cutAt = 0;
  /** Operations so far. */
  count = 0;
  /** Failures so far. */
  injected = 0;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Counts an operation and says whether it fails. */
  strikes(operation: Operation): boolean {
    this.count++;
    const odds = this.odds[operation] ?? 0;
    if (this.count !== this.failAt && !(odds > 0 && this.#random.chance(odds))) return false;
    this.injected++;
    return true;
  }

  /** True when the power goes during the operation that was counted last. */
  get cutsPower(): boolean {
    return this.count === this.cutAt;
  }
}
