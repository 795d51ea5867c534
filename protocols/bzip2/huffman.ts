/** Codes that bzip2's readers take; longer ones come of weights that differ by more than a block can hold. */
const MAX_CODE_BITS = 17;

/** A prefix code: for each symbol how many bits it takes, and which. */
export interface PrefixCode {
  readonly lengths: Uint8Array;
  readonly codes: Uint32Array;
}

/** Makes the code for symbols that occur so often (Huffman); one that never occurs has a code, too. */
export function makeCode(counts: Uint32Array): PrefixCode {
  let weights = Float64Array.from(counts, (count) => Math.max(count, 1));
  for (;;) {
    const lengths = measureCodes(weights);
    if (lengths.every((length) => length <= MAX_CODE_BITS)) return { lengths, codes: assignCodes(lengths) };
    weights = weights.map((weight) => Math.ceil(weight / 2));
  }
}

/** Joins the two lightest trees until one is left: the leaves in order and the joined trees in order are two queues. */
function measureCodes(weights: Float64Array): Uint8Array {
  const leaves = Array.from(weights.keys()).sort((one, other) => weights[one]! - weights[other]!);
  const count = leaves.length;
  // Trees are numbered: leaves by their place in the order, then the joined ones.
  const treeWeights = new Float64Array(2 * count - 1);
  leaves.forEach((symbol, place) => treeWeights[place] = weights[symbol]!);
  const parents = new Int32Array(2 * count - 1);
  let [leaf, joined] = [0, count];
  for (let tree = count; tree < parents.length; tree++) {
    for (let branch = 0; branch < 2; branch++) {
      const isLeaf = leaf < count && (joined === tree || treeWeights[leaf]! <= treeWeights[joined]!);
      const lightest = isLeaf ? leaf++ : joined++;
      parents[lightest] = tree;
      treeWeights[tree]! += treeWeights[lightest]!;
    }
  }
  const depths = new Uint8Array(parents.length);
  for (let tree = parents.length - 2; tree >= 0; tree--) depths[tree] = depths[parents[tree]!]! + 1;
  const lengths = new Uint8Array(count);
  leaves.forEach((symbol, place) => lengths[symbol] = depths[place]!);
  return lengths;
}

/** Codes ascend with their lengths, and among equal ones with the symbols: the lengths say all. */
function assignCodes(lengths: Uint8Array): Uint32Array {
  const codes = new Uint32Array(lengths.length);
  let code = 0;
  for (let length = 1; length <= MAX_CODE_BITS; length++, code <<= 1) {
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] === length) codes[symbol] = code++;
    }
  }
  return codes;
}
