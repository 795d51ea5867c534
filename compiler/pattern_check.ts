import { Pattern } from "../core/pattern.ts";
import type { Report } from "./diagnostics.ts";
import { locate, type WrittenField } from "./field_issues.ts";

const ENGINE_FLAG = "--v8-flags=--enable-experimental-regexp-engine-on-excessive-backtracks";

/** Warns of regular expressions in a field's value that may run away. */
export async function complainPatterns(written: WrittenField, value: unknown, report: Report): Promise<void> {
  for (const { path, pattern } of patternsIn(value, [])) {
    if (!hasLoops(pattern.source)) continue;
    // Loaded only for expressions that could be risky: the parser costs more than all the rest of a check.
    const { riskOf } = await import("./regex_risk.ts");
    const risk = riskOf(pattern.regexp.source);
    if (!risk) continue;
    const { place } = locate(written.leaves, path);
    const key = [written.key, ...path.map(String)].join(".");
    // What was written reads better than what it was translated to.
    const part = riskOf(pattern.source)?.part ?? risk.part;
    const text = `${written.title}: "${key}" may take ${risk.growth} time: ${risk.reason}, "${part}"`;
    if (risk.hasLinearWay) {
      const fix = `rewrite it without that, or see that Sluice runs with ${ENGINE_FLAG}`;
      report.warning("runaway-regex", place, { text, fix });
    } else {
      const fix =
        "rewrite that part, or do without backreferences and lookaheads: with them V8 has no linear way";
      report.error("runaway-regex", place, { text, fix });
    }
  }
}

interface FoundPattern {
  readonly path: readonly PropertyKey[];
  readonly pattern: Pattern;
}

function patternsIn(value: unknown, path: readonly PropertyKey[]): FoundPattern[] {
  if (value instanceof Pattern) return [{ path, pattern: value }];
  if (Array.isArray(value)) return value.flatMap((one, index) => patternsIn(one, [...path, index]));
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return [];
  }
  return Object.entries(value).flatMap(([key, one]) => patternsIn(one, [...path, key]));
}

/** Less than two loops cannot run away, nor can loops without a group unless there are many. */
function hasLoops(source: string): boolean {
  const loops = source.match(/[*+]|\{\d+,/g)?.length ?? 0;
  return (loops >= 1 && source.includes("(") && /\)[*+{]/.test(source)) || loops >= 4;
}
