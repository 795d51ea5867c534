import type { Piece } from "./parse.ts";
import { encodeColons, encodeFolders, encodeValue, finishName } from "./safe_names.ts";

/** What header values may do to a text: see `EscapeOptions.values`. */
export type ValueRule = "path" | "folders" | "name" | "plain";

/** What the pieces of a template stand for, for one event. */
export interface Filling {
  /** The values of headers, in the order of the template's headers. */
  readonly values: readonly string[];
  readonly time: (letter: string) => string;
}

/** A piece, its header already a place in `Filling.values`. */
type Part =
  | { readonly text: string }
  | { readonly letter: string }
  | { readonly value: number };

/** Stands for `%t` among the headers; no header in a template can have this name. */
export const STAMP = "%t";

/** Fills in a template whose pieces are known. */
export class Renderer {
  /** Headers that it reads, `STAMP` among them. */
  readonly headers: readonly string[];
  readonly #rule: ValueRule;
  /** What stands between two slashes of the template; for names and plain texts there is one. */
  readonly #names: readonly (readonly Part[])[];

  /** @throws {SyntaxError} when the template itself cannot make such a text. */
  constructor(template: string, pieces: readonly Piece[], rule: ValueRule) {
    this.headers = [...new Set(pieces.flatMap((piece) => headerOf(piece) ?? []))];
    this.#rule = rule;
    const parts = pieces.map((piece) => this.#part(piece));
    const isPath = rule === "path" || rule === "folders";
    this.#names = isPath ? splitAtSlashes(parts) : [parts];
    const texts = this.#names.map((name) => name.map((part) => "text" in part ? part.text : "x").join(""));
    const odd = isPath ? texts.find((text) => text === "." || text === "..") : undefined;
    if (odd !== undefined) throw new SyntaxError(`Cannot use "${odd}" in "${template}": name the folder`);
    if (rule === "name" && texts[0]!.includes("/")) {
      throw new SyntaxError(`Cannot use "${template}" as a part of a file's name: it has slashes`);
    }
  }

  #part(piece: Piece): Part {
    if (piece.kind === "text") return { text: piece.text };
    if (piece.kind === "host") return { text: this.#rule === "plain" ? piece.text : encodeValue(piece.text) };
    if (piece.kind === "time") return { letter: piece.letter };
    return { value: this.headers.indexOf(headerOf(piece)!) };
  }

  /** The text for one event. */
  render(filling: Filling): string {
    if (this.#rule === "plain") return this.#names[0]!.map((part) => plainText(part, filling)).join("");
    return this.#names.map((name) => this.#name(name, filling)).join("/");
  }

  #name(parts: readonly Part[], filling: Filling): string {
    const encode = this.#rule === "folders" ? encodeFolders : encodeValue;
    const text = parts.map((part) =>
      "value" in part ? encode(filling.values[part.value]!) : encodeTime(part, filling)
    ).join("");
    if (!parts.some((part) => "value" in part)) return text;
    const isOwnStart = "text" in parts[0]!;
    return text.split("/").map((name, at) => finishName(name, at === 0 && isOwnStart)).join("/");
  }
}

function headerOf(piece: Piece): string | undefined {
  if (piece.kind === "header") return piece.name;
  return piece.kind === "stamp" ? STAMP : undefined;
}

function plainText(part: Part, { values, time }: Filling): string {
  if ("text" in part) return part.text;
  return "value" in part ? values[part.value]! : time(part.letter);
}

function encodeTime(part: Exclude<Part, { value: number }>, { time }: Filling): string {
  return "text" in part ? part.text : encodeColons(time(part.letter));
}

function splitAtSlashes(parts: readonly Part[]): readonly (readonly Part[])[] {
  const names: Part[][] = [[]];
  for (const part of parts) {
    const texts = "text" in part ? part.text.split("/") : [];
    if (!("text" in part)) names.at(-1)!.push(part);
    for (const [at, text] of texts.entries()) {
      if (at > 0) names.push([]);
      if (text !== "") names.at(-1)!.push({ text });
    }
  }
  return names;
}
