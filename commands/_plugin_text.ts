import { type AnyPlugin, metaOf, type z } from "../core/mod.ts";

const WIDTH = 100;

/** A plugin with all its fields, for a terminal. */
export function renderPlugin(plugin: AnyPlugin, colour: boolean): string {
  const bold = (text: string) => colour ? `\x1b[1m${text}\x1b[0m` : text;
  const fields = Object.entries(plugin.config as Record<string, z.ZodType>);
  const shown = fields.filter(([, field]) => !metaOf(field).instead && !metaOf(field).ignored);
  const rest = fields.filter((entry) => !shown.includes(entry));
  const aliases = plugin.aliases?.length ? `Also: ${plugin.aliases.join(", ")}\n` : "";
  const replayable = plugin.kind === "source"
    ? `${
      plugin.replayable ? "Goes on after a crash where it was safe." : "Cannot send again what a crash loses."
    }\n`
    : "";
  return [
    `${bold(plugin.name)} (${plugin.kind.replace("_", " ")}): ${plugin.summary}\n${aliases}${replayable}`,
    ...plugin.about ? [`${wrap(plugin.about, "")}`] : [],
    ...shown.length > 0
      ? [`${bold("Fields")}\n${shown.map((entry) => fieldText(entry, bold)).join("")}`]
      : [],
    ...rest.length > 0
      ? [`${bold("Accepted for Flume's files")}\n${rest.map((entry) => fieldText(entry, bold)).join("")}`]
      : [],
    ...plugin.examples.map(({ title, yaml }) => `${bold(`Example: ${title}`)}\n${indent(yaml.trim(), "  ")}`),
  ].join("\n");
}

function fieldText([key, field]: [string, z.ZodType], bold: (text: string) => string): string {
  const { type, unit, alias, secret, ignored, instead, description, fallback } = metaOf(field);
  const standing = requirement(field, fallback);
  const traits = [
    `${(type ?? "any").replaceAll("\\|", "|")}${unit === undefined || unit === type ? "" : ` (${unit})`}`,
    ...standing === "" ? [] : [standing],
    ...alias?.length ? [`also ${alias.join(", ")}`] : [],
    ...secret ? ["secret"] : [],
  ];
  const texts = [
    description,
    ignored && `No effect here: ${ignored}`,
    instead && `Write ${instead} instead.`,
  ];
  const about = texts.filter((text) => text !== undefined && text !== "").join(" ");
  return `  ${bold(key)}: ${traits.join(", ")}\n${about === "" ? "" : wrap(about, "      ")}`;
}

function requirement(field: z.ZodType, fallback: string | undefined): string {
  if (fallback !== undefined) return `default ${fallback}`;
  const value = defaultOf(field);
  if (value !== undefined && value !== "") {
    return `default ${typeof value === "object" ? JSON.stringify(value) : value}`;
  }
  return field.safeParse(undefined).success ? "" : "required";
}

function defaultOf(field: z.ZodType): unknown {
  const { type, defaultValue, innerType } = field.def as {
    readonly type: string;
    readonly defaultValue?: unknown;
    readonly innerType?: z.ZodType;
  };
  if (type === "default" || type === "prefault") return defaultValue;
  return innerType && defaultOf(innerType);
}

/** Breaks paragraphs at the width of the page; lists, tables and code keep their lines. */
function wrap(text: string, margin: string): string {
  return text.trim().split(/\n{2,}/).map((paragraph) => {
    if (/^(\s*[|*-]|\s{2,}|```)/m.test(paragraph)) return indent(paragraph, margin);
    const lines = [""];
    for (const word of paragraph.split(/\s+/)) {
      const line = lines.at(-1)!;
      if (line !== "" && margin.length + line.length + word.length >= WIDTH) lines.push(word);
      else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
    }
    return indent(lines.join("\n"), margin);
  }).join("\n");
}

function indent(text: string, margin: string): string {
  return text.split("\n").map((line) => `${margin}${line}\n`).join("");
}
