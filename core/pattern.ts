/** A regular expression as a pipeline writes it: Java's syntax where the two languages differ. */
export class Pattern {
  /** The text that was written. */
  readonly source: string;
  readonly regexp: RegExp;

  /** @throws {SyntaxError} when it does not compile. */
  constructor(source: string) {
    this.source = source;
    this.regexp = new RegExp(source);
  }

  /** Whether a match stands anywhere in the text (Java's `find`). */
  test(text: string): boolean {
    return this.regexp.test(text);
  }

  /** Whether the whole text is a match (Java's `matches`). */
  matches(text: string): boolean {
    const found = this.regexp.exec(text);
    return found !== null && found[0].length === text.length;
  }

  toString(): string {
    return this.source;
  }

  toJSON(): string {
    return this.source;
  }
}
