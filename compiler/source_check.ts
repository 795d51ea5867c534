import type { CheckTools } from "./field_check.ts";
import { namesOf } from "./field_input.ts";
import { byName, keyPlace, type Leaf, leavesOf, under } from "./leaves.ts";
import { type CheckedPart, checkPart, type Component } from "./part_check.ts";
import { placeOfWhole } from "./sections.ts";
import type { Place } from "./tree.ts";

/** A name that points to another component. */
export interface Reference {
  readonly name: string;
  readonly place: Place;
}

/** A source with its interceptors and selector; parts whose plugin is unknown are left out. */
export interface CheckedSource {
  readonly component: Component;
  readonly source: CheckedPart | undefined;
  readonly interceptors: readonly CheckedPart[];
  readonly selector: CheckedPart | undefined;
  /** Nothing when the source names no channels. */
  readonly channels: readonly Reference[] | undefined;
}

/** Checks a source and all that hangs on it. */
export async function checkSource(component: Component, tools: CheckTools): Promise<CheckedSource> {
  const { name, path, leaves } = component;
  const owner = `of source "${name}"`;
  const settings = leaves.filter(({ path }) => !/^(?:channels|interceptors|selector)(?:\.|$)/.test(path));
  const selectorLeaves = under(leaves, "selector");
  const selector: Component = {
    kind: "selector",
    name: "selector",
    isUnnamed: true,
    path: `${path}.selector`,
    place: selectorLeaves[0] ? placeOfWhole(selectorLeaves[0]) : component.place,
    leaves: selectorLeaves,
    owner,
    fallbackType: "replicating",
  };
  const chain = readChain(under(leaves, "interceptors"), component, tools);
  const [source, checkedSelector, ...interceptors] = await Promise.all([
    checkPart({ ...component, leaves: settings }, tools),
    checkPart(selector, tools),
    ...chain.map((interceptor) => checkPart(interceptor, tools)),
  ]);
  return {
    component,
    source,
    selector: checkedSelector,
    interceptors: interceptors.filter((part) => part !== undefined),
    channels: readReferences(leaves, "channels"),
  };
}

/** Reads `channels: a b`, `channels: [a, b]` or `channel: a`. */
export function readReferences(leaves: readonly Leaf[], key: string): Reference[] | undefined {
  const leaf = leaves.find(({ path }) => path === key);
  if (!leaf) return undefined;
  const { elements, place } = leaf.node;
  if (elements) {
    return elements.map((element) => ({ name: element.scalar?.text ?? "", place: element.place }));
  }
  return namesOf(leaf.node)?.map((name) => ({ name, place })) ?? [];
}

/** A list of interceptors, a map of them, or Flume's `interceptors: i1 i2` with `interceptors.i1.type` beside it. */
function readChain(leaves: readonly Leaf[], source: Component, tools: CheckTools): Component[] {
  const own = leaves.find(({ path }) => path === "");
  const below = byName(leaves);
  const owner = `of source "${source.name}"`;
  const path = `${source.path}.interceptors`;
  const { report, syntax } = tools;
  if (own && below.size === 0 && !syntax.isFlume) return readList(own, { owner, path });
  // For Flume only what a list names is there.
  const names = namesOf(own?.node) ?? (syntax.isFlume ? [] : [...below.keys()]);
  for (const [name, [first]] of below) {
    if (names.includes(name)) continue;
    const value = [...names, name].join(" ");
    report.warning("unlisted-name", keyPlace(first!, 0), {
      text: `interceptor "${name}" ${owner} is left out${
        syntax.isFlume ? ", as in Flume" : ""
      }, because "interceptors" does not list it`,
      fix: `write "${syntax.write({ owner: source.path, key: "interceptors", value })}"`,
    });
  }
  return names.map((name) => {
    const settings = below.get(name) ?? [];
    return {
      kind: "interceptor",
      name,
      owner,
      path: `${path}.${name}`,
      place: settings[0] ? placeOfWhole(settings[0]) : keyPlace(leaves[0]!, 0),
      leaves: settings,
    };
  });
}

/** Interceptors in a list are named after their types. */
function readList({ node, keys }: Leaf, { owner, path }: { owner: string; path: string }): Component[] {
  const words = node.elements ? undefined : namesOf(node);
  const elements = node.elements ??
    words?.map((text) => ({ place: node.place, scalar: { text, value: text } })) ?? [];
  const uses = new Map<string, number>();
  return elements.map((element) => {
    const leaves = leavesOf(element).map((leaf) => ({
      ...leaf,
      keys: leaf.keys.length > 0 ? leaf.keys : keys.slice(-1),
    }));
    const type = leaves.find(({ path }) => path === "type" || path === "")?.node.scalar?.text ??
      "interceptor";
    const use = (uses.get(type) ?? 0) + 1;
    uses.set(type, use);
    return {
      kind: "interceptor",
      name: use === 1 ? type : `${type}-${use}`,
      owner,
      path: `${path}.${type}`,
      place: element.place,
      leaves,
    };
  });
}
