import { BodyTexts } from "./body_texts.ts";
import type { EventBatch } from "./event_batch.ts";
import type { Parsed } from "./_pattern/node.ts";
import { parsePattern, touchedSet } from "./_pattern/parse.ts";
import { type PrintOptions, printPattern } from "./_pattern/print.ts";

/** A match: its text, then the text of each group; groups count as they do in the written expression. */
export type PatternMatch = readonly (string | undefined)[] & { readonly 0: string; readonly index: number };

interface Form {
  readonly regexp: RegExp;
  readonly groupPlaces: readonly number[] | undefined;
}

const PAIR = /[\ud800-\udfff]/;
const TERMINATOR = /[\n\r\x85\u2028\u2029]/;

/**
 * A regular expression as a pipeline writes it: Java's syntax and sense, run by JavaScript's engine. Three differences
 * remain: a group inside a repetition forgets its text at each turn, a reference to a group that took no part matches
 * the empty text instead of failing, and `\b` knows words in ASCII only, as Java does since 19.
 */
export class Pattern {
  /** The text that was written. */
  readonly source: string;
  /** Groups in the expression, the whole match not counted. */
  readonly groupCount: number;
  /** Names of groups and their numbers. */
  readonly groupNames: ReadonlyMap<string, number>;
  /** True when a match can neither hold nor depend on anything beyond ASCII. */
  readonly asciiOnly: boolean;
  readonly #parsed: Parsed;
  readonly #forms: (Form | undefined)[] = [];
  readonly #plain: Form;
  /** Whether an end of text after a line terminator is a case of its own. */
  readonly #asksForEnd: boolean;

  /** @throws {SyntaxError} that names what cannot be read, and where. */
  constructor(source: string) {
    this.source = source;
    this.#parsed = parsePattern(source);
    this.groupCount = this.#parsed.groupCount;
    this.groupNames = this.#parsed.groupNames;
    this.asciiOnly = (touchedSet(this.#parsed.root)?.at(-1) ?? Infinity) < 0x80;
    const plain = { pairs: false, terminators: "not-last", whole: false } as const;
    const ended = printPattern(this.#parsed, { ...plain, terminators: "any" }).source;
    this.#plain = this.#compile(plain, "");
    this.#asksForEnd = ended !== this.#plain.regexp.source;
  }

  /** The expression in JavaScript, for text without line terminators at its end and without surrogate pairs. */
  get regexp(): RegExp {
    return this.#plain.regexp;
  }

  /** Whether a match stands anywhere in the text (Java's `find`). */
  test(text: string): boolean {
    return this.#form(text).regexp.test(text);
  }

  /** Whether the whole text is a match (Java's `matches`). */
  matches(text: string): boolean {
    return this.#form(text, { whole: true }).regexp.test(text);
  }

  /** The first match in the text. */
  exec(text: string): PatternMatch | null {
    return matchOf(this.#form(text), text);
  }

  /** The text with every match replaced by what `expand` makes of it; undefined when there is none. */
  replaceAll(text: string, expand: (match: PatternMatch) => string): string | undefined {
    const form = this.#form(text, { global: true });
    form.regexp.lastIndex = 0;
    let [replaced, from, found] = ["", 0, false];
    for (let match = matchOf(form, text); match; match = matchOf(form, text)) {
      const behind = match.index + match[0].length;
      if (behind === match.index) form.regexp.lastIndex = behind + (PAIR.test(text.charAt(behind)) ? 2 : 1);
      if (behind === match.index && isInsidePair(text, behind)) continue;
      replaced += text.slice(from, match.index) + expand(match);
      [from, found] = [behind, true];
    }
    return found ? replaced + text.slice(from) : undefined;
  }

  /** Which events hold a match in their body: 1 for yes. */
  testAll(batch: EventBatch): Uint8Array {
    const found = new Uint8Array(batch.size);
    const texts = new BodyTexts(batch, this.asciiOnly);
    const { regexp } = this.#plain;
    for (let index = 0; index < batch.size; index++) {
      const text = texts.at(index);
      const plain = !texts.isWide(index) && (!this.#asksForEnd || !endsLine(text));
      found[index] = (plain ? regexp : this.#form(text).regexp).test(text) ? 1 : 0;
    }
    return found;
  }

  /** Visits each event in order with the first match in its body. */
  execAll(batch: EventBatch, visit: (index: number, match: PatternMatch | null) => void): void {
    const texts = new BodyTexts(batch, this.asciiOnly);
    const plainForm = this.#plain;
    for (let index = 0; index < batch.size; index++) {
      const text = texts.at(index);
      const plain = !texts.isWide(index) && (!this.#asksForEnd || !endsLine(text));
      visit(index, matchOf(plain ? plainForm : this.#form(text), text));
    }
  }

  toString(): string {
    return this.source;
  }

  toJSON(): string {
    return this.source;
  }

  /** The expression as it must be for a text. */
  #form(text: string, use: { readonly whole?: boolean; readonly global?: boolean } = {}): Form {
    const { whole = false, global = false } = use;
    const pairs = !this.asciiOnly && PAIR.test(text);
    const terminators = !this.#asksForEnd || !endsLine(text)
      ? "not-last"
      : text.search(TERMINATOR) === text.length - 1 && !text.endsWith("\x85")
      ? "only-last"
      : "any";
    if (!pairs && !whole && !global && terminators === "not-last") return this.#plain;
    const place = (pairs ? 1 : 0) + (whole ? 2 : 0) + (global ? 4 : 0) +
      8 * ["not-last", "only-last", "any"].indexOf(terminators);
    return this.#forms[place] ??= this.#compile({ pairs, terminators, whole }, global ? "g" : "");
  }

  #compile(options: PrintOptions, flags: string): Form {
    const { source, groupPlaces } = printPattern(this.#parsed, options);
    return { regexp: new RegExp(source, flags), groupPlaces };
  }
}

let linear: boolean | undefined;

/**
 * Whether the engine finishes run-away expressions in linear time: it does when the process was started with
 * `--v8-flags=--enable-experimental-regexp-engine-on-excessive-backtracks`. Asked once; costs up to 50 ms where it does not.
 */
export function linearFallbackActive(): boolean {
  if (linear !== undefined) return linear;
  const startMs = performance.now();
  /^(a+)+$/.test("a".repeat(20) + "b");
  return linear = performance.now() - startMs < 10;
}

function matchOf({ regexp, groupPlaces }: Form, text: string): PatternMatch | null {
  const found = regexp.exec(text);
  if (!found || !groupPlaces) return found;
  return Object.assign(groupPlaces.map((place) => found[place]), {
    index: found.index,
  }) as unknown as PatternMatch;
}

function endsLine(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last === 10 || last === 13 || last === 0x85 || last === 0x2028 || last === 0x2029;
}

function isInsidePair(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xdc00 && (text.charCodeAt(index - 1) & 0xfc00) === 0xd800;
}
