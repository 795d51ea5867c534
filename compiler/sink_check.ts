import type { CheckTools } from "./field_check.ts";
import { keyPlace, type Leaf, under } from "./leaves.ts";
import { didYouMean } from "./nearest.ts";
import { type CheckedPart, checkPart, type Component } from "./part_check.ts";
import { placeOfWhole, type Section } from "./sections.ts";
import { readReferences, type Reference } from "./source_check.ts";

/** A sink, and the channel that it names. */
export interface CheckedSink {
  readonly component: Component;
  readonly sink: CheckedPart | undefined;
  /** Nothing when the sink names none. */
  readonly channels: readonly Reference[] | undefined;
}

/** A group of sinks behind a processor. */
export interface CheckedGroup {
  readonly group: Section;
  readonly processor: CheckedPart | undefined;
  readonly sinks: readonly Reference[];
}

/** Checks a sink on its own. */
export async function checkSink(component: Component, tools: CheckTools): Promise<CheckedSink> {
  const settings = component.leaves.filter(({ path }) => path !== "channel");
  return {
    component,
    sink: await checkPart({ ...component, leaves: settings }, tools),
    channels: readReferences(component.leaves, "channel"),
  };
}

/** Checks a group of sinks on its own. */
export async function checkGroup(group: Section, tools: CheckTools): Promise<CheckedGroup> {
  const { name, path, place, leaves } = group;
  for (const leaf of leaves) complainKey(leaf, group, tools);
  const sinks = readReferences(leaves, "sinks") ?? [];
  if (sinks.length === 0) {
    tools.report.error("missing-field", place, {
      text: `sink group "${name}" needs "sinks"`,
      fix: `add "${
        tools.syntax.write({ owner: path, key: "sinks", value: "a b" })
      }" with the names of its sinks`,
    });
  }
  const settings = under(leaves, "processor");
  const processor = await checkPart({
    kind: "sink_processor",
    name,
    isUnnamed: true,
    path: `${path}.processor`,
    place: settings[0] ? placeOfWhole(settings[0]) : place,
    leaves: settings,
    owner: `of sink group "${name}"`,
    fallbackType: "default",
  }, tools);
  return { group, processor, sinks };
}

function complainKey(leaf: Leaf, { name }: Section, { report, syntax }: CheckTools): void {
  const [key = ""] = leaf.path.split(".");
  if (key === "processor" || leaf.path === "sinks") return;
  if (leaf.path === "" && leaf.node.entries?.length === 0) return;
  report[syntax.isFlume ? "warning" : "error"]("unknown-field", keyPlace(leaf, key.length), {
    text: `sink group "${name}" has no field "${key}"${syntax.isFlume ? "; it is ignored, as in Flume" : ""}`,
    fix: `${didYouMean(key, ["sinks", "processor"])}All fields: sinks, processor`,
  });
}
