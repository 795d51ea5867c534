import type { PluginKind } from "../core/plugin.ts";
import type { PlanPart } from "../core/plan.ts";
import { type CheckedConfig, checkFields, type CheckTools } from "./field_check.ts";
import { findKnown, hasKnownField } from "./known.ts";
import { keyPlace, type Leaf } from "./leaves.ts";
import { didYouMean } from "./nearest.ts";
import type { Place } from "./tree.ts";

/** A component as the file's shape gives it. */
export interface Component {
  readonly kind: PluginKind;
  readonly name: string;
  /** True for parts whose name was not written: complaints leave it out. */
  readonly isUnnamed?: boolean;
  /** Where it stands in its agent: `sources.r1`. */
  readonly path: string;
  readonly place: Place;
  /** All that is written for it, `type` included. An own value (`sink: logger`) is the type. */
  readonly leaves: readonly Leaf[];
  /** Stands in complaints behind the name: `of source "in"`. */
  readonly owner?: string;
  /** What stands there when no type is written. */
  readonly fallbackType?: string;
  /** Keys that belong to the wiring, for "did you mean". */
  readonly otherKeys?: readonly string[];
}

/** A component whose type is known. */
export interface CheckedPart {
  readonly part: PlanPart;
  readonly checked: CheckedConfig;
  readonly place: Place;
  /** `source "in" (http)`. */
  readonly title: string;
}

/** Finds a component's plugin and checks its fields; nothing, and a complaint, without a plugin. */
export async function checkPart(component: Component, tools: CheckTools): Promise<CheckedPart | undefined> {
  const { kind, name, place, leaves, owner, otherKeys = [] } = component;
  const kindWords = kind.replace("_", " ");
  const ownerWords = owner ? ` ${owner}` : "";
  const subject = `${kindWords}${component.isUnnamed ? "" : ` "${name}"`}${ownerWords}`;
  const isType = typeTest(tools);
  const typeLeaf = leaves.find(isType);
  const word = typeLeaf ? typeLeaf.node.scalar?.text : component.fallbackType;
  if (typeLeaf?.node.isBroken) return undefined;
  complainOwnValue(component, subject, tools);
  if (word === undefined || word === "") return complainNoType(component, subject, tools);
  const typePlace = typeLeaf?.node.place ?? place;
  const resolved = await tools.resolver.resolve({ kind, word, place: typePlace, subject });
  if (!resolved) return complainKnown(component, word, tools);
  const { plugin, type } = resolved;
  const title = component.isUnnamed
    ? `${kindWords} (${type})${ownerWords}`
    : `${kindWords} "${name}"${name === type ? "" : ` (${type})`}${ownerWords}`;
  complainTwoTypes(leaves.filter(isType), title, tools);
  const settings = leaves.filter((leaf) => !isType(leaf) && !isOwnValue(leaf));
  const checked = await checkFields({
    plugin,
    leaves: settings,
    title,
    path: component.path,
    place,
    otherKeys: ["type", ...otherKeys],
  }, tools);
  return {
    part: { name, type, plugin, config: checked.config, settings: checked.settings },
    checked,
    place,
    title,
  };
}

/** Finds `type: x`, or, but not in Flume's files, the component's own value. */
function typeTest({ syntax }: CheckTools): (leaf: Leaf) => boolean {
  return (leaf) => leaf.path === "type" || (isOwnValue(leaf) && !syntax.isFlume);
}

/** An empty map is no value. */
function isOwnValue({ path, node }: Leaf): boolean {
  return path === "" && !node.entries;
}

function complainOwnValue(
  { path, leaves }: Component,
  subject: string,
  { report, syntax }: CheckTools,
): void {
  const own = syntax.isFlume ? leaves.find(isOwnValue) : undefined;
  if (!own) return;
  report.warning("unknown-field", keyPlace(own, 0), {
    text: `${subject} takes no value of its own; it is ignored, as in Flume`,
    fix: `did you mean "${syntax.write({ owner: path, key: "type", value: own.node.scalar?.text ?? "" })}"?`,
  });
}

function complainNoType(
  { kind, path, place, leaves }: Component,
  subject: string,
  { report, syntax }: CheckTools,
): undefined {
  const typeLeaf = leaves.find(({ path }) => path === "type");
  const dotted = leaves.find(({ path }) => path.endsWith(".type"))?.path.slice(0, -".type".length);
  report.error("missing-type", typeLeaf ? keyPlace(typeLeaf, typeLeaf.path.length) : place, {
    text: typeLeaf?.node.elements ? `${subject} has a list for its type` : `${subject} has no type`,
    fix: `add "${
      syntax.write({ owner: path, key: "type", value: "NAME" })
    }"; all names: sluice plugins list ${kind}${
      dotted === undefined || syntax.isFlume ? "" : ` (a name such as "….${dotted}" may not hold a dot)`
    }`,
  });
  return undefined;
}

/** Properties that a component, which is not built in, does not have either. */
function complainKnown({ kind, leaves }: Component, word: string, { report, syntax }: CheckTools): undefined {
  const known = findKnown(kind, word);
  if (!known || !syntax.isFlume) return undefined;
  for (const leaf of leaves) {
    if (leaf.path === "" || leaf.path === "type" || hasKnownField(known, leaf.path)) continue;
    report.warning("unknown-field", keyPlace(leaf, leaf.path.length), {
      text: `${kind.replace("_", " ")} "${word}" has no field "${leaf.path}" in Flume`,
      fix: `${didYouMean(leaf.path, known.fields)}All fields: docs/reference/flume.md`,
    });
  }
  return undefined;
}

function complainTwoTypes([, second]: readonly Leaf[], title: string, { report }: CheckTools): void {
  if (!second) return;
  report.error("duplicate-name", keyPlace(second, second.path.length), {
    text: `${title} has more than one type`,
    fix: "keep one of them",
  });
}
