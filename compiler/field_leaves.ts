import type { Fields } from "../core/schema.ts";
import { spellingsOf, takesChildren } from "./field_shape.ts";
import { cutLeaf, keyPlace, type Leaf } from "./leaves.ts";
import type { Place } from "./tree.ts";

/** A key that no field claims. */
export interface Unclaimed {
  readonly key: string;
  readonly place: Place;
  /** The field that stands in the way: it takes a plain value, and something is written below it. */
  readonly plainField?: string;
}

/** Which leaves belong to which field. */
export interface Claims {
  /** Field key → its leaves; the path of the field's own value is empty. */
  readonly byField: ReadonlyMap<string, readonly Leaf[]>;
  readonly unclaimed: readonly Unclaimed[];
  readonly repeated: readonly Unclaimed[];
}

/** Gives each leaf to the field with the longest key (or other spelling) that covers it. */
export function claimLeaves(leaves: readonly Leaf[], fields: Fields): Claims {
  const spellings = spellingsOf(fields);
  const byField = new Map<string, Leaf[]>();
  const unclaimed: Unclaimed[] = [];
  const repeated: Unclaimed[] = [];
  for (const leaf of leaves) {
    const spelling = longestSpelling(leaf.path, spellings);
    const key = spelling === undefined ? undefined : spellings.get(spelling)!;
    if (spelling === undefined || key === undefined) {
      if (!isEmptyFolder(leaf, spellings)) unclaimed.push(unclaimedKey(leaf, spellings));
      continue;
    }
    if (leaf.path !== spelling && !takesChildren(fields[key]!)) {
      unclaimed.push({ key: leaf.path, place: keyPlace(leaf, leaf.path.length), plainField: key });
      continue;
    }
    const own = byField.get(key) ?? [];
    if (own.length === 0) byField.set(key, own);
    const cut = cutLeaf(leaf, spelling.length);
    if (own.some(({ path }) => path === cut.path)) {
      repeated.push({ key, place: keyPlace(leaf, leaf.path.length) });
    } else own.push(cut);
  }
  return { byField, unclaimed, repeated };
}

function longestSpelling(path: string, spellings: ReadonlyMap<string, string>): string | undefined {
  for (let end = path.length; end > 0; end = path.lastIndexOf(".", end - 1)) {
    if (spellings.has(path.slice(0, end))) return path.slice(0, end);
  }
  return undefined;
}

/** `hdfs:` with nothing below it, where the fields are `hdfs.path` and so on. */
function isEmptyFolder({ path, node }: Leaf, spellings: ReadonlyMap<string, string>): boolean {
  const isEmpty = node.scalar ? node.scalar.value === null : node.entries?.length === 0;
  return isEmpty === true && [...spellings.keys()].some((spelling) => spelling.startsWith(`${path}.`));
}

/** Names the outermost key that leads nowhere, so that one wrong map is one complaint. */
function unclaimedKey(leaf: Leaf, spellings: ReadonlyMap<string, string>): Unclaimed {
  const known = [...spellings.keys()];
  const wrong = leaf.keys.find(({ end }) => {
    if (end === 0) return false;
    const start = `${leaf.path.slice(0, end)}.`;
    return !known.some((spelling) => spelling.startsWith(start));
  });
  const end = wrong?.end ?? leaf.path.length;
  return { key: leaf.path.slice(0, end), place: keyPlace(leaf, end) };
}
