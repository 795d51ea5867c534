import type { AnyPlugin, PluginKind } from "../core/plugin.ts";
import { type Fields, metaOf, type z } from "../core/schema.ts";
import type { Report } from "./diagnostics.ts";
import { inputOf, namesOf } from "./field_input.ts";
import { complainIssues, locate, type WrittenField } from "./field_issues.ts";
import { claimLeaves, type Unclaimed } from "./field_leaves.ts";
import { keyPlace, type Leaf } from "./leaves.ts";
import { masked } from "./masking.ts";
import { didYouMean } from "./nearest.ts";
import { complainPatterns } from "./pattern_check.ts";
import type { Resolver } from "./resolve.ts";
import type { Syntax } from "./syntax.ts";
import type { Place } from "./tree.ts";

/** A component as it was written. */
export interface Written {
  readonly plugin: AnyPlugin;
  /** Its settings, without `type` and the keys that belong to the wiring. */
  readonly leaves: readonly Leaf[];
  /** `source "in" (http)`, for complaints. */
  readonly title: string;
  /** Where it stands in its agent: `sources.r1`. */
  readonly path: string;
  readonly place: Place;
  /** Keys beside the plugin's own that may stand there, for "did you mean". */
  readonly otherKeys?: readonly string[];
}

/** A component's config after the check. */
export interface CheckedConfig {
  readonly config: Record<string, unknown>;
  /** What was written, secrets masked. */
  readonly settings: Record<string, unknown>;
  /** Where a field stands; the component's own place for fields that were not written. */
  placeOf(key: string, ...below: string[]): Place;
  /** Whether the file holds the field. */
  isWritten(key: string): boolean;
}

/** What the check of fields needs. */
export interface CheckTools {
  readonly report: Report;
  readonly resolver: Resolver;
  readonly syntax: Syntax;
  readonly homeDir: string;
}

interface FieldResult {
  readonly config?: unknown;
  readonly setting?: unknown;
  readonly isWrong?: boolean;
}

/** Checks a component's fields against its plugin; what is wrong becomes complaints. */
export async function checkFields(written: Written, tools: CheckTools): Promise<CheckedConfig> {
  const fields = written.plugin.config as Fields;
  const claims = claimLeaves(written.leaves, fields);
  for (const unclaimed of claims.unclaimed) complainUnclaimed(unclaimed, written, tools);
  for (const { key, place } of claims.repeated) {
    tools.report.error("duplicate-name", place, {
      text: `${written.title} has "${key}" more than once`,
      fix: "keep one of them",
    });
  }
  const { syntax } = tools;
  const write = syntax.isFlume
    ? (key: string) => syntax.write({ owner: written.path, key, value: "…" })
    : undefined;
  const results = await Promise.all(
    Object.entries(fields).map(async ([key, field]) => {
      const leaves = claims.byField.get(key) ?? [];
      const { title } = written;
      return [
        key,
        await checkField({ key, field, leaves, title, ...write && { write } }, written, tools),
      ] as const;
    }),
  );
  const checked: CheckedConfig = {
    config: Object.fromEntries(results.map(([key, { config }]) => [key, config])),
    settings: Object.fromEntries(
      results.filter(([, { setting }]) => setting !== undefined).map(([key, { setting }]) => [key, setting]),
    ),
    placeOf: (key, ...below) =>
      claims.byField.has(key) ? locate(claims.byField.get(key)!, below).place : written.place,
    isWritten: (key) => claims.byField.has(key),
  };
  if (!results.some(([, { isWrong }]) => isWrong)) complainTogether(written, checked, tools.report);
  return checked;
}

async function checkField(field: WrittenField, owner: Written, tools: CheckTools): Promise<FieldResult> {
  const about = metaOf(field.field);
  if (field.leaves.some(({ node }) => node.isBroken)) return { isWrong: true };
  if (field.leaves.length > 0) complainIdle(field, tools.report);
  if (about.codec) return await checkCodec(field, owner, tools);
  if (field.leaves.length === 0) return checkAbsent(field, owner, tools.report);
  if (about.named) complainUnlisted(field, owner, tools);
  const asText = inputOf(field.field, field.leaves, { as: "text", homeDir: tools.homeDir });
  const isSecret = field.leaves.some(({ node }) => node.isSecret);
  const setting = isSecret ? "***" : masked(field.field, asText);
  const first = field.field.safeParse(asText);
  const result = first.success
    ? first
    : field.field.safeParse(inputOf(field.field, field.leaves, { as: "value", homeDir: tools.homeDir }));
  if (!result.success) {
    if (about.ignored) return { setting };
    complainIssues(field, result.error.issues, tools.report);
    return { setting, isWrong: true };
  }
  await complainPatterns(field, result.data, tools.report);
  return { config: result.data, setting };
}

function checkAbsent(
  { key, field, title, write }: WrittenField,
  { place }: Written,
  report: Report,
): FieldResult {
  const result = field.safeParse(undefined);
  if (result.success) return { config: result.data };
  const { description, type } = metaOf(field);
  report.error("missing-field", place, {
    text: `${title} needs "${key}"`,
    fix: `add "${write?.(key) ?? key}"${description ? `: ${description}` : type ? `, a ${type}` : ""}`,
  });
  return { isWrong: true };
}

/** A codec is a name with settings below it: `deserializer: line`, `deserializer.maxLineLength: 100`. */
async function checkCodec(field: WrittenField, owner: Written, tools: CheckTools): Promise<FieldResult> {
  const { key, leaves, title } = field;
  const named = leaves.find(({ path }) => path === "") ?? leaves.find(({ path }) => path === "type");
  const { fallback, flumeFallback = fallback } = metaOf(field.field);
  const word = named ? named.node.scalar?.text : tools.syntax.isFlume ? flumeFallback : fallback;
  const place = named?.node.place ?? (leaves[0] ? keyPlace(leaves[0], 0) : owner.place);
  if (word === undefined || word === "") return checkNoCodec(field, place, { owner, tools });
  const subject = `${title} "${key}"`;
  const resolved = await tools.resolver.resolve({ kind: "codec", word, place, subject });
  if (!resolved) return { isWrong: true };
  const { plugin, type } = resolved;
  const settings = leaves.filter((leaf) => leaf !== named);
  const codecTitle = `codec "${type}" of ${title}`;
  const checked = await checkFields({
    plugin,
    leaves: settings,
    title: codecTitle,
    path: `${owner.path}.${key}`,
    place,
    otherKeys: ["type"],
  }, tools);
  const config = { plugin, config: checked.config };
  const isWritten = named !== undefined || Object.keys(checked.settings).length > 0;
  return isWritten ? { config, setting: { type, ...checked.settings } } : { config };
}

function checkNoCodec(
  { key, field, leaves, title }: WrittenField,
  place: Place,
  { owner, tools }: { owner: Written; tools: CheckTools },
): FieldResult {
  const isOptional = (field.def as { type: string }).type === "optional";
  if (leaves.length === 0 && isOptional) return {};
  tools.report.error("missing-type", leaves.length === 0 ? owner.place : place, {
    text: `${title} does not name the codec of "${key}"`,
    fix: `write "${
      tools.syntax.write({ owner: owner.path, key, value: "NAME" })
    }"; sluice plugins list codec`,
  });
  return { isWrong: true };
}

function complainUnclaimed(unclaimed: Unclaimed, written: Written, { report, syntax }: CheckTools): void {
  const { key, place, plainField } = unclaimed;
  const { plugin, title, otherKeys = [] } = written;
  const all = `All fields: ${showCommand(plugin)}`;
  const ignored = syntax.isFlume ? "; it is ignored, as in Flume" : "";
  const severity = syntax.isFlume ? "warning" : "error";
  if (plainField !== undefined) {
    return report[severity](syntax.isFlume ? "unknown-field" : "wrong-value", place, {
      text: `${title}: "${plainField}" takes no keys below it${ignored}`,
      fix: all,
    });
  }
  const fields = plugin.config as Fields;
  const words = [
    ...Object.keys(fields),
    ...Object.values(fields).flatMap((one: z.ZodType) => metaOf(one).alias ?? []),
  ];
  report[severity]("unknown-field", place, {
    text: `${title} has no field "${key}"${ignored}`,
    fix: `${didYouMean(key, [...words, ...otherKeys])}${all}`,
  });
}

/** Names what `filegroups: f1 f2` forgot; those entries are left out. */
function complainUnlisted(
  { key, leaves, title }: WrittenField,
  { path }: Written,
  { report, syntax }: CheckTools,
): void {
  const names = namesOf(leaves.find(({ path }) => path === "")?.node);
  if (!names) return;
  for (const leaf of leaves) {
    if (leaf.path === "" || names.some((name) => leaf.path === name || leaf.path.startsWith(`${name}.`))) {
      continue;
    }
    report.warning("unlisted-name", keyPlace(leaf, leaf.path.length), {
      text: `${title}: "${key}.${leaf.path}" is left out, because "${key}" does not list it`,
      fix: `add it to "${syntax.write({ owner: path, key, value: names.join(" ") })}"`,
    });
  }
}

/** Fields that are accepted, but have no effect or a better name. */
function complainIdle({ key, field, leaves, title }: WrittenField, report: Report): void {
  const { ignored, instead } = metaOf(field);
  const place = keyPlace(leaves[0]!, leaves[0]!.path.length);
  if (ignored !== undefined) {
    report.note("ignored-field", place, {
      text: `${title}: "${key}" has no effect: ${ignored}`,
      fix: "remove it",
    });
  }
  if (instead !== undefined) {
    report.warning("old-field", place, {
      text: `${title}: "${key}" is an old name`,
      fix: `write "${instead}"`,
    });
  }
}

/** What the plugin itself finds in fields that are valid alone. */
function complainTogether({ plugin, title }: Written, checked: CheckedConfig, report: Report): void {
  for (const { key, text, fix } of plugin.check?.(checked.config) ?? []) {
    report.error("bad-combination", checked.placeOf(key), { text: `${title}: ${text}`, ...fix && { fix } });
  }
}

function showCommand({ kind, name }: { kind: PluginKind; name: string }): string {
  return `sluice plugins show ${kind} ${name}`;
}
