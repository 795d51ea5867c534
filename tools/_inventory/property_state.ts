import { claimLeaves } from "../../compiler/field_leaves.ts";
import { fieldAt, shapeOf } from "../../compiler/field_shape.ts";
import { describeField } from "../../compiler/reference_fields.ts";
import { hasKnownField } from "../../compiler/known.ts";
import type { AnyPlugin } from "../../core/plugin.ts";
import { type Fields, metaOf, type z } from "../../core/schema.ts";
import {
  EQUAL_FIELDS,
  EQUAL_WORDS,
  FAMILIES,
  IDLE,
  NARROWER,
  propertyDifference,
  WIRING,
} from "./differences.ts";
import type { Home } from "./home.ts";
import type { Component, Property } from "./inventory.ts";

/** What became of a property of Flume here. */
export interface PropertyState {
  /** As the table says it. */
  readonly text: string;
  /** Why the table would not be true; absent when it is. */
  readonly fault?: string;
}

interface Found {
  /** The plugin's own key. */
  readonly key: string;
  /** The field, or what stands below it at the property's place. */
  readonly field: z.ZodType;
  readonly isBelow: boolean;
  /** The user chooses the key, so it can be neither required nor have a default. */
  readonly isChosen: boolean;
}

/** Compares a property with the field that takes it here. */
export function propertyState(
  component: Component,
  property: Property,
  { home, all }: { readonly home: Home; readonly all: readonly Component[] },
): PropertyState {
  if (home.state === "program" || home.state === "module") return { text: "yes" };
  if (home.state === "missing") return { text: "missing" };
  if (WIRING.has(`${property.group} ${property.name}`)) return { text: "yes" };
  const idle = IDLE[`${property.group} ${property.name}`];
  if (idle !== undefined) return { text: `accepted without effect: ${idle}` };
  if (home.state === "known") return knownState(component, property, home);
  const family = FAMILIES[`${component.id} ${property.name}`];
  return family ? familyState(family, { home, all }) : pluginState(component, property, home);
}

function faulty(text: string, fault: string): PropertyState {
  return { text, fault };
}

function knownState(
  { id, kind }: Component,
  property: Property,
  { known }: Home & { readonly state: "known" },
): PropertyState {
  const text = known.state === "later" ? "not yet" : "dead";
  if (kind === "tool" || hasKnownField(known, plainName(property))) return { text };
  return faulty(text, `${id}: "${property.name}" is not in compiler/known`);
}

/** All properties of another component, with something in front of each. */
function familyState(
  { of, prefix, without }: (typeof FAMILIES)[string],
  { home, all }: { readonly home: Home & { readonly state: "plugin" }; readonly all: readonly Component[] },
): PropertyState {
  const own = all.find(({ id }) => id === of)!.props.filter(({ name, group }) =>
    group === undefined && !without.includes(name)
  );
  const absent = own.find((property) => !findField(home.plugin, prefix + plainName(property)));
  if (!absent) return { text: "yes" };
  return faulty("missing", `"${home.plugin.name}" does not take "${prefix}${absent.name}"`);
}

function pluginState(
  { id }: Component,
  property: Property,
  { plugin, value }: Home & { readonly state: "plugin" },
): PropertyState {
  const difference = propertyDifference(id, property);
  const differs = difference && { text: `differs: ${difference}` };
  const name = `${value?.below ?? ""}${plainName(property)}`;
  const found = findField(plugin, name);
  const where = `${id} "${property.name}"`;
  if (!found) {
    return differs || faulty("missing", `${where}: ${plugin.kind} "${plugin.name}" has no such field`);
  }
  const { ignored, instead } = metaOf(found.field);
  if (instead !== undefined) return { text: `old name of \`${instead}\`` };
  if (ignored !== undefined) return { text: `accepted without effect: ${lowerFirst(ignored)}` };
  const mismatch = mismatchOf(property, found);
  const equal = EQUAL_FIELDS[`${id} ${property.name}`];
  if (mismatch === undefined) {
    const fault = `${where}: the difference is listed, but there is none`;
    if (differs || equal) return faulty("yes", fault);
    const limit = NARROWER[`${id} ${property.name}`];
    if (limit !== undefined) return { text: `differs: ${limit}` };
    return { text: found.key === name || found.isBelow ? "yes" : `yes, as \`${found.key}\`` };
  }
  if (equal !== undefined) return { text: `yes: ${equal}` };
  return differs || faulty("differs", `${where}: ${mismatch}`);
}

/** Placeholders become plain names: `filegroups.<group>` → `filegroups.x`. */
function plainName({ name }: Property): string {
  return name.replace(/<[^>]+>/g, "x").replace(/\*/g, "x");
}

function findField({ config }: AnyPlugin, name: string): Found | undefined {
  const node = { place: { line: 0, column: 0 } };
  const leaf = { path: name, node, keys: [] } as unknown as Parameters<typeof claimLeaves>[0][number];
  const [claim] = claimLeaves([leaf], config as Fields).byField;
  if (!claim) return undefined;
  const [key, [own]] = claim;
  const field = (config as Fields)[key]!;
  const below = own!.path === "" ? [] : own!.path.split(".");
  const isChosen = below.length > 0 && shapeOf(fieldAt(field, below.slice(0, -1))).kind !== "object";
  return { key, field: fieldAt(field, below), isBelow: below.length > 0, isChosen };
}

/** How a field differs from the property: whether it must be written, its default, its unit, its words. */
function mismatchOf(property: Property, { key, field, isChosen }: Found): string | undefined {
  const refused = refusedValue(property, field);
  if (refused !== undefined) return `does not take "${refused}"`;
  if (isChosen) return undefined;
  const { required, standard, unit } = describeField(key, field);
  if (required !== property.required) return required ? "is required here" : "is not required here";
  const [theirs, ours] = [theirDefault(property), standard?.toLowerCase() ?? ""];
  if (theirs !== ours) return `has default "${ours}" here, "${theirs}" in Flume`;
  const isTime = property.unit === "ms" || property.unit === "s";
  return isTime && unit !== property.unit ? `is in ${unit} here, in ${property.unit} in Flume` : undefined;
}

function refusedValue({ values }: Property, field: z.ZodType): string | undefined {
  if (!Array.isArray(values) || metaOf(field).codec) return undefined;
  const words = values.map(String).filter((word) => !word.startsWith("<"));
  return words.find((word) => !field.safeParse(word).success);
}

function theirDefault({ default: value, unit }: Property): string {
  if (value === null) return "";
  if (typeof value === "number" && value >= Number.MAX_SAFE_INTEGER) return "no limit";
  const text = String(value).toLowerCase();
  if (unit === "bytes" && /^\d+$/.test(text)) {
    const bytes = Number(text);
    if (bytes >= 1024 ** 2 && bytes % 1024 ** 2 === 0) return `${bytes / 1024 ** 2}mib`;
    if (bytes >= 1024 && bytes % 1024 === 0) return `${bytes / 1024}kib`;
  }
  return EQUAL_WORDS[text] ?? text;
}

function lowerFirst(text: string): string {
  const [first = "", second = ""] = text;
  const isWord = second === second.toLowerCase() && /\w/.test(second);
  return (isWord ? first.toLowerCase() + text.slice(1) : text).replace(/\.$/, "");
}
