import type { KnownComponent, KnownKind } from "./known/component.ts";
import { KNOWN_ROW_FORMATS } from "./known/row_formats.ts";
import { KNOWN_SINKS } from "./known/sinks.ts";
import { KNOWN_INTERCEPTORS, KNOWN_SOURCES } from "./known/sources.ts";
import { KNOWN_SURROUNDINGS } from "./known/surroundings.ts";

export type { KnownComponent, KnownKind };

/** All components of Flume that are not built in: known by name, class and properties, so that they can be explained. */
export const KNOWN: readonly KnownComponent[] = [
  ...KNOWN_SOURCES,
  ...KNOWN_INTERCEPTORS,
  ...KNOWN_SINKS,
  ...KNOWN_ROW_FORMATS,
  ...KNOWN_SURROUNDINGS,
];

const BY_WORD: ReadonlyMap<string, KnownComponent> = new Map(
  KNOWN.flatMap((one) => one.words.map((word) => [keyOf(one.id.split(".", 1)[0]!, word), one] as const)),
);

/** Finds a component that is not built in by the word written after `type`. */
export function findKnown(kind: KnownKind, word: string): KnownComponent | undefined {
  return BY_WORD.get(keyOf(kind, word));
}

/** Whether a component has a property; `hdfs.path` and everything below `serializer.*` alike. */
export function hasKnownField({ fields }: KnownComponent, key: string): boolean {
  return fields.some((field) => {
    if (!field.endsWith("*")) return key === field;
    return key === field.slice(0, -2) || key.startsWith(field.slice(0, -1));
  });
}

/** Flume's monitors are reporters here. */
function keyOf(kind: string, word: string): string {
  return `${kind === "monitor" ? "reporter" : kind} ${word.toLowerCase().replace(/\$builder$/, "")}`;
}
