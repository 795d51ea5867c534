import type { Plan } from "../core/plan.ts";
import { chooseAgent } from "./agent_choice.ts";
import { type AgentShape, readAgentShape } from "./agent_shape.ts";
import { checkDeadLetters } from "./dead_letters.ts";
import { checkDelivery } from "./delivery_check.ts";
import { type Diagnostic, Report } from "./diagnostics.ts";
import type { CheckTools } from "./field_check.ts";
import { interpolate } from "./interpolate.ts";
import { leavesOf } from "./leaves.ts";
import { checkPart, type Component } from "./part_check.ts";
import { checkPipelineSettings, type PipelineSettings } from "./pipeline_settings.ts";
import { buildPlan } from "./plan.ts";
import { Resolver } from "./resolve.ts";
import { checkGroup, checkSink } from "./sink_check.ts";
import { checkSource } from "./source_check.ts";
import { FileSurroundings, type Surroundings, type Uses } from "./surroundings.ts";
import type { TreeNode } from "./tree.ts";
import { type CheckedAgent, Wiring } from "./wiring.ts";
import { readYaml } from "./yaml.ts";

export type { Surroundings, Uses } from "./surroundings.ts";
export type { Diagnostic } from "./diagnostics.ts";

/** What became of a pipeline file. */
export interface Compiled {
  /** Present when there is no error; warnings and notes may still be. */
  readonly plan?: Plan;
  /** All complaints in file order. */
  readonly diagnostics: readonly Diagnostic[];
  /** How long a stop may take before it becomes a hard one. */
  readonly shutdownTimeoutMs: number;
  readonly uses: Uses;
}

const SHUTDOWN_MS = 30_000;

/** Compiles the text of a pipeline file; never throws because of what stands in it. */
export async function compile(text: string, file: string, surroundings: Surroundings): Promise<Compiled> {
  const report = new Report(file);
  const around = new FileSurroundings(surroundings, file);
  const root = readYaml(text, report);
  const choice = root && chooseAgent(root, surroundings.agent, report);
  const isMap = choice && checkIsMap(choice.node, report);
  const result = isMap ? await compileAgent(choice, { surroundings, around, report }) : undefined;
  return {
    ...result?.plan && !report.hasErrors && { plan: result.plan },
    diagnostics: report.sorted(),
    shutdownTimeoutMs: result?.settings.shutdownTimeoutMs ?? SHUTDOWN_MS,
    uses: around.uses,
  };
}

interface Work {
  readonly surroundings: Surroundings;
  readonly around: FileSurroundings;
  readonly report: Report;
}

async function compileAgent(
  choice: NonNullable<ReturnType<typeof chooseAgent>>,
  { surroundings, around, report }: Work,
): Promise<{ plan?: Plan; settings: PipelineSettings }> {
  const node = await interpolate(choice.node, around, report);
  const manifest = surroundings.manifest ?? (await import("../plugins/manifest.ts")).MANIFEST;
  const tools: CheckTools = {
    report,
    resolver: new Resolver(manifest, around, report),
    homeDir: surroundings.homeDir,
  };
  const shape = readAgentShape(leavesOf(node), report, choice.place);
  const settings = checkPipelineSettings(shape.settings, tools);
  const agent = await checkAgent(shape, tools);
  const wiring = new Wiring(agent);
  wiring.check(report);
  checkDelivery(agent, wiring, report);
  if (report.hasErrors) return { settings };
  const name = settings.name ?? choice.name ?? stemOf(report.file);
  const stateDir = settings.stateDir ?? `${surroundings.stateRoot}/${name}`;
  return { plan: buildPlan(agent, wiring, { name, stateDir }), settings };
}

/** All components at once, so that their modules load side by side. */
async function checkAgent(shape: AgentShape, tools: CheckTools): Promise<CheckedAgent> {
  const unwritten: Component = {
    kind: "channel",
    name: "direct",
    place: shape.place,
    leaves: [],
    fallbackType: "direct",
  };
  const channels = shape.channels.length === 0 ? [unwritten] : shape.channels;
  const [sources, channelParts, sinks, groups, deadLetters] = await Promise.all([
    Promise.all(shape.sources.map((source) => checkSource(source, tools))),
    Promise.all(channels.map((channel) => checkPart(channel, tools))),
    Promise.all(shape.sinks.map((sink) => checkSink(sink, tools))),
    Promise.all(shape.groups.map((group) => checkGroup(group, tools))),
    checkDeadLetters(shape, tools),
  ]);
  return { place: shape.place, sources, channels, channelParts, sinks, groups, deadLetters };
}

function checkIsMap({ place, scalar, entries }: TreeNode, report: Report): boolean {
  if (entries && entries.length > 0) return true;
  const isEmpty = entries !== undefined || scalar?.value === null;
  report.error(isEmpty ? "empty-file" : "wrong-shape", place, {
    text: isEmpty ? "The pipeline is empty" : "A pipeline is a map, with keys such as `source` and `sink`",
    fix: "write `source: { type: … }` and `sink: { type: … }`",
  });
  return false;
}

/** `pipelines/web.yaml` → `web`. */
function stemOf(file: string): string {
  const base = file.split("/").pop() ?? "";
  const stem = base.replace(/(?<=.)\.[^.]*$/, "").replace(/[^\w.-]/g, "_");
  return /^\.*$/.test(stem) ? "pipeline" : stem;
}
