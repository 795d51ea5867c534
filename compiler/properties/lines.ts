/** A part of a logical line that stands in one line of the file. */
export interface Piece {
  readonly line: number;
  /** Where the text begins in its line. */
  readonly column: number;
  readonly text: string;
}

/** A line as a properties file has it: a remark, or a property whose continuations are joined. */
export type LogicalLine =
  | { readonly kind: "blank" }
  | { readonly kind: "comment"; readonly text: string }
  | { readonly kind: "property"; readonly pieces: readonly Piece[] };

const INDENT = /^[ \t\f]*/;

/**
 * Splits the text of a properties file into its logical lines, as `java.util.Properties.load` does: a line that ends in an
 * odd number of backslashes goes on in the next one, whose indentation does not count.
 */
export function* logicalLines(text: string): Generator<LogicalLine> {
  const lines = text.split(/\r\n|\n|\r/);
  for (let index = 0; index < lines.length; index++) {
    const first = pieceOf(lines[index]!, index);
    if (first.text === "") yield { kind: "blank" };
    else if (/^[#!]/.test(first.text)) yield { kind: "comment", text: first.text.slice(1) };
    else {
      const pieces = [first];
      while (goesOn(pieces.at(-1)!.text)) {
        const last = pieces.pop()!;
        pieces.push({ ...last, text: last.text.slice(0, -1) });
        if (index + 1 >= lines.length) break;
        index++;
        pieces.push(pieceOf(lines[index]!, index));
      }
      yield { kind: "property", pieces };
    }
  }
}

function pieceOf(text: string, index: number): Piece {
  const indent = INDENT.exec(text)![0].length;
  return { line: index + 1, column: indent + 1, text: text.slice(indent) };
}

function goesOn(text: string): boolean {
  return /\\*$/.exec(text)![0].length % 2 === 1;
}
