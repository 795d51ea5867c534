import type { PlanAdmin } from "../core/plan.ts";
import { type Config, host, list, port, type z } from "../core/schema.ts";
import type { CheckTools } from "./field_check.ts";
import { inputOf } from "./field_input.ts";
import { complainIssues } from "./field_issues.ts";
import { claimLeaves } from "./field_leaves.ts";
import type { Leaf } from "./leaves.ts";
import { didYouMean } from "./nearest.ts";

/** The fields of the section `admin`, for the check, the JSON Schema and the docs. */
export const ADMIN_FIELDS = {
  port: port().default(9414).describe("Port of the admin server; 0 picks a free one."),
  bind: host().default("127.0.0.1").describe("Address to listen on; 0.0.0.0 is every interface."),
  hosts: list().default([]).describe("Further names by which it may be asked while it listens on loopback."),
};

/** Checks the section `admin`; nothing when there is none. `admin: 9414` names the port alone. */
export function checkAdmin(
  leaves: readonly Leaf[],
  { report, homeDir }: CheckTools,
): PlanAdmin | undefined {
  if (leaves.length === 0) return undefined;
  const written = leaves.filter(({ path, node }) => path !== "" || (node.scalar?.value ?? null) !== null)
    .map((leaf) => leaf.path === "" ? { ...leaf, path: "port" } : leaf);
  const { byField, unclaimed } = claimLeaves(written, ADMIN_FIELDS);
  const names = Object.keys(ADMIN_FIELDS);
  for (const { key, place } of unclaimed) {
    report.error("unknown-field", place, {
      text: `admin has no field "${key}"`,
      fix: `${didYouMean(key, names)}All fields: ${names.join(", ")}`,
    });
  }
  const read = (key: keyof typeof ADMIN_FIELDS): unknown => {
    const field: z.ZodType = ADMIN_FIELDS[key];
    const own = byField.get(key) ?? [];
    if (own.some(({ node }) => node.isBroken)) return field.parse(undefined);
    const input = own.length === 0 ? undefined : inputOf(field, own, { as: "text", homeDir });
    const result = field.safeParse(input);
    if (result.success) return result.data;
    complainIssues({ key, field, leaves: own, title: "admin" }, result.error.issues, report);
    return field.parse(undefined);
  };
  return { port: read("port"), bind: read("bind"), hosts: read("hosts") } as Config<typeof ADMIN_FIELDS>;
}
