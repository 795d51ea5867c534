import type { AnyPlugin, PluginKind } from "../core/plugin.ts";
import { PLUGIN_KINDS } from "../core/plugin.ts";
import type { Fields } from "../core/schema.ts";
import { describeField, type FieldDescription } from "./reference_fields.ts";

/** Where a component of a kind stands in a pipeline file. */
const HOLDERS: Readonly<Record<PluginKind, readonly string[]>> = {
  source: ["source:"],
  interceptor: ["interceptors:", "  -"],
  selector: ["sources:", "  in:", "    selector:"],
  channel: ["channel:"],
  sink_processor: ["sinkGroups:", "  group:", "    sinks: a b", "    processor:"],
  sink: ["sink:"],
  codec: [],
  reporter: ["monitoring:"],
};

/** Renders the reference page of a plugin as Markdown, all from its definition. */
export function referencePage(plugin: AnyPlugin): string {
  const fields = Object.entries(plugin.config as Fields).map(([key, field]) => describeField(key, field));
  const live = fields.filter(({ ignored, instead }) => ignored === undefined && instead === undefined);
  const idle = fields.filter((field) => !live.includes(field));
  const required = live.filter((field) => field.required);
  return [
    `# ${plugin.name} (${plugin.kind.replace("_", " ")})\n\n${plugin.summary}\n`,
    aliasLine(plugin),
    `\n## Shortest form\n\n${yamlBlock(plugin, required)}`,
    live.length > required.length ? `\n## All fields with their defaults\n\n${yamlBlock(plugin, live)}` : "",
    live.length > 0 ? `\n## Fields\n\n${fieldTable(live)}` : "\nIt has no fields.\n",
    idle.length > 0 ? `\n## Accepted for Flume's files\n\n${idleTable(idle)}` : "",
    plugin.about ? `\n## About\n\n${plugin.about.trim()}\n` : "",
    replayLine(plugin),
    plugin.examples.length > 0 ? "\n## Examples\n" : "",
    ...plugin.examples.map(({ title, yaml }) => `\n${title}:\n\n\`\`\`yaml\n${yaml.trim()}\n\`\`\`\n`),
  ].join("");
}

/** Renders the list of all plugins as Markdown. */
export function indexPage(plugins: readonly AnyPlugin[]): string {
  const sections = PLUGIN_KINDS.flatMap((kind) => {
    const own = plugins.filter((plugin) => plugin.kind === kind).sort((one, other) =>
      one.name < other.name ? -1 : 1
    );
    if (own.length === 0) return [];
    const rows = own.map(({ name, summary }) => `| [${name}](${kind}/${name}.md) | ${cell(summary)} |\n`);
    return [`\n## ${title(kind)}s\n\n| Name | What it is for |\n|---|---|\n${rows.join("")}`];
  });
  return `# Reference\n\nEvery plugin that is built in, by kind. \`sluice plugins show KIND NAME\` prints the same. What became of\nFlume's components and properties stands in [a table of its own](flume.md).\n${
    sections.join("")
  }`;
}

function aliasLine({ aliases = [] }: AnyPlugin): string {
  return aliases.length === 0
    ? ""
    : `\nAlso known as ${aliases.map((alias) => `\`${alias}\``).join(", ")}.\n`;
}

function replayLine({ kind, replayable }: AnyPlugin): string {
  if (kind !== "source") return "";
  return replayable
    ? "\nAfter a crash it goes on from the last safe position: nothing is lost.\n"
    : "\nIt cannot send again what was lost with a memory channel at a crash.\n";
}

function yamlBlock(plugin: AnyPlugin, fields: readonly FieldDescription[]): string {
  if (plugin.kind === "codec") return codecBlock(plugin, fields);
  const holder = HOLDERS[plugin.kind];
  const indent = "  ".repeat(holder.at(-1)!.search(/\S/) / 2 + 1);
  const isElement = holder.at(-1)!.trim() === "-";
  const lines = [`type: ${plugin.name}`, ...fields.map(yamlLine)];
  const body = lines.map((line, index) => isElement && index === 0 ? `  - ${line}` : indent + line);
  const head = isElement ? holder.slice(0, -1) : holder;
  return `\`\`\`yaml\n${[...head, ...body].join("\n")}\n\`\`\`\n`;
}

/** Codecs stand under a field of another plugin: `serializer: json` with `serializer.x: …` below. */
function codecBlock({ name }: AnyPlugin, fields: readonly FieldDescription[]): string {
  const lines = fields.length === 0
    ? [`codec: ${name}`]
    : ["codec:", `  type: ${name}`, ...fields.map((field) => `  ${yamlLine(field)}`)];
  return `\`\`\`yaml\n${lines.join("\n")}\n\`\`\`\n`;
}

function yamlLine({ key, standard, type = "text", description, required }: FieldDescription): string {
  const value = standard === undefined || standard === "no limit" ? "" : ` ${yamlValue(standard)}`;
  const said = description.split(/(?<=\.)\s/)[0]!.replaceAll("\n", " ");
  const word = type.replaceAll("\\|", "|");
  const comment = `${required ? "required, " : ""}${word}${said === "" ? "" : `: ${said}`}`;
  return value === "" && !required ? `# ${key}:  # ${comment}` : `${key}:${value}  # ${comment}`;
}

function yamlValue(text: string): string {
  return /^[\w./~][\w./~ -]*$/.test(text) && !/\s$/.test(text) ? text : JSON.stringify(text);
}

function fieldTable(fields: readonly FieldDescription[]): string {
  const rows = fields.map(
    ({ key, type = "text", unit, standard, required, description, alias = [], secret }) => {
      const also = alias.length === 0 ? "" : ` Also \`${alias.join("`, `")}\`.`;
      const hidden = secret ? " Never shown." : "";
      const value = required
        ? "required"
        : standard === undefined
        ? ""
        : `\`${standard === "" ? '""' : standard}\``;
      return `| \`${key}\` | ${type} | ${unit ?? ""} | ${cell(value)} | ${
        cell(description + hidden + also)
      } |\n`;
    },
  );
  return `| Key | Type | Unit | Default | Meaning |\n|---|---|---|---|---|\n${rows.join("")}`;
}

function idleTable(fields: readonly FieldDescription[]): string {
  const rows = fields.map(({ key, ignored, instead }) =>
    `| \`${key}\` | ${cell(instead === undefined ? `No effect: ${ignored}` : `Write \`${instead}\``)} |\n`
  );
  return `| Key | Note |\n|---|---|\n${rows.join("")}`;
}

/** Text in a table cell: bars are escaped where they are not yet, and lines are joined. */
function cell(text: string): string {
  return text.replace(/(?<!\\)\|/g, "\\|").replaceAll("\n", " ");
}

function title(kind: string): string {
  return kind.charAt(0).toUpperCase() + kind.slice(1).replace("_", " ");
}
