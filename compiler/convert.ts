import { compile } from "./compile.ts";
import { agentParts, type KnownAgent, type KnownProperty, SECTIONS } from "./convert/agent.ts";
import { type FileRemarks, readRemarks } from "./convert/comments.ts";
import { convertValue } from "./convert/values.ts";
import { yamlLines, type YamlPart, yamlScalar } from "./convert/yaml_lines.ts";
import { type Diagnostic, Report } from "./diagnostics.ts";
import { readLeaves } from "./filled_leaves.ts";
import { type Property, readProperties } from "./properties.ts";
import { agentNameOf } from "./properties/agents.ts";
import { type ReadAgent, readAgent } from "./reading.ts";
import { readSection } from "./sections.ts";
import { FileSurroundings, type Surroundings } from "./surroundings.ts";

/** What became of a properties file. */
export interface Converted {
  /** Empty when the file cannot be read. */
  readonly yaml: string;
  /** What the compiler says about all agents of the file. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Makes a YAML file that behaves like a properties file, with the user's comments; what has no equal stands there as a
 * comment with the reason. Names of components are kept, because counters and positions bear them.
 */
export async function convertProperties(
  text: string,
  file: string,
  surroundings: Surroundings,
): Promise<Converted> {
  const report = new Report(file);
  const tree = readProperties([{ text, file }], report);
  const names = tree?.root.entries?.[0]?.node.entries?.map(({ key }) => key) ?? [];
  const chosen = surroundings.agent === undefined
    ? names
    : names.filter((name) => name === surroundings.agent);
  if (!tree || chosen.length === 0) {
    return { yaml: "", diagnostics: await findings(text, file, surroundings) };
  }
  const remarks = readRemarks(text);
  const agents = await Promise.all(
    chosen.map((agent) =>
      readKnown({ text, file, surroundings: { ...surroundings, agent, syntax: "properties" } }, remarks)
    ),
  );
  const all = [...tree.properties.values()];
  const strays = all.filter(({ key }) => !names.includes(agentNameOf(key) ?? ""));
  const parts: YamlPart[] = [
    { comments: [`Converted from ${file.split("/").pop()}.`] },
    ...strays.map((stray) => strayPart(stray, remarks, all)),
    ...classesPart(agents.flatMap(({ classes }) => classes)),
    ...wholeParts(agents.map(({ agent }) => agent)),
    ...remarks.atEnd.length === 0 ? [] : [{ comments: remarks.atEnd, isApart: true }],
  ];
  const said = agents.flatMap(({ agent }) => agent.diagnostics);
  const diagnostics = [...new Map(said.map((one) => [JSON.stringify(one), one])).values()];
  return {
    yaml: `${yamlLines(parts).join("\n")}\n`,
    diagnostics: diagnostics.sort((one, other) => one.line - other.line),
  };
}

/** One agent is a file of its own, several stand under `agents:`. */
function wholeParts(agents: readonly KnownAgent[]): YamlPart[] {
  const [only, ...others] = agents;
  if (only && others.length === 0) {
    return [{ key: "name", value: yamlScalar(only.name) }, ...agentParts(only)];
  }
  const parts = agents.map((agent) => ({ key: agent.name, isApart: true, parts: agentParts(agent) }));
  return [{ key: "agents", isApart: true, parts }];
}

interface Input {
  readonly text: string;
  readonly file: string;
  readonly surroundings: Surroundings;
}

async function findings(
  text: string,
  file: string,
  surroundings: Surroundings,
): Promise<readonly Diagnostic[]> {
  return (await compile(text, file, { ...surroundings, syntax: "properties" })).diagnostics;
}

async function readKnown({ text, file, surroundings }: Input, remarks: FileRemarks) {
  const diagnostics = await findings(text, file, surroundings);
  const report = new Report(file);
  const read = readAgent([{ text, file }], surroundings, report)!;
  const around = new FileSurroundings(surroundings, file);
  const { leaves, classes } = await readLeaves(read, around, report);
  const sections = new Map(
    SECTIONS.map(([section]) =>
      [section, readSection(leaves, section, { report, syntax: read.syntax })] as const
    ),
  );
  const filters = sections.get("configfilters")!.map(({ name }) => name);
  const known = await knownProperties(read, remarks, { around, filters });
  const agent: KnownAgent = { name: read.name!, properties: known, sections, diagnostics };
  return { agent, classes: classes.entries };
}

async function knownProperties(
  { name, properties, syntax }: ReadAgent,
  remarks: FileRemarks,
  { around, filters }: { around: FileSurroundings; filters: readonly string[] },
): Promise<KnownProperty[]> {
  const own = [...properties!.values()].filter(({ key }) => agentNameOf(key) === name);
  return await Promise.all(own.map(async (property): Promise<KnownProperty> => ({
    property,
    path: property.key.slice(name!.length + 1),
    remarks: remarks.byKey.get(property.key),
    converted: await convertValue(property, { around, properties: properties!, filters, syntax }),
  })));
}

/** A property of no agent is there for others to name, or for nothing. */
function strayPart({ key, value }: Property, remarks: FileRemarks, all: readonly Property[]): YamlPart {
  const isNamed = all.some((one) => one.value.includes(`\${${key}`));
  const reason = isNamed
    ? "written out where it is named"
    : "left out, as Flume does: it belongs to no agent";
  return { comments: [...remarks.byKey.get(key)?.above ?? [], `${key} = ${value}`, `  ${reason}`] };
}

function classesPart(classes: readonly (readonly [string, string])[]): YamlPart[] {
  const parts = [...new Map(classes)].map(([key, module]): YamlPart => ({ key, value: yamlScalar(module) }));
  return parts.length === 0 ? [] : [{ key: "classes", isApart: true, parts }];
}
