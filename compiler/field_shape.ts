import { type Fields, metaOf, type z } from "../core/schema.ts";

/** What may stand under a field's key. */
export type Shape =
  | { readonly kind: "plain" | "any" | "codec" }
  | { readonly kind: "map"; readonly value: z.ZodType }
  | { readonly kind: "list"; readonly element: z.ZodType }
  | { readonly kind: "object"; readonly fields: Fields };

interface Definition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly shape?: Fields;
  readonly options?: readonly z.ZodType[];
  readonly getter?: () => z.ZodType;
}

const ANY = new Set(["any", "unknown", "custom", "lazy", "intersection", "map"]);

/** Looks through defaults, options and transforms at what a user may write. */
export function shapeOf(field: z.ZodType): Shape {
  if (metaOf(field).codec) return { kind: "codec" };
  const { type, innerType, in: input, out, valueType, element, shape, options } = definitionOf(field);
  if (innerType) return shapeOf(innerType);
  if (input) return shapeOf(definitionOf(input).type === "transform" && out ? out : input);
  if (type === "record" && valueType) return { kind: "map", value: valueType };
  if (type === "object" && shape) return { kind: "object", fields: shape };
  if (type === "array" && element) return { kind: "list", element };
  const isOpen = ANY.has(type) || options?.some((option) => takesChildren(option));
  return { kind: isOpen ? "any" : "plain" };
}

/** Whether keys may stand below the field's own. */
export function takesChildren(field: z.ZodType): boolean {
  const { kind } = shapeOf(field);
  return kind !== "plain" && kind !== "list";
}

/** The field at a path inside another one, as Zod's issues name it; the nearest one above when there is none. */
export function fieldAt(field: z.ZodType, path: readonly PropertyKey[]): z.ZodType {
  const [first, ...rest] = path;
  if (first === undefined) return field;
  const shape = shapeOf(field);
  if (shape.kind === "map") return fieldAt(shape.value, rest);
  if (shape.kind === "list") return fieldAt(shape.element, rest);
  const inner = shape.kind === "object" ? shape.fields[String(first)] : undefined;
  return inner ? fieldAt(inner, rest) : field;
}

const SPELLINGS = new WeakMap<Fields, ReadonlyMap<string, string>>();

/** All spellings of all keys: the spelling → the key. A file asks for those of a plugin as often as it names it. */
export function spellingsOf(fields: Fields): ReadonlyMap<string, string> {
  const known = SPELLINGS.get(fields);
  if (known) return known;
  const spellings = new Map<string, string>();
  SPELLINGS.set(fields, spellings);
  for (const [key, field] of Object.entries(fields)) {
    for (const alias of metaOf(field).alias ?? []) spellings.set(alias, key);
  }
  for (const key of Object.keys(fields)) spellings.set(key, key);
  return spellings;
}

function definitionOf(field: z.ZodType): Definition {
  return field.def as unknown as Definition;
}
