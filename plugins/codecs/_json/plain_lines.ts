import { Buffer } from "node:buffer";
import { type Column, EventBatch } from "sluice/plugin";

/** An event on one line without any escape: its body can stay where it is. */
const PLAIN_LINE =
  // deno-lint-ignore no-control-regex -- JSON forbids them inside strings.
  /\{"headers": ?\{((?:"[^"\\\0-\x1F]*": ?"[^"\\\0-\x1F]*"(?:, ?(?=")|(?=\})))*)\}, ?"body": ?"([^"\\\0-\x1F]*)"\}\r?(?:\n|$)/y;
/** Different header texts that are remembered within one batch. */
const MAX_REMEMBERED = 1000;

/**
 * Finds events in lines of plain shape without parsing or copying bodies; undefined when any line is of another shape.
 * The batch holds the lines, the text is theirs in latin1.
 */
export function readPlainLines(lines: EventBatch): EventBatch | undefined {
  const { text, base } = lines.latin1();
  const starts = new Uint32Array(lines.size);
  const ends = new Uint32Array(lines.size);
  const headers = new HeaderColumns(lines.size);
  PLAIN_LINE.lastIndex = 0;
  for (let index = 0; index < lines.size; index++) {
    // A header text or body never crosses a line: it holds no control character.
    PLAIN_LINE.lastIndex = lines.starts[index]! - base;
    const found = PLAIN_LINE.exec(text);
    if (!found) return undefined;
    const bodyStart = found.index + found[0].lastIndexOf('"', found[0].lastIndexOf('"') - 1) + 1;
    starts[index] = base + bodyStart;
    ends[index] = base + bodyStart + found[2]!.length;
    headers.set(index, found[1]!);
  }
  return new EventBatch({ block: lines.block, starts, ends, size: lines.size, headers: headers.columns() });
}

/** Header columns, filled from the JSON text between the braces of each event. */
class HeaderColumns {
  readonly #size: number;
  readonly #columns = new Map<string, (string | undefined)[]>();
  readonly #parsed = new Map<string, readonly [string, string][]>();
  readonly #texts = new Set<string>();

  constructor(size: number) {
    this.#size = size;
  }

  set(index: number, text: string): void {
    if (this.#texts.size < 2) this.#texts.add(text);
    for (const [name, value] of this.#entries(text)) this.#column(name)[index] = value;
  }

  /** A column whose events all had the same header text is one value. */
  columns(): ReadonlyMap<string, Column> {
    if (this.#texts.size !== 1) return this.#columns;
    return new Map(this.#columns.entries().map(([name, values]) => [name, values[0]!] as const));
  }

  #column(name: string): (string | undefined)[] {
    const known = this.#columns.get(name);
    if (known) return known;
    const made = new Array<string | undefined>(this.#size).fill(undefined);
    this.#columns.set(name, made);
    return made;
  }

  #entries(text: string): readonly [string, string][] {
    const known = this.#parsed.get(text);
    if (known) return known;
    const parsed = Object.entries<string>(JSON.parse(`{${Buffer.from(text, "latin1").toString("utf8")}}`));
    if (this.#parsed.size < MAX_REMEMBERED) this.#parsed.set(text, parsed);
    return parsed;
  }
}
