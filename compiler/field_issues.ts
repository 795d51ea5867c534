import { metaOf, type z } from "../core/schema.ts";
import type { Report } from "./diagnostics.ts";
import { fieldAt } from "./field_shape.ts";
import { keyPlace, type Leaf } from "./leaves.ts";
import { nearestName } from "./nearest.ts";
import type { Place, TreeNode } from "./tree.ts";

/** A field with what was written for it. */
export interface WrittenField {
  readonly key: string;
  readonly field: z.ZodType;
  readonly leaves: readonly Leaf[];
  /** `source "in" (http)`. */
  readonly title: string;
  /** The words in which Flume's files set a part of the field; absent for YAML. */
  write?(key: string): string;
}

interface Found {
  readonly place: Place;
  /** Absent: nothing is written at exactly this path. */
  readonly node?: TreeNode;
}

const SHOWN_CHARACTERS = 80;
const EXPECTED: Readonly<Record<string, string>> = {
  record: "a map (name: value)",
  object: "a map (key: value)",
  array: "a list",
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

/** Turns what Zod says about a field into complaints with a place, the value and the fix. */
export function complainIssues(
  written: WrittenField,
  issues: readonly z.core.$ZodIssue[],
  report: Report,
): void {
  for (const issue of issues) {
    const { place, node } = locate(written.leaves, issue.path);
    const name = [written.key, ...issue.path.map(String)].join(".");
    if (!node && issue.path.length > 0) {
      report.error("missing-field", place, {
        text: `${written.title} has no value for "${name}"`,
        fix: adviceFor(written, name, issue),
      });
      continue;
    }
    const isSecret = node?.isSecret === true || isSecretAt(written.field, issue.path);
    const { wish, reason } = wanted(issue);
    const shown = shownValue(node, isSecret);
    report.error("wrong-value", place, {
      text: `${written.title}: "${name}" cannot be ${shown}${reason && !isSecret ? `: ${reason}` : ""}`,
      fix: withHint(wish, node),
    });
  }
}

function adviceFor({ write }: WrittenField, name: string, issue: z.core.$ZodIssue): string {
  const { wish } = wanted(issue);
  if (!write) return `add "${name}"${wish.replace(/^write/, " with")}`;
  const isMap = issue.code === "invalid_type" && ["object", "record"].includes(issue.expected);
  return `add "${write(isMap ? `${name}.…` : name)}"${isMap ? "" : wish.replace(/^write/, ":")}`;
}

/** Finds the value that a path inside a field points to, or the nearest place above it. */
export function locate(leaves: readonly Leaf[], path: readonly PropertyKey[]): Found {
  for (let length = path.length; length >= 0; length--) {
    const dotted = path.slice(0, length).map(String).join(".");
    const exact = leaves.find((leaf) => leaf.path === dotted);
    if (exact) return descend(exact.node, path.slice(length));
    const above = leaves.find((leaf) => dotted === "" || leaf.path.startsWith(`${dotted}.`));
    if (above) {
      const place = keyPlace(above, dotted.length);
      return length === path.length ? { place, node: { place, entries: [] } } : { place };
    }
  }
  return { place: { line: 1, column: 1 } };
}

/** Text that may be shown; addresses lose the password in them. */
export function maskAddress(text: string): string {
  return text.replace(/(\/\/[^/@\s:]*:)[^/@\s]*@/g, "$1***@");
}

function descend(node: TreeNode, path: readonly PropertyKey[]): Found {
  const [first, ...rest] = path;
  if (first === undefined) return { place: node.place, node };
  const inner = typeof first === "number"
    ? node.elements?.[first]
    : node.entries?.find(({ key }) => key === String(first))?.node;
  return inner ? descend(inner, rest) : { place: node.place };
}

function isSecretAt(field: z.ZodType, path: readonly PropertyKey[]): boolean {
  return path.some((_, index) => metaOf(fieldAt(field, path.slice(0, index))).secret) ||
    metaOf(fieldAt(field, path)).secret === true;
}

/** Our own types say "Expected …: reason"; Zod's say what they like. */
function wanted(issue: z.core.$ZodIssue): { wish: string; reason?: string } {
  const { message: said } = issue;
  if (issue.code === "invalid_type") return { wish: `write ${EXPECTED[issue.expected] ?? issue.expected}` };
  if (issue.code === "unrecognized_keys") return { wish: `remove ${issue.keys.join(", ")}` };
  const [, expected, reason] = /^Expected (.*?)(?:: (.*))?$/s.exec(said) ?? [];
  if (expected === undefined) return { wish: said.charAt(0).toLowerCase() + said.slice(1) };
  return { wish: `write ${expected}`, ...reason !== undefined && { reason } };
}

function shownValue(node: TreeNode | undefined, isSecret: boolean): string {
  if (!node || node.scalar?.value === null) return "empty";
  if (node.elements) return "a list";
  if (!node.scalar) return "a map";
  if (isSecret) return '"***"';
  const text = maskAddress(node.scalar.text);
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);
}

/** For "one of a, b, c" the nearest of them comes first. */
function withHint(wish: string, node: TreeNode | undefined): string {
  const words = /^write one of (.*)$/.exec(wish)?.[1]?.split(", ");
  const near = words && node?.scalar && nearestName(node.scalar.text.slice(0, 100), words);
  return near === undefined ? wish : `did you mean "${near}"? Or ${wish}`;
}
