import { createHmac } from "node:crypto";

/** How something found is hidden. */
export const MASK_MODES = ["replace", "partial", "hash"] as const;

/** What the three modes need. */
export interface DisguiseOptions {
  readonly mode: (typeof MASK_MODES)[number];
  /** Stands in place of what was found. */
  readonly text: string;
  /** Letters and digits that stay at the end. */
  readonly keepLast: number;
  readonly key: string;
  /** Hexadecimal digits of the hash that are kept. */
  readonly hashLength: number;
}

/** Makes of a found text what is written instead. */
export function disguise(options: DisguiseOptions): (found: string) => string {
  if (options.mode === "replace") return () => options.text;
  if (options.mode === "partial") return (found) => hideStart(found, options.keepLast);
  return keyedHash(options);
}

/** Puts stars for letters and digits except the last ones; what separates them stays. */
function hideStart(found: string, keepLast: number): string {
  const shown = found.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  // What is no longer than the part to keep is hidden as a whole.
  let hidden = shown > keepLast ? shown - keepLast : shown;
  return found.replace(/[\p{L}\p{N}]/gu, (char) => hidden-- > 0 ? "*" : char);
}

const CACHED_HASHES = 4096;

/** The same text gives the same hash, so that events can still be joined; without the key nobody can guess it. */
function keyedHash({ key, hashLength }: DisguiseOptions): (found: string) => string {
  const cache = new Map<string, string>();
  return (found) => {
    const known = cache.get(found);
    if (known !== undefined) return known;
    const hash = createHmac("sha256", key).update(found, "utf8").digest("hex").slice(0, hashLength);
    if (cache.size >= CACHED_HASHES) cache.clear();
    cache.set(found, hash);
    return hash;
  };
}
