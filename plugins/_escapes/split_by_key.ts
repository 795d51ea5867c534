import type { EventBatch } from "sluice/plugin";

/** The events of one batch that have the same key, in their order. */
export interface KeyPart {
  readonly key: string;
  readonly batch: EventBatch;
  /** Their places in the batch that was cut; absent where it was not. */
  readonly indexes?: Uint32Array;
}

/** Cuts a batch by a key for each event, or one for all; the parts come in the order of their first events. */
export function splitByKey(batch: EventBatch, keys: string | readonly string[]): readonly KeyPart[] {
  if (typeof keys === "string") return batch.size === 0 ? [] : [{ key: keys, batch }];
  const { parts, counts, partOf } = numberParts(batch.size, keys);
  if (parts.length === 1) return [{ key: parts[0]!, batch }];
  const indexes = gatherIndexes(counts, partOf);
  return parts.map((key, part) => ({ key, batch: batch.select(indexes[part]!), indexes: indexes[part]! }));
}

/** Gives each key a number, and each event the number of its key. */
function numberParts(size: number, keys: readonly string[]) {
  const numbers = new Map<string, number>();
  const counts: number[] = [];
  const partOf = new Uint32Array(size);
  let [last, part]: [string | undefined, number] = [undefined, 0];
  for (let index = 0; index < size; index++) {
    const key = keys[index]!;
    if (key !== last) {
      part = numbers.get(key) ?? numbers.size;
      if (part === counts.length) {
        numbers.set(key, part);
        counts.push(0);
      }
      last = key;
    }
    partOf[index] = part;
    counts[part]!++;
  }
  return { parts: [...numbers.keys()], counts, partOf };
}

/** The places of each part's events. */
function gatherIndexes(counts: readonly number[], partOf: Uint32Array): readonly Uint32Array[] {
  const indexes = counts.map((count) => new Uint32Array(count));
  const filled = new Uint32Array(counts.length);
  for (let index = 0; index < partOf.length; index++) {
    const part = partOf[index]!;
    indexes[part]![filled[part]!++] = index;
  }
  return indexes;
}
