import type { TreeEntry, TreeNode } from "./tree.ts";

/** Lays trees over each other: maps are joined key by key, of other values the later one counts. */
export function mergeTrees(trees: readonly TreeNode[]): TreeNode {
  // An empty file says nothing.
  const full = trees.filter(({ scalar }) => scalar?.value !== null);
  return full.length === 0 ? trees[0]! : full.reduce(mergeNodes);
}

function mergeNodes(under: TreeNode, over: TreeNode): TreeNode {
  if (!under.entries || !over.entries) return over;
  const entries = new Map<string, TreeEntry>(under.entries.map((entry) => [entry.key, entry]));
  for (const entry of over.entries) {
    const known = entries.get(entry.key);
    entries.set(entry.key, known ? { ...entry, node: mergeNodes(known.node, entry.node) } : entry);
  }
  return { ...under, entries: [...entries.values()] };
}
