const SLOTS = 1024;
/** Longer names are decoded each time; RFC 5424 section 6.2.4 allows 255 bytes. */
const MAX_KNOWN_BYTES = 255;

/** Turns bytes into text, remembering texts that come again and again. */
export class Names {
  readonly #decode: (bytes: Uint8Array) => string;
  readonly #bytes: (Uint8Array | undefined)[] = new Array(SLOTS).fill(undefined);
  readonly #texts: string[] = new Array(SLOTS).fill("");

  constructor(decode: (bytes: Uint8Array) => string) {
    this.#decode = decode;
  }

  /** The text of some bytes of a block. */
  text(block: Uint8Array, from: number, to: number): string {
    let hash = to - from;
    for (let offset = from; offset < to; offset++) hash = Math.imul(hash, 31) + block[offset]!;
    const slot = (hash ^ hash >>> 10) & (SLOTS - 1);
    const known = this.#bytes[slot];
    if (known !== undefined && isSame(known, block, from) && known.length === to - from) {
      return this.#texts[slot]!;
    }
    const bytes = block.slice(from, to);
    const text = this.#decode(bytes);
    if (bytes.length > MAX_KNOWN_BYTES) return text;
    this.#bytes[slot] = bytes;
    return this.#texts[slot] = text;
  }
}

function isSame(known: Uint8Array, block: Uint8Array, from: number): boolean {
  for (let at = 0; at < known.length; at++) if (known[at] !== block[from + at]) return false;
  return true;
}
