import { metaOf, type z } from "../core/schema.ts";
import { maskAddress } from "./field_issues.ts";
import { fieldAt } from "./field_shape.ts";

/** A copy of what was written for a field, with secrets as `***` and without passwords in addresses. */
export function masked(field: z.ZodType, value: unknown): unknown {
  if (value === undefined || value === null) return value;
  if (metaOf(field).secret) return "***";
  if (typeof value === "string") return maskAddress(value);
  if (Array.isArray(value)) return value.map((one, index) => masked(fieldAt(field, [index]), one));
  if (typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, masked(fieldAt(field, [key]), one)]),
  );
}
