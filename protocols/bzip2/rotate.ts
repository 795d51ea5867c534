import { sortSuffixes } from "./suffix_sort.ts";

/** The last letters of all rotations of a block in their order, and which of them the block itself is. */
export interface RotatedBlock {
  readonly last: Uint8Array;
  readonly origin: number;
}

/**
 * Sorts all rotations of a block (Burrows and Wheeler, 1994). The suffixes of a text that is its own least rotation are
 * in the order of its rotations: what follows the end of a suffix is the least there is, as the end itself.
 */
export function sortRotations(block: Uint8Array): RotatedBlock {
  const least = findLeastRotation(block);
  const text = new Uint8Array(block.length);
  text.set(block.subarray(least));
  text.set(block.subarray(0, least), block.length - least);
  const order = sortSuffixes(text);
  const last = new Uint8Array(block.length);
  const start = least === 0 ? 0 : block.length - least;
  let origin = 0;
  for (let index = 0; index < order.length; index++) {
    const at = order[index]!;
    last[index] = text[at === 0 ? text.length - 1 : at - 1]!;
    if (at === start) origin = index;
  }
  return { last, origin };
}

/** Where the least of all rotations starts: two candidates are compared, and the greater one jumps on. */
function findLeastRotation(block: Uint8Array): number {
  const length = block.length;
  let [best, other, same] = [0, 1, 0];
  while (other < length && best < length && same < length) {
    const left = block[wrap(best + same, length)]!;
    const right = block[wrap(other + same, length)]!;
    if (left === right) {
      same++;
      continue;
    }
    if (left > right) best += same + 1;
    else other += same + 1;
    if (best === other) other++;
    same = 0;
  }
  return Math.min(best, other);
}

function wrap(at: number, length: number): number {
  return at >= length ? at - length : at;
}
