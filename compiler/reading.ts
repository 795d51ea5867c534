import { type AgentChoice, chooseAgent } from "./agent_choice.ts";
import type { Report } from "./diagnostics.ts";
import { mergeTrees } from "./merge.ts";
import { type PropertyTree, readProperties, type SourceText } from "./properties.ts";
import { complainReading } from "./properties/reading_check.ts";
import { propertiesOf, type Syntax, syntaxOf, YAML } from "./syntax.ts";
import type { TreeNode } from "./tree.ts";
import { readYaml } from "./yaml.ts";

/** The agent that is compiled, and how its files are written. */
export interface ReadAgent extends AgentChoice {
  readonly syntax: Syntax;
  /** The whole of the files. */
  readonly root: TreeNode;
  /** All properties, where the files are Flume's. */
  readonly properties?: PropertyTree["properties"];
}

/** Reads the files of a pipeline and picks the agent; nothing, and complaints, when that cannot be done. */
export function readAgent(
  texts: readonly SourceText[],
  { agent, syntax }: { readonly agent?: string; readonly syntax?: Syntax["name"] },
  report: Report,
): ReadAgent | undefined {
  const kinds = texts.map(({ file, text }) => syntax ?? syntaxOf(file, text));
  const odd = texts[kinds.findIndex((kind) => kind !== kinds[0])];
  if (odd) {
    report.error("mixed-syntax", { line: 1, column: 1, file: odd.file }, {
      text: "YAML and Flume's properties cannot make one pipeline together",
      fix: "sluice convert makes YAML of a properties file",
    });
    return undefined;
  }
  return kinds[0] === "properties" ? readFlume(texts, agent, report) : readYamls(texts, agent, report);
}

function readFlume(
  texts: readonly SourceText[],
  agent: string | undefined,
  report: Report,
): ReadAgent | undefined {
  const tree = readProperties(texts, report);
  if (!tree) return undefined;
  const choice = chooseAgent(tree.root, agent, { report, isFlume: true });
  if (!choice) return undefined;
  const name = choice.name ?? "a1";
  complainReading(tree, name, report);
  return { ...choice, syntax: propertiesOf(name), root: tree.root, properties: tree.properties };
}

function readYamls(
  texts: readonly SourceText[],
  agent: string | undefined,
  report: Report,
): ReadAgent | undefined {
  const roots = texts.map(({ text, file }) =>
    readYaml(text, report, file === report.file ? undefined : file)
  );
  if (!roots.every((root) => root !== undefined)) return undefined;
  const root = mergeTrees(roots);
  const choice = chooseAgent(root, agent, { report, isFlume: false });
  return choice && { ...choice, syntax: YAML, root };
}
