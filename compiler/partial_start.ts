import type { AgentShape } from "./agent_shape.ts";
import { nameList } from "./name_list.ts";
import type { Report } from "./diagnostics.ts";
import type { Section } from "./sections.ts";

/** What Flume finds as well, rather than what only Sluice lacks or refuses. */
const CODES = new Set(
  ["missing-type", "unknown-type", "missing-field", "wrong-value", "bad-combination", "unknown-channel"],
);

/** Says what Flume would have made of a file with errors: it leaves out what is wrong, and starts the rest. */
export function notePartialStart(shape: AgentShape, report: Report): void {
  const kinds: readonly (readonly [string, readonly Section[]])[] = [
    ["source", shape.sources],
    ["channel", shape.channels],
    ["sink", shape.sinks],
    ["sink group", shape.groups],
  ];
  const broken = kinds.flatMap(([kind, sections]) =>
    sections.filter((section) => isBroken(section, report)).map(({ name }) => `${kind} "${name}"`)
  );
  if (broken.length === 0) return;
  report.note("partial-start", shape.place, {
    text: `Where Flume finds the same errors it leaves out ${
      nameList(broken)
    }, and starts the rest of the agent`,
    fix: "correct the errors: Sluice starts an agent as a whole or not at all",
  });
}

function isBroken({ leaves, place }: Section, report: Report): boolean {
  return report.hasErrorAt([
    place,
    ...leaves.flatMap(({ node, keys }) => [node.place, ...keys.map(({ place }) => place)]),
  ], CODES);
}
