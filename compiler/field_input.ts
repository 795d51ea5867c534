import { metaOf, type z } from "../core/schema.ts";
import { claimLeaves } from "./field_leaves.ts";
import { shapeOf } from "./field_shape.ts";
import { byName, type Leaf, leavesOf } from "./leaves.ts";
import type { TreeNode } from "./tree.ts";

/** How a field is read. */
export interface InputOptions {
  /**
   * `text`: values as they were written, so that a version `1.10` stays one; our own field types read text.
   * `value`: numbers and booleans as YAML sees them, for plain Zod types.
   */
  readonly as: "text" | "value";
  readonly homeDir: string;
}

/** Makes the leaves of a field into the plain value that its Zod type checks. */
export function inputOf(field: z.ZodType, leaves: readonly Leaf[], options: InputOptions): unknown {
  const own = leaves.find(({ path }) => path === "");
  const below = leaves.filter(({ path }) => path !== "");
  const names = metaOf(field).named ? namesOf(own?.node) : undefined;
  if (names === undefined && below.length === 0) return own && nodeInput(field, own.node, options);
  const shape = shapeOf(field);
  if (shape.kind === "object") return objectInput(shape.fields, below, options);
  const isFlat = shape.kind === "map" && ["plain", "list"].includes(shapeOf(shape.value).kind);
  const groups = isFlat
    ? new Map(below.map((leaf) => [leaf.path, [{ ...leaf, path: "" }]]))
    : byName(below, { names: names ?? [], whole: true });
  const value = shape.kind === "map" ? shape.value : field;
  return Object.fromEntries(
    [...names ?? groups.keys()].map((name) => [name, inputOf(value, groups.get(name) ?? [], options)]),
  );
}

/** The names in `filegroups: f1 f2` or `filegroups: [f1, f2]`; nothing when it is no list of names. */
export function namesOf(node: TreeNode | undefined): string[] | undefined {
  if (node?.scalar) return node.scalar.text.split(/[\s,]+/).filter((word) => word !== "");
  const words = node?.elements?.map(({ scalar }) => scalar?.text ?? "");
  return words?.every((word) => word !== "") ? words : undefined;
}

function objectInput(fields: Record<string, z.ZodType>, leaves: readonly Leaf[], options: InputOptions) {
  const { byField, unclaimed } = claimLeaves(leaves, fields);
  const known = [...byField].map(([key, own]) => [key, inputOf(fields[key]!, own, options)] as const);
  return Object.fromEntries([...known, ...unclaimed.map(({ key }) => [key, null] as const)]);
}

function nodeInput(field: z.ZodType, node: TreeNode, options: InputOptions): unknown {
  const { elements, entries, scalar } = node;
  const shape = shapeOf(field);
  const element = shape.kind === "list" ? shape.element : field;
  if (elements) return elements.map((one) => elementInput(element, one, options));
  if (scalar) {
    return metaOf(field).access ? inHome(scalarInput(node, options), options) : scalarInput(node, options);
  }
  return entries && entries.length > 0 ? inputOf(field, leavesOf(node), options) : {};
}

function elementInput(field: z.ZodType, node: TreeNode, options: InputOptions): unknown {
  return node.entries ? inputOf(field, leavesOf(node), options) : nodeInput(field, node, options);
}

function scalarInput({ scalar }: TreeNode, { as }: InputOptions): unknown {
  return scalar?.value === null || as === "value" ? scalar?.value : scalar?.text;
}

function inHome(value: unknown, { homeDir }: InputOptions): unknown {
  return typeof value === "string" && value.startsWith("~/") ? homeDir + value.slice(1) : value;
}
