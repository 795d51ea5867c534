import type { PlanPart } from "../core/plan.ts";
import type { CheckTools } from "./field_check.ts";
import { findKnown } from "./known.ts";
import { type Leaf, leavesOf } from "./leaves.ts";
import { checkPart, type Component } from "./part_check.ts";
import type { Syntax } from "./syntax.ts";
import { type Place, scalarOf } from "./tree.ts";

/** Flume configures its monitor by Java system properties. */
const PROPERTIES = "flume.monitoring.";
const COMMAND_LINE: Syntax = {
  name: "properties",
  isFlume: true,
  write: ({ key, value }) => `-D${PROPERTIES}${key}=${value}`,
};

/** Checks the reporters of the section `monitoring`, and the one that system properties (`-Dflume.monitoring.type=…`) name. */
export async function checkMonitoring(
  leaves: readonly Leaf[],
  properties: Readonly<Record<string, string>>,
  tools: CheckTools,
): Promise<readonly PlanPart[]> {
  const written = componentsOf(leaves);
  const defined = definedComponent(properties);
  const checked = await Promise.all([
    ...written.map((component) => checkReporter(component, tools)),
    ...defined ? [checkReporter(defined, { ...tools, syntax: COMMAND_LINE })] : [],
  ]);
  return named(checked.filter((part) => part !== undefined));
}

/** What Flume calls a monitor and is not built says more than that there is no such reporter. */
async function checkReporter(component: Component, tools: CheckTools): Promise<PlanPart | undefined> {
  const type = component.leaves.find(({ path }) => path === "type" || path === "");
  const known = type && findKnown("monitor", type.node.scalar?.text ?? "");
  if (!known) return (await checkPart(component, tools))?.part;
  tools.report.error("not-built", type.node.place, {
    text: `reporter (${type.node.scalar!.text}): ${known.text}`,
    fix: known.fix,
  });
}

/** `monitoring: { type: … }`, a list of such, or a word. */
function componentsOf(leaves: readonly Leaf[]): Component[] {
  const whole = leaves.find(({ path }) => path === "");
  const elements = whole?.node.elements;
  if (elements) return elements.map((node) => componentOf(leavesOf(node), node.place));
  return leaves.length === 0 ? [] : [componentOf(leaves, leaves[0]!.keys[0]?.place ?? leaves[0]!.node.place)];
}

function componentOf(leaves: readonly Leaf[], place: Place): Component {
  return { kind: "reporter", name: "reporter", isUnnamed: true, path: "monitoring", place, leaves };
}

function definedComponent(properties: Readonly<Record<string, string>>): Component | undefined {
  if (properties[`${PROPERTIES}type`] === undefined) return undefined;
  const leaves = Object.entries(properties).filter(([name]) => name.startsWith(PROPERTIES))
    .map(([property, text]): Leaf => ({
      path: property.slice(PROPERTIES.length),
      keys: [],
      node: { place: placeOf(property), scalar: scalarOf(text) },
    }));
  return componentOf(leaves, placeOf(`${PROPERTIES}type`));
}

function placeOf(property: string): Place {
  return { file: "-D", line: 1, column: 1, property };
}

/** Reporters are called after their types; a second one of a type gets a number. */
function named(parts: readonly PlanPart[]): readonly PlanPart[] {
  const uses = new Map<string, number>();
  return parts.map((part) => {
    const { name } = part.plugin;
    const use = (uses.get(name) ?? 0) + 1;
    uses.set(name, use);
    return { ...part, name: use === 1 ? name : `${name}-${use}` };
  });
}
