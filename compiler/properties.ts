import type { Report } from "./diagnostics.ts";
import { agentsOf } from "./properties/agents.ts";
import { logicalLines } from "./properties/lines.ts";
import { type Property, readProperty } from "./properties/property.ts";
import type { Place, TreeNode } from "./tree.ts";

export type { Property };

const START: Place = { line: 1, column: 1 };
const MAX_PROPERTIES = 100_000;

/** A text of a configuration, and the path or address that findings in it name. */
export interface SourceText {
  readonly text: string;
  readonly file: string;
}

/** What Flume's files say, all together. */
export interface PropertyTree {
  /** The same tree as that of a YAML file with `agents:`. */
  readonly root: TreeNode;
  /** All properties by their whole keys, those of other agents included; `${name}` may name each. */
  readonly properties: ReadonlyMap<string, Property>;
  /** All that is written, file by file, also what a later value replaces. */
  readonly written: readonly (readonly Property[])[];
}

/** Reads Flume's files as one: of two values for a key the later one counts. Nothing when one is no properties file. */
export function readProperties(texts: readonly SourceText[], report: Report): PropertyTree | undefined {
  const properties = new Map<string, Property>();
  const written = texts.map(({ text, file }) => readText(text, file === report.file ? undefined : file));
  for (const read of written) {
    if (read.length > MAX_PROPERTIES) {
      report.error("too-large", read[MAX_PROPERTIES]!.place, {
        text: `The file holds more than ${MAX_PROPERTIES} properties`,
        fix: "split it into files for single agents",
      });
      return undefined;
    }
    for (const property of read) {
      // A key that stands there anew also takes its new place in the order.
      properties.delete(property.key);
      properties.set(property.key, property);
    }
  }
  const [first] = properties.values();
  if (!first) return { root: { place: START, scalar: { text: "", value: null } }, properties, written };
  const agents = agentsOf(properties.values());
  const { property: _, ...place } = first.place;
  const root = { place, entries: [{ key: "agents", place, node: { place, entries: agents } }] };
  return { root, properties, written };
}

/** The properties of one text in file order, each time that they stand there. */
function readText(text: string, file: string | undefined): Property[] {
  const properties: Property[] = [];
  for (const line of logicalLines(text.replace(/^\uFEFF/, ""))) {
    if (line.kind !== "property") continue;
    properties.push(readProperty(line.pieces, file));
    if (properties.length > MAX_PROPERTIES) break;
  }
  return properties;
}
