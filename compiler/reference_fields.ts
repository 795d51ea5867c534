import { Pattern } from "../core/pattern.ts";
import { type FieldMeta, metaOf, type z } from "../core/schema.ts";

/** What a reference page says about a field. */
export interface FieldDescription extends FieldMeta {
  readonly key: string;
  readonly description: string;
  readonly required: boolean;
  /** The default as one would write it; absent when there is none. */
  readonly standard?: string;
}

/** Describes a field from its Zod type and its metadata. */
export function describeField(key: string, field: z.ZodType): FieldDescription {
  const { description = "", ...about } = metaOf(field);
  const standard = about.fallback ?? defaultText(defaultOf(field), about);
  const required = standard === undefined && !isOptional(field);
  return { key, description, ...about, required, ...standard !== undefined && { standard } };
}

/** The value that stands when nothing is written, as `create` gets it. */
export function defaultOf(field: z.ZodType): unknown {
  const { type, defaultValue, innerType } = field.def as unknown as {
    readonly type: string;
    readonly defaultValue?: unknown;
    readonly innerType?: z.ZodType;
  };
  if (type === "default" || type === "prefault") return defaultValue;
  return innerType && defaultOf(innerType);
}

function isOptional(field: z.ZodType): boolean {
  if (metaOf(field).codec) return (field.def as { type: string }).type === "optional";
  return field.safeParse(undefined).success;
}

function defaultText(value: unknown, { secret, unit }: FieldMeta): string | undefined {
  if (value === undefined || isEmptyList(value)) return undefined;
  if (secret) return "***";
  if (value instanceof Pattern) return value.source;
  if (typeof value === "number") return numberText(value, unit);
  if (Array.isArray(value)) return value.map(String).join(" ");
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

function isEmptyList(value: unknown): boolean {
  return typeof value === "object" && value !== null && !(value instanceof Pattern) &&
    Object.keys(value).length === 0;
}

function numberText(value: number, unit: string | undefined): string {
  if (value === Infinity || value >= Number.MAX_SAFE_INTEGER) return "no limit";
  const steps = unit === "bytes" ? BYTE_STEPS : [];
  const [factor, suffix] = steps.find(([factor]) => value >= factor && value % factor === 0) ?? [1, ""];
  return `${value / factor}${suffix}`;
}

const BYTE_STEPS: readonly (readonly [number, string])[] = [[1024 ** 3, "GiB"], [1024 ** 2, "MiB"], [
  1024,
  "KiB",
]];
