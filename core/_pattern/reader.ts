/** What the letters in `(?imsxd)` switch. */
export interface Flags {
  readonly fold: boolean;
  readonly unicodeFold: boolean;
  readonly dotAll: boolean;
  readonly multiLine: boolean;
  readonly comments: boolean;
  readonly unixLines: boolean;
}

/** No flag is set. */
export const NO_FLAGS: Flags = {
  fold: false,
  unicodeFold: false,
  dotAll: false,
  multiLine: false,
  comments: false,
  unixLines: false,
};

/** The text of an expression, read from left to right under changing flags. */
export class Reader {
  readonly source: string;
  readonly #text: string;
  #at = 0;
  flags: Flags = NO_FLAGS;

  constructor(source: string) {
    this.source = source;
    this.#text = unquote(source);
  }

  /** True behind the last character. */
  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Takes some text if it comes next. */
  take(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
    return true;
  }

  /** Takes what a sticky expression matches here. */
  takeMatch(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text);
    if (!found) return undefined;
    this.#at = sticky.lastIndex;
    return found;
  }

  /** Whether some text comes next. */
  sees(expected: string): boolean {
    return this.#text.startsWith(expected, this.#at);
  }

  /** Takes one code point; the expression must not be at its end. */
  next(): number {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) throw this.error("it ends too early");
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }

  /** Passes over white space and comments where the `x` flag is set. */
  skipComments(): void {
    if (this.flags.comments) this.takeMatch(/(?:[\t-\r ]|#[^\n\r]*)*/y);
  }

  /** A complaint about what stands before the present place. */
  error(reason: string): SyntaxError {
    return new SyntaxError(`Cannot read ${this.source} at character ${this.#at + 1}: ${reason}`);
  }
}

/** Turns \Q…\E into single quoted characters. */
function unquote(source: string): string {
  return source.replace(/\\Q([^]*?)(?:\\E|$)|\\[^]/g, (pair, quoted: string | undefined) => {
    return quoted === undefined ? pair : quoted.replace(/[^A-Za-z0-9\x80-\uffff]/g, "\\$&");
  });
}
