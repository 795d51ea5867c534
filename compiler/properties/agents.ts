import { scalarOf, type TreeEntry } from "../tree.ts";
import type { Property } from "./property.ts";

/** The lists that make an agent out of properties with one first word. */
const LISTS = new Set(["sources", "channels", "sinks", "sinkgroups", "configfilters"]);

/**
 * Sorts properties by their first word, the agent's name. A word without any list of components is no agent where there
 * are others: such properties stand there for `${…}` to name them.
 */
export function agentsOf(properties: Iterable<Property>): TreeEntry[] {
  const groups = new Map<string, Property[]>();
  for (const property of properties) {
    const name = agentNameOf(property.key);
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group) group.push(property);
    else groups.set(name, [property]);
  }
  const all = [...groups];
  const has = (isWanted: (rest: string) => boolean) =>
    all.filter(([name, group]) => group.some(({ key }) => isWanted(key.slice(name.length + 1))));
  // An agent of which all lists are forgotten is still better than none.
  const chosen = [has((rest) => LISTS.has(rest)), has((rest) => LISTS.has(rest.split(".", 1)[0]!)), all];
  return (chosen.find((groups) => groups.length > 0) ?? []).map(([name, group]) => entryOf(name, group));
}

/** The first word of a key; nothing for a key without a dot, which belongs to no agent. */
export function agentNameOf(key: string): string | undefined {
  const dot = key.indexOf(".");
  return dot <= 0 || dot === key.length - 1 ? undefined : key.slice(0, dot);
}

function entryOf(name: string, group: readonly Property[]): TreeEntry {
  const { property: _, ...place } = group[0]!.place;
  const entries = group.map(({ key, value, place, valuePlace }): TreeEntry => ({
    key: key.slice(name.length + 1),
    place,
    node: { place: valuePlace, scalar: scalarOf(value) },
  }));
  return { key: name, place, node: { place, entries } };
}
