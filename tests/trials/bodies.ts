import { randomFor, SEED } from "./settings.ts";

const TEXT_CHARS = 512 * 1024;
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;/-äöüß€日本";

/** Bodies that can be made again from their names, so that what was delivered can be compared byte for byte. */
export class Bodies {
  readonly #text: string;

  constructor() {
    const random = randomFor("bodies");
    this.#text = Array.from({ length: TEXT_CHARS }, () => LETTERS[random.below(LETTERS.length)]).join("");
  }

  /** A body without line breaks: origin, number, and text of a length that varies widely. */
  make(origin: string, number: number): string {
    const hash = hashOf(`${origin} ${number} ${SEED}`);
    const from = hash % (TEXT_CHARS / 4);
    return `${origin} ${number} ${this.#text.slice(from, from + lengthOf(hash))}`;
  }
}

function lengthOf(hash: number): number {
  const [kind, size] = [hash >>> 16 & 1023, hash & 0xffff];
  if (kind === 0) return size * 4;
  if (kind < 10) return size % 5000;
  return size % 250;
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ hash >>> 15, 0x2c1b3c6d);
  hash = Math.imul(hash ^ hash >>> 12, 0x297a2d39);
  return (hash ^ hash >>> 15) >>> 0;
}
