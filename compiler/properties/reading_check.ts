import type { Report } from "../diagnostics.ts";
import { nameList } from "../name_list.ts";
import { didYouMean } from "../nearest.ts";
import type { PropertyTree } from "../properties.ts";
import { agentNameOf } from "./agents.ts";
import type { Property } from "./property.ts";

/** Lines named in one finding at most. */
const LINES_SHOWN = 10;
/** Lists that Flume splits at white space only. */
const NAME_LIST =
  /^[^.]+\.(?:sources|channels|sinks|sinkgroups|configfilters|sources\.[^.]+\.(?:channels|interceptors)|sinkgroups\.[^.]+\.sinks)$/;

/** Complains about how the properties of one agent, and those of none, are written; other agents are left alone. */
export function complainReading(tree: PropertyTree, agent: string, report: Report): void {
  const agents = tree.root.entries?.[0]?.node.entries?.map(({ key }) => key) ?? [];
  for (const written of tree.written) {
    for (const property of written) complainEscapes(property, report);
    const own = written.filter(({ key }) => {
      const name = agentNameOf(key);
      return name === agent || name === undefined || !agents.includes(name);
    });
    complainTwice(own, report);
    complainRemarks(own, report);
    complainCharset(own, report);
    for (const property of own) complainCommas(property, report);
  }
  complainStrays(tree, agents, report);
}

function complainEscapes({ badEscapes }: Property, report: Report): void {
  for (const { text, place } of badEscapes) {
    report.error("bad-escape", place, {
      text: `"${text}" is no character; Flume refuses the whole file for it`,
      fix: "write \\u and four hexadecimal digits, or \\\\u for the plain text \\u",
    });
  }
}

function complainTwice(properties: readonly Property[], report: Report): void {
  const last = new Map<string, Property>();
  for (const property of properties) {
    const { key, place } = property;
    const before = last.get(key);
    last.set(key, property);
    if (!before) continue;
    report.warning("duplicate-name", place, {
      text: `"${key}" stands here again and replaces the value of line ${before.place.line}, as in Flume`,
      fix: "remove one of the two",
    });
  }
}

/** Once for a file: who writes one such remark writes many. */
function complainRemarks(properties: readonly Property[], report: Report): void {
  const remarked = properties.filter(({ remark, value }) => remark && value !== "");
  const [first] = remarked;
  if (!first) return;
  const { property: _, ...place } = first.remark!.place;
  report.note("remark-in-value", place, {
    text: `What stands behind " # " is taken as a comment (${
      linesOf(remarked)
    }); Flume takes it as part of the value`,
    fix:
      "put comments on lines of their own if Flume reads the file too; a # that belongs to the value is written \\#",
  });
}

function complainCharset(properties: readonly Property[], report: Report): void {
  const lost = properties.find(({ value }) => value.includes("\uFFFD"));
  if (lost) {
    report.warning("not-utf8", lost.valuePlace, {
      text: "The value holds bytes that are no UTF-8",
      fix: "save the file as UTF-8, or write such characters as \\u and four hexadecimal digits",
    });
  }
  // deno-lint-ignore no-control-regex
  const wide = properties.filter(({ value }) => /[^\x00-\x7F\uFFFD]/.test(value));
  if (wide[0]) {
    const { property: _, ...place } = wide[0].valuePlace;
    report.note("wide-characters", place, {
      text: `Values are read as UTF-8 (${linesOf(wide)}); Flume 1.10 and later reads them as ISO-8859-1`,
      fix: "write such characters as \\u and four hexadecimal digits if Flume reads the file too",
    });
  }
}

function complainCommas({ key, value, valuePlace }: Property, report: Report): void {
  if (!value.includes(",") || !NAME_LIST.test(key)) return;
  report.warning("comma-in-list", valuePlace, {
    text: `The list is split at its commas; Flume splits lists at white space only, and takes "${
      value.split(/\s+/).find((word) => word.includes(","))
    }" for a name`,
    fix: `write ${value.split(/[\s,]+/).filter((word) => word !== "").join(" ")}`,
  });
}

/** Properties that belong to no agent, and that no `${…}` names. */
function complainStrays(
  { properties, written }: PropertyTree,
  agents: readonly string[],
  report: Report,
): void {
  const values = written.flat().map(({ value }) => value);
  // Who puts names together may mean any property.
  if (values.some((value) => /\$\{[^{}]*\$\{/.test(value))) return;
  const named = new Set(
    values.flatMap((value) => Array.from(value.matchAll(/\$\{([^{}]+?)(?::-|\})/g), ([, name]) => name!)),
  );
  const told = new Set<string>();
  for (const { key, place } of properties.values()) {
    const agent = agentNameOf(key);
    if (named.has(key) || (agent !== undefined && agents.includes(agent)) || told.has(agent ?? key)) continue;
    told.add(agent ?? key);
    const near = agent === undefined ? "" : didYouMean(agent, agents);
    report.warning("stray-property", place, {
      text: agent === undefined
        ? "It belongs to no agent, and is ignored, as in Flume"
        : `There is no list of components of an agent "${agent}": its properties are ignored, as in Flume`,
      fix: `${near}Agents: ${nameList(agents)}`,
    });
  }
}

function linesOf(properties: readonly Property[]): string {
  const lines = [...new Set(properties.map(({ place }) => place.line))];
  const shown = lines.slice(0, LINES_SHOWN).join(", ");
  const more = lines.length > LINES_SHOWN ? ` and ${lines.length - LINES_SHOWN} more` : "";
  return `line${lines.length === 1 ? "" : "s"} ${shown}${more}`;
}
