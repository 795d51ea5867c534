import type { Report } from "./diagnostics.ts";
import { namesOf } from "./field_input.ts";
import { byName, keyPlace, type Leaf, under } from "./leaves.ts";
import type { Syntax } from "./syntax.ts";
import type { Place } from "./tree.ts";

/** A named part of a section as it is written: one source, one group, one config filter. */
export interface Section {
  readonly name: string;
  /** Where it stands in its agent: `sources.r1`. */
  readonly path: string;
  readonly place: Place;
  readonly leaves: readonly Leaf[];
}

/** What is needed to read a section. */
export interface SectionTools {
  readonly report: Report;
  readonly syntax: Syntax;
}

/** Reads `sources: { a: …, b: … }`, or Flume's `sources: a b` with `sources.a.type: …` beside it. */
export function readSection(all: readonly Leaf[], section: string, tools: SectionTools): Section[] {
  const leaves = under(all, section);
  const own = leaves.find(({ path }) => path === "");
  if (own && isEmpty(own) && leaves.length === 1) return [];
  const names = listedNames(own, section, tools);
  const groups = byName(leaves);
  for (const [name, [first]] of groups) {
    const place = keyPlace(first!, 0);
    if (names && !names.includes(name)) complainUnlisted({ section, name, names }, place, tools);
    if (/[\s/\\]/.test(name)) {
      tools.report.error("bad-name", place, {
        text: `"${name}" in "${section}" is no name`,
        fix: "use letters, digits, - and _",
      });
    }
  }
  return (names ?? [...groups.keys()]).map((name) => {
    const own = groups.get(name) ?? [];
    const place = own[0] ? placeOfWhole(own[0]) : leaves[0]!.node.place;
    return { name, path: `${section}.${name}`, place, leaves: own };
  });
}

/** The place of all that begins like a leaf: no single property is meant. */
export function placeOfWhole(leaf: Leaf): Place {
  const { property: _, ...place } = keyPlace(leaf, 0);
  return place;
}

/** The names in the section's own value, each once; nothing when the names of its keys count. */
function listedNames(own: Leaf | undefined, section: string, tools: SectionTools): string[] | undefined {
  const { report, syntax } = tools;
  // For Flume only what a list names is there.
  if (!own || isEmpty(own)) return syntax.isFlume ? [] : undefined;
  const names = namesOf(own.node);
  if (!names) {
    report.error("wrong-shape", own.node.place, {
      text: `"${section}" is a list`,
      fix: `write a map of names to settings: ${section}: { NAME: { type: … } }`,
    });
  }
  const twice = names?.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) {
    report.warning("duplicate-name", own.node.place, {
      text: `"${section}" names "${twice}" twice; it is there once`,
      fix: "remove one",
    });
  }
  return names && [...new Set(names)];
}

function complainUnlisted(
  { section, name, names }: { section: string; name: string; names: readonly string[] },
  place: Place,
  { report, syntax }: SectionTools,
): void {
  const list = syntax.write({
    owner: "",
    key: section,
    value: [...names, ...syntax.isFlume ? [name] : []].join(" "),
  });
  report.warning("unlisted-name", place, {
    text: `"${name}" is left out${
      syntax.isFlume ? ", as in Flume" : ""
    }, because "${section}" does not list it`,
    fix: syntax.isFlume ? `write "${list}"` : `add it to "${list}"`,
  });
}

function isEmpty({ node }: Leaf): boolean {
  return node.scalar ? node.scalar.value === null : node.entries?.length === 0;
}
