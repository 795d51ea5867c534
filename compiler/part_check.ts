import type { PluginKind } from "../core/plugin.ts";
import type { PlanPart } from "../core/plan.ts";
import { type CheckedConfig, checkFields, type CheckTools } from "./field_check.ts";
import { keyPlace, type Leaf } from "./leaves.ts";
import type { Place } from "./tree.ts";

/** A component as the file's shape gives it. */
export interface Component {
  readonly kind: PluginKind;
  readonly name: string;
  /** True for parts whose name was not written: complaints leave it out. */
  readonly isUnnamed?: boolean;
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
  const typeLeaf = leaves.find(isType);
  const word = typeLeaf ? typeLeaf.node.scalar?.text : component.fallbackType;
  if (typeLeaf?.node.isBroken) return undefined;
  if (word === undefined || word === "") return complainNoType(component, subject, tools);
  const typePlace = typeLeaf?.node.place ?? place;
  const resolved = await tools.resolver.resolve({ kind, word, place: typePlace, subject });
  if (!resolved) return undefined;
  const { plugin, type } = resolved;
  const title = component.isUnnamed
    ? `${kindWords} (${type})${ownerWords}`
    : `${kindWords} "${name}"${name === type ? "" : ` (${type})`}${ownerWords}`;
  complainTwoTypes(leaves, title, tools);
  const settings = leaves.filter((leaf) => !isType(leaf));
  const checked = await checkFields({
    plugin,
    leaves: settings,
    title,
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

/** `type: x`, or the component's own value; an empty map is neither. */
function isType({ path, node }: Leaf): boolean {
  return path === "type" || (path === "" && !node.entries);
}

function complainNoType(
  { kind, place, leaves }: Component,
  subject: string,
  { report }: CheckTools,
): undefined {
  const typeLeaf = leaves.find(({ path }) => path === "type");
  const dotted = leaves.find(({ path }) => path.endsWith(".type"))?.path.slice(0, -".type".length);
  report.error("missing-type", typeLeaf ? keyPlace(typeLeaf, typeLeaf.path.length) : place, {
    text: typeLeaf?.node.elements ? `${subject} has a list for its type` : `${subject} has no type`,
    fix: `add "type: NAME"; all names: sluice plugins list ${kind}${
      dotted === undefined ? "" : ` (a name such as "….${dotted}" may not hold a dot)`
    }`,
  });
  return undefined;
}

function complainTwoTypes(leaves: readonly Leaf[], title: string, { report }: CheckTools): void {
  const [, second] = leaves.filter(isType);
  if (!second) return;
  report.error("duplicate-name", keyPlace(second, second.path.length), {
    text: `${title} has more than one type`,
    fix: "keep one of them",
  });
}
