// Java's HashMap, of which Flume makes a copy for each event, gives its keys by bucket:
//   hash    s[0] × 31^(n−1) + … + s[n−1] over UTF-16 units, 32 bits; then hash ^ hash >>> 16
//   table   a power of two, at least count / 0.75 + 1 rounded down
//   bucket  the low bits of the hash; keys of one bucket stand in the order in which they came
// (java.util.HashMap and java.lang.String, JDK 8 and later.)

const LOAD_FACTOR = 0.75;

/** Sorts keys as a copied HashMap of `count` entries gives those of them that it holds. */
export function javaMapOrder<T>(entries: readonly T[], count: number, keyOf: (entry: T) => string): T[] {
  const mask = 2 ** Math.ceil(Math.log2(Math.floor(count / LOAD_FACTOR + 1))) - 1;
  return entries.map((entry) => ({ entry, bucket: hashOf(keyOf(entry)) & mask }))
    .sort((one, other) => one.bucket - other.bucket)
    .map(({ entry }) => entry);
}

function hashOf(key: string): number {
  let hash = 0;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash, 31) + key.charCodeAt(at) | 0;
  return hash ^ hash >>> 16;
}
