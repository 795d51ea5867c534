import { ClassMap } from "./classes.ts";
import { ConfigFilters } from "./config_filters.ts";
import type { Report } from "./diagnostics.ts";
import { interpolate } from "./interpolate.ts";
import { type Leaf, leavesOf } from "./leaves.ts";
import type { ReadAgent } from "./reading.ts";
import type { FileSurroundings } from "./surroundings.ts";
import type { TreeNode } from "./tree.ts";
import { LookupVariables } from "./variables.ts";
import { readYaml } from "./yaml.ts";

const FILTERS = /^config[fF]ilters(?:\.|$)/;

/** The values of an agent with all `${…}` filled in, and the classes that are mapped to modules. */
export async function readLeaves(
  read: ReadAgent,
  around: FileSurroundings,
  report: Report,
): Promise<{ leaves: readonly Leaf[]; classes: ClassMap }> {
  const { node, syntax, properties } = read;
  const classes = new ClassMap(report.file, syntax);
  classes.add(around.classes);
  classes.addLeaves(leavesOf(node), report);
  if (node !== read.root) classes.addLeaves(leavesOf(only(read.root, /^classes(?:\.|$)/)), report);
  if (syntax.isFlume) await addBeside(classes, around, report);
  const variables = (filters?: ConfigFilters) =>
    new LookupVariables(around, { syntax, report, properties, filters });
  // A filter's own settings know variables, but no filters.
  const written = leavesOf(await interpolate(only(node, FILTERS), variables(), report));
  const filters = await ConfigFilters.read(written, { sources: around, classes, syntax, report });
  const leaves = leavesOf(await interpolate(node, variables(filters), report));
  return { leaves: syntax.isFlume ? withoutEmpty(leaves, report) : leaves, classes };
}

/** The part of a map whose keys match. */
function only(node: TreeNode, keys: RegExp): TreeNode {
  return { place: node.place, entries: node.entries?.filter(({ key }) => keys.test(key)) ?? [] };
}

/** A file of classes that lies beside a properties file. */
async function addBeside(classes: ClassMap, around: FileSurroundings, report: Report): Promise<void> {
  const text = await around.readOptional(classes.fileBeside);
  const root = text === undefined ? undefined : readYaml(text, report, `${report.file}.classes.yaml`);
  if (root) {
    const entry = { key: "classes", place: root.place, node: root };
    classes.addLeaves(leavesOf({ place: root.place, entries: [entry] }), report);
  }
}

/** Flume ignores a property without a value. */
function withoutEmpty(leaves: readonly Leaf[], report: Report): Leaf[] {
  return leaves.filter(({ node }) => {
    if (node.isBroken || node.scalar?.text.trim() !== "") return true;
    report.warning("empty-value", node.place, {
      text: "The value is empty, so the property is ignored, as in Flume",
      fix: "write a value, or remove the property",
    });
    return false;
  });
}
