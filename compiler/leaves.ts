import type { Place, TreeNode } from "./tree.ts";

/**
 * A value with the dotted path that leads to it. Nested keys and dotted ones give the same path, which is what makes
 * `hdfs: { path: … }` and `hdfs.path: …` the same; lists and empty maps are values.
 */
export interface Leaf {
  readonly path: string;
  /** The keys as they were written: where each ends in the path, and where it stands in the file. */
  readonly keys: readonly { readonly end: number; readonly place: Place }[];
  readonly node: TreeNode;
}

/** Walks a tree down to its values. */
export function leavesOf(node: TreeNode): Leaf[] {
  const leaves: Leaf[] = [];
  collect({ path: "", keys: [], node }, leaves);
  return leaves;
}

function collect(leaf: Leaf, leaves: Leaf[]): void {
  const { entries, scalar } = leaf.node;
  if (!entries || entries.length === 0 || (scalar && scalar.value !== null)) leaves.push(leaf);
  for (const { key, place, node } of entries ?? []) {
    const path = leaf.path === "" ? key : `${leaf.path}.${key}`;
    collect({ path, keys: [...leaf.keys, { end: path.length, place }], node }, leaves);
  }
}

/** The leaves at a path (their own path is then empty) and below it. */
export function under(leaves: readonly Leaf[], path: string): Leaf[] {
  return leaves.filter((leaf) => leaf.path === path || leaf.path.startsWith(`${path}.`))
    .map((leaf) => cutLeaf(leaf, path.length));
}

/** Drops the start of a leaf's path, with the dot behind it. */
export function cutLeaf({ path, keys, node }: Leaf, length: number): Leaf {
  const cut = length + 1;
  return {
    path: path.slice(cut),
    // The key that ends at the cut stays: it is the place of the whole.
    keys: keys.filter(({ end }) => end >= length).map(({ end, place }) => ({
      end: Math.max(0, end - cut),
      place,
    })),
    node,
  };
}

/** Where the key stands that covers the first `length` characters of the path. */
export function keyPlace({ keys, node }: Leaf, length: number): Place {
  return keys.find(({ end }) => end >= length)?.place ?? node.place;
}

/** Sorts leaves by the first part of their path; names that are known beforehand may hold dots. */
export function byName(
  leaves: readonly Leaf[],
  options: { names?: readonly string[]; whole?: boolean } = {},
) {
  const groups = new Map<string, Leaf[]>();
  for (const leaf of leaves) {
    if (leaf.path === "") continue;
    const name = firstName(leaf, options);
    const group = groups.get(name) ?? [];
    if (group.length === 0) groups.set(name, group);
    group.push(cutLeaf(leaf, name.length));
  }
  return groups;
}

/** `whole`: a key that was written as one is one name, dots and all (header names, addresses). */
function firstName(
  { path, keys }: Leaf,
  { names = [], whole = false }: { names?: readonly string[]; whole?: boolean },
) {
  const known = names.filter((name) => path === name || path.startsWith(`${name}.`));
  if (known.length > 0) return known.reduce((best, name) => name.length > best.length ? name : best);
  const written = whole ? keys.find(({ end }) => end > 0 && end < path.length) : undefined;
  if (written) return path.slice(0, written.end);
  const dot = path.indexOf(".");
  return dot < 0 ? path : path.slice(0, dot);
}
