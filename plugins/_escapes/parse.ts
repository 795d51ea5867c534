/** A part of a template: text, or what stands for something else. */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  /** What is known of this machine, already filled in. */
  | { readonly kind: "host"; readonly text: string }
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "time"; readonly letter: string }
  /** `%t`: the event's time as it is written, never rounded. */
  | { readonly kind: "stamp" };

/** What `%[localhost]`, `%[IP]` and `%[FQDN]` stand for. */
export interface HostNames {
  readonly name: string;
  readonly address: string;
  readonly fqdn: string;
}

const ESCAPE = /%(?:\{([^{}%]+)\}|\[([^[\]]*)\]|([A-Za-z%])|)/g;
const TIME_LETTERS = "saAbBcdeDHIjklmnMpSyYz";
const HOST_WORDS: Readonly<Record<string, keyof HostNames>> = {
  localhost: "name",
  ip: "address",
  fqdn: "fqdn",
};
const SLASH: Piece = { kind: "text", text: "/" };

/**
 * Takes a template apart.
 * @throws {SyntaxError} naming the escape that does not exist, and its column.
 */
export function parseTemplate(template: string, host: HostNames): readonly Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of template.matchAll(ESCAPE)) {
    pushText(pieces, template.slice(end, match.index));
    const [written, header, word, letter] = match;
    if (header !== undefined) pieces.push({ kind: "header", name: header });
    else if (word !== undefined) pieces.push(hostPiece(template, match.index, { word, host }));
    else pieces.push(...letterPieces(template, match.index, letter));
    end = match.index + written.length;
  }
  pushText(pieces, template.slice(end));
  return pieces;
}

/** Neighbouring texts become one. */
function pushText(pieces: Piece[], text: string): void {
  const last = pieces.at(-1);
  if (text === "") return;
  if (last?.kind === "text") pieces[pieces.length - 1] = { kind: "text", text: last.text + text };
  else pieces.push({ kind: "text", text });
}

function hostPiece(
  template: string,
  index: number,
  { word, host }: { readonly word: string; readonly host: HostNames },
): Piece {
  const key = HOST_WORDS[word.toLowerCase()];
  if (key === undefined) {
    throw fault(template, index, `%[${word}] is none; there are %[localhost], %[IP] and %[FQDN]`);
  }
  return { kind: "host", text: host[key] };
}

function letterPieces(template: string, index: number, letter: string | undefined): readonly Piece[] {
  if (letter === "%") return [{ kind: "text", text: "%" }];
  if (letter === "t") return [{ kind: "stamp" }];
  // The short date has slashes of its own, which make folders.
  if (letter === "D") return [time("m"), SLASH, time("d"), SLASH, time("y")];
  if (letter !== undefined && TIME_LETTERS.includes(letter)) return [time(letter)];
  const why = letter === undefined
    ? 'a single "%" is none; write %% for the sign itself'
    : `%${letter} is none; there are %{header}, %t and ${
      Array.from(TIME_LETTERS, (one) => `%${one}`).join(" ")
    }`;
  throw fault(template, index, why);
}

function time(letter: string): Piece {
  return { kind: "time", letter };
}

function fault(template: string, index: number, why: string): SyntaxError {
  return new SyntaxError(`Cannot read the escape at column ${index + 1} of "${template}": ${why}`);
}
