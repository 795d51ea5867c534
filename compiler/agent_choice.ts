import type { Report } from "./diagnostics.ts";
import { nameList, shortName } from "./name_list.ts";
import { didYouMean } from "./nearest.ts";
import type { Place, TreeNode } from "./tree.ts";

/** The part of a file that is compiled. */
export interface AgentChoice {
  readonly node: TreeNode;
  readonly place: Place;
  /** The agent's key, or the name that was asked for. */
  readonly name?: string;
}

/** Picks one agent of a file with `agents:`; any other file is one agent. */
export function chooseAgent(
  root: TreeNode,
  wanted: string | undefined,
  { report, isFlume }: { readonly report: Report; readonly isFlume: boolean },
): AgentChoice | undefined {
  const agents = root.entries?.find(({ key }) => key === "agents");
  if (!agents) return { node: root, place: root.place, ...wanted !== undefined && { name: wanted } };
  for (const { key, place } of root.entries ?? []) {
    if (key === "agents" || key === "classes" || key.startsWith("classes.") || key.startsWith("x-")) continue;
    report.error("both-forms", place, {
      text: `"${key}" stands beside "agents"`,
      fix: "put it into one of the agents",
    });
  }
  const named = agents.node.entries ?? [];
  const names = named.map(({ key }) => key);
  const chosen = wanted === undefined && named.length === 1
    ? named[0]
    : named.find(({ key }) => key === wanted);
  if (chosen) return { node: chosen.node, place: chosen.place, name: chosen.key };
  if (names.length === 0) {
    report.error("no-agent", agents.place, {
      text: isFlume ? "No property belongs to an agent" : '"agents" holds no agent',
      fix: isFlume
        ? 'begin each key with the name of the agent, as in "a1.sources = r1"'
        : "write agents: { a1: { source: …, sink: … } }",
    });
  } else if (wanted === undefined) {
    report.error("no-agent", agents.place, {
      text: `The file holds ${names.length} agents`,
      fix: `choose one: --name ${shortName(names[0]!)}. Agents: ${nameList(names)}`,
    });
  } else {
    report.error("no-agent", agents.place, {
      text: `The file has no agent "${wanted}"${isFlume ? "; Flume would start and do nothing" : ""}`,
      fix: `${didYouMean(wanted, names)}Agents: ${nameList(names)}`,
    });
  }
  return undefined;
}
