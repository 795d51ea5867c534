import type { Position } from "sluice/plugin";
import type { Head } from "./head.ts";

const HEAD_SUFFIX = "#head";
const MAX_ABSENT = 1000;

/** How far a file has been read, and how it began. */
export interface Progress {
  /** Behind the last line that was emitted. */
  readonly offset: number;
  readonly head?: Head | undefined;
}

/** Writes the progress of a file as a position. */
export function positionOf(key: string, { offset, head }: Progress): Position {
  return head === undefined ? { [key]: offset } : { [key]: offset, [key + HEAD_SUFFIX]: head };
}

/** Remembers files that are known and not followed at present, so that they are not read twice. */
export class ProgressBook {
  readonly #absent = new Map<string, Progress>();
  #forgotten: string[] = [];

  constructor(resume: Position = {}) {
    for (const [key, offset] of Object.entries(resume)) {
      if (typeof offset !== "number") continue;
      const head = resume[key + HEAD_SUFFIX];
      this.#absent.set(key, { offset, head: typeof head === "string" ? head : undefined });
    }
  }

  /** Files that are known and not followed. */
  get absent(): ReadonlyMap<string, Progress> {
    return this.#absent;
  }

  /** Hands over what is known of a file that is followed from now on. */
  take(key: string): Progress | undefined {
    const progress = this.#absent.get(key);
    this.#absent.delete(key);
    return progress;
  }

  /** Remembers a file that is no longer followed; of too many, the oldest are forgotten. */
  put(key: string, progress: Progress): void {
    this.#absent.set(key, progress);
    for (const oldest of this.#absent.keys()) {
      if (this.#absent.size <= MAX_ABSENT) return;
      this.#absent.delete(oldest);
      this.forget(oldest);
    }
  }

  /** Notes that a file is gone for good. */
  forget(key: string): void {
    this.#forgotten.push(key);
  }

  /** The marks that make a position forget the files that are gone; given out once, in front of a newer position. */
  takeForgotten(): Position | undefined {
    if (this.#forgotten.length === 0) return undefined;
    const keys = this.#forgotten.filter((key) => !this.#absent.has(key));
    this.#forgotten = [];
    return Object.fromEntries(keys.flatMap((key) => [[key, null], [key + HEAD_SUFFIX, null]]));
  }
}
