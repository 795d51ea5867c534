import { logicalLines } from "../properties/lines.ts";
import { readProperty } from "../properties/property.ts";

/** What the user wrote about a property. */
export interface Remarks {
  /** The comment lines above it, and those above earlier values that it replaces. */
  readonly above: readonly string[];
  readonly behind?: string | undefined;
  /** The values that it replaces. */
  readonly replaced: readonly { readonly line: number; readonly value: string }[];
}

/** The comments of a properties file, by the keys below them. */
export interface FileRemarks {
  readonly byKey: ReadonlyMap<string, Remarks>;
  /** What stands below the last property. */
  readonly atEnd: readonly string[];
}

/** Finds the comments of a properties file. */
export function readRemarks(text: string): FileRemarks {
  const byKey = new Map<string, Remarks>();
  const values = new Map<string, { line: number; value: string }>();
  let above: string[] = [];
  for (const line of logicalLines(text.replace(/^\uFEFF/, ""))) {
    if (line.kind === "comment") above.push(line.text.trim());
    if (line.kind !== "property") continue;
    const { key, value, remark, place } = readProperty(line.pieces);
    const before = byKey.get(key);
    const replaced = values.has(key) ? [...before!.replaced, values.get(key)!] : [];
    byKey.set(key, {
      above: [...before?.above ?? [], ...above],
      replaced,
      ...remark?.text && { behind: remark.text },
    });
    values.set(key, { line: place.line, value });
    above = [];
  }
  return { byKey, atEnd: above };
}
