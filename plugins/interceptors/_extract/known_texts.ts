/** Places for texts that are remembered; a power of two. */
const PLACES = 4096;
/** From this length on, the engine makes a part of a text a view, which keeps the whole text in memory. */
const VIEW_CHARS = 13;

/**
 * Gives equal texts mostly as one, and long ones as copies of their own: a header may live long, and must not keep alive
 * the text of the whole read that it was found in.
 */
export class KnownTexts {
  readonly #texts = new Array<string>(PLACES).fill("");

  /** The same text, safe to be kept. */
  keep(text: string): string {
    const place = placeOf(text);
    const known = this.#texts[place]!;
    if (known === text) return known;
    return this.#texts[place] = text.length < VIEW_CHARS ? text : copyOf(text);
  }
}

/** Of few characters: near the end, where addresses and paths differ most. */
function placeOf(text: string): number {
  const { length } = text;
  if (length < 3) return 0;
  const end = text.charCodeAt(length - 1) + 31 * text.charCodeAt(length - 2) +
    961 * text.charCodeAt(length - 3);
  return (end + 127 * text.charCodeAt(length >> 1) + 8191 * length) & (PLACES - 1);
}

/** Joining makes the engine copy; the part behind the blank is then a view of that copy alone. */
function copyOf(text: string): string {
  return ` ${text}`.slice(1);
}
