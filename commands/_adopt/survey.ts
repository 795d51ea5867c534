import type { Adoption } from "../../core/mod.ts";
import type { Plan, PlanPart } from "../../core/plan.ts";
import { CommandError } from "../exit.ts";

/** What was found for one component. */
export interface Finding {
  readonly kind: "source" | "channel";
  readonly part: PlanPart;
  readonly adoption: Adoption;
}

/** Channels of which nothing outlives their process. */
const FLEETING: ReadonlySet<string> = new Set(["memory", "direct"]);

/**
 * Asks all components what a Flume agent left behind for them.
 * @throws {CommandError} when something is there and cannot be read.
 */
export async function surveyFlume({ sources, channels }: Plan): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const part of channels) {
    findings.push({ kind: "channel", part, adoption: await adoptionOf(part, "channel") });
  }
  for (const part of sources) {
    findings.push({ kind: "source", part, adoption: await adoptionOf(part, "source") });
  }
  return findings;
}

async function adoptionOf(part: PlanPart, kind: Finding["kind"]): Promise<Adoption> {
  const { plugin, name, config } = part;
  if (!plugin.adopt) return { found: [], warnings: hasOwn(part, kind) };
  try {
    return await plugin.adopt(config);
  } catch (cause) {
    throw new CommandError(`Cannot take over what Flume left for ${kind} "${name}"`, {
      cause,
      fix: "correct that, or take the component out of a copy of the file and adopt the rest",
    });
  }
}

function hasOwn({ plugin }: PlanPart, kind: Finding["kind"]): string[] {
  if (kind === "source" || FLEETING.has(plugin.name)) return [];
  return ["What Flume's channel holds cannot be taken over: let the old agent deliver it first"];
}
