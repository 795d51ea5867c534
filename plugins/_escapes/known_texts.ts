import type { Column } from "sluice/plugin";

type Level = Map<number | string, Level | string>;

const MAX_CHARS = 2 ** 21;
/** What an entry costs beside its texts, so that many short ones are limited as well. */
const ENTRY_CHARS = 64;

/** Texts that were made before: by the span of time they are for, then by the value of one header after another. */
export class KnownTexts {
  readonly #spans: Level = new Map();
  #chars = 0;

  get(span: number, columns: readonly (Column | undefined)[], index: number): string | undefined {
    let level = this.#spans.get(span);
    for (const column of columns) {
      if (typeof level !== "object") return undefined;
      level = level.get(valueAt(column, index) ?? "");
    }
    return level as string | undefined;
  }

  /** Remembers a text; forgets all others when they have become too many. */
  set(span: number, values: readonly string[], text: string): void {
    this.#chars += values.reduce((sum, value) => sum + value.length, text.length) + ENTRY_CHARS;
    if (this.#chars > MAX_CHARS) {
      this.#spans.clear();
      this.#chars = 0;
    }
    const keys = [span, ...values.map(ownCopy)];
    const last = keys.pop()!;
    let level = this.#spans;
    for (const key of keys) {
      let next = level.get(key) as Level | undefined;
      if (next === undefined) level.set(key, next = new Map());
      level = next;
    }
    level.set(last, text);
  }
}

/** The value of one event. */
export function valueAt(column: Column | undefined, index: number): string | undefined {
  return typeof column === "object" ? column[index] : column;
}

/** A text that keeps no larger one alive of which it may be a slice. */
function ownCopy(text: string): string {
  return ` ${text}`.slice(1);
}
