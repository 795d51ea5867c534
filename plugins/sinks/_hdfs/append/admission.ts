import { type Context, PoisonError } from "sluice/plugin";
import type { BucketPart } from "../../_rolling/rolling_files.ts";
import { folderOf } from "../buckets.ts";
import type { AppendStore } from "../stores/store.ts";

/** Folders that are remembered. */
const MAX_FOLDERS = 20_000;
/** After so long a folder that was refused is asked for again. */
const REFUSED_MS = 10_000;
/** Without an answer by then the files themselves will show how the target is. */
const PATIENCE_MS = 2000;

/**
 * Asks before the first file of a folder whether there may be one: an append that is refused for good would hold up the
 * appends to all others, for their positions are one.
 */
export class Admission {
  readonly #appends: AppendStore;
  readonly #context: Context;
  readonly #known = new Set<string>();
  readonly #refusals = new Map<string, { readonly cause: Error; readonly untilMs: number }>();

  constructor(appends: AppendStore, context: Context) {
    this.#appends = appends;
    this.#context = context;
  }

  /** The same parts. @throws {PoisonError} naming the events whose folder the target refuses. */
  check(parts: readonly BucketPart[]): readonly BucketPart[] | Promise<readonly BucketPart[]> {
    if (parts.every(({ bucket }) => this.#known.has(folderOf(bucket)))) return parts;
    return this.#ask(parts);
  }

  async #ask(parts: readonly BucketPart[]): Promise<readonly BucketPart[]> {
    const folders = new Set(parts.map(({ bucket }) => folderOf(bucket)));
    for (const folder of folders) {
      const cause = this.#known.has(folder) ? undefined : await this.#refusal(folder);
      if (!cause) continue;
      const indexes = parts.filter(({ bucket }) => folderOf(bucket) === folder).flatMap(indexesOf);
      throw new PoisonError(`The target takes no files in "${folder}"`, indexes.sort((a, b) => a - b), {
        cause,
      });
    }
    return parts;
  }

  async #refusal(folder: string): Promise<Error | undefined> {
    const { clock } = this.#context;
    const known = this.#refusals.get(folder);
    if (known && clock.now() < known.untilMs) return known.cause;
    const answer = await this.#answer(folder);
    if (answer === "unknown") return undefined;
    for (const kept of [this.#known, this.#refusals]) if (kept.size >= MAX_FOLDERS) kept.clear();
    if (answer === "none") {
      this.#known.add(folder);
      return undefined;
    }
    this.#refusals.set(folder, { cause: answer, untilMs: clock.now() + REFUSED_MS });
    return answer;
  }

  async #answer(folder: string): Promise<Error | "none" | "unknown"> {
    const { clock, signal, stopSignal = signal } = this.#context;
    const patience = new AbortController();
    const late = clock.sleep(PATIENCE_MS, AbortSignal.any([signal, stopSignal, patience.signal]));
    try {
      return await Promise.race([this.#appends.refusal!(folder), late.then(() => "unknown" as const)]);
    } finally {
      patience.abort();
    }
  }
}

function indexesOf({ batch, indexes }: BucketPart): number[] {
  return Array.from(indexes ?? Array.from({ length: batch.size }, (_, index) => index));
}
