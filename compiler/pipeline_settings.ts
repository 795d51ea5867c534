import { duration, path, text, type z } from "../core/schema.ts";
import { inputOf } from "./field_input.ts";
import { complainIssues } from "./field_issues.ts";
import { claimLeaves } from "./field_leaves.ts";
import type { CheckTools } from "./field_check.ts";
import type { Leaf } from "./leaves.ts";

/** What holds for a whole pipeline. */
export interface PipelineSettings {
  readonly name?: string;
  readonly stateDir?: string;
  /** How long a stop may take before it becomes a hard one. */
  readonly shutdownTimeoutMs: number;
}

const NAME = text().refine((name) => /^[\w.-]+$/.test(name) && !/^\.+$/.test(name), {
  error: "Expected letters, digits, dots, - and _",
});

/** The fields of a whole pipeline, for the check, the JSON Schema and the docs. */
export const PIPELINE_FIELDS = {
  name: NAME.optional().describe("Name of the pipeline; the file's name otherwise."),
  stateDir: path({ access: "read-write" }).optional()
    .describe("Folder for positions and for what components keep."),
  shutdownTimeout: duration("ms").default(30_000).describe(
    "How long a stop may take before it becomes a hard one.",
  ),
};

/** Checks the settings of a whole pipeline. */
export function checkPipelineSettings(
  leaves: readonly Leaf[],
  { report, homeDir }: CheckTools,
): PipelineSettings {
  const { byField, unclaimed } = claimLeaves(leaves, PIPELINE_FIELDS);
  for (const { key, place } of unclaimed) {
    report.error("wrong-value", place, {
      text: `"${key}": one value is expected here`,
      fix: "remove what is below",
    });
  }
  const read = <T>(key: keyof typeof PIPELINE_FIELDS, field: z.ZodType<T>): T | undefined => {
    const own = byField.get(key) ?? [];
    if (own.some(({ node }) => node.isBroken)) return undefined;
    const result = field.safeParse(inputOf(field, own, { as: "text", homeDir }));
    if (result.success) return result.data;
    complainIssues({ key, field, leaves: own, title: "pipeline" }, result.error.issues, report);
    return undefined;
  };
  const name = read("name", PIPELINE_FIELDS.name);
  const stateDir = read("stateDir", PIPELINE_FIELDS.stateDir);
  const shutdownTimeoutMs = read("shutdownTimeout", PIPELINE_FIELDS.shutdownTimeout) ?? 30_000;
  return { ...name !== undefined && { name }, ...stateDir !== undefined && { stateDir }, shutdownTimeoutMs };
}
