import type { Plan } from "../core/plan.ts";
import { checkAdmin } from "./admin_settings.ts";
import { type AgentShape, readAgentShape } from "./agent_shape.ts";
import { checkDeadLetters } from "./dead_letters.ts";
import { checkCautions, checkDelivery } from "./delivery_check.ts";
import { type Diagnostic, Report } from "./diagnostics.ts";
import type { CheckTools } from "./field_check.ts";
import { readLeaves } from "./filled_leaves.ts";
import { checkJournals } from "./journal_check.ts";
import { checkMonitoring } from "./monitoring.ts";
import { type CheckedPart, checkPart, type Component } from "./part_check.ts";
import { notePartialStart } from "./partial_start.ts";
import { checkPipelineSettings, type PipelineSettings } from "./pipeline_settings.ts";
import { buildPlan } from "./plan.ts";
import type { SourceText } from "./properties.ts";
import { type ReadAgent, readAgent } from "./reading.ts";
import { Resolver } from "./resolve.ts";
import { checkGroup, checkSink } from "./sink_check.ts";
import { checkSource } from "./source_check.ts";
import { FileSurroundings, type Surroundings, type Uses } from "./surroundings.ts";
import { type CheckedAgent, Wiring } from "./wiring.ts";

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
export function compile(text: string, file: string, surroundings: Surroundings): Promise<Compiled> {
  return compileFiles([{ text, file }], surroundings);
}

/**
 * Compiles files that make one pipeline: of two values for a key the later one counts. What they name by relative paths
 * starts at the folder of the first one.
 */
export async function compileFiles(
  texts: readonly SourceText[],
  surroundings: Surroundings,
): Promise<Compiled> {
  const [first, ...others] = texts;
  if (!first) throw new RangeError("There is no file to compile");
  const report = new Report(first.file, others.map(({ file }) => file));
  const around = new FileSurroundings(surroundings, first.file);
  const agent = readAgent(texts, surroundings, report);
  const isMap = agent && checkIsMap(agent, report);
  const result = isMap ? await compileAgent(agent, { surroundings, around, report }) : undefined;
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
  read: ReadAgent,
  { surroundings, around, report }: Work,
): Promise<{ plan?: Plan; settings: PipelineSettings }> {
  const { syntax } = read;
  const { leaves, classes } = await readLeaves(read, around, report);
  const manifest = surroundings.manifest ?? (await import("../plugins/manifest.ts")).MANIFEST;
  const tools: CheckTools = {
    report,
    syntax,
    resolver: new Resolver(manifest, around, { classes, report }),
    homeDir: surroundings.homeDir,
  };
  const shape = readAgentShape(leaves, read.place, tools);
  const settings = checkPipelineSettings(shape.settings, tools);
  const admin = checkAdmin(shape.admin, tools);
  const [agent, reporters] = await Promise.all([
    checkAgent(shape, tools),
    checkMonitoring(shape.monitoring, surroundings.systemProperties ?? {}, tools),
  ]);
  const wiring = new Wiring(agent, tools);
  wiring.check();
  checkDelivery(agent, wiring, tools);
  checkJournals(usedChannels(agent, wiring), tools);
  if (report.hasErrors) {
    if (syntax.isFlume) notePartialStart(shape, report);
    return { settings };
  }
  const name = settings.name ?? read.name ?? stemOf(report.file);
  const stateDir = surroundings.stateDir(name, settings.stateDir);
  checkCautions(agent, stateDir, tools);
  const outside = { ...admin && { admin }, ...reporters.length > 0 && { reporters } };
  return { plan: { ...buildPlan(agent, wiring, { name, stateDir }), ...outside }, settings };
}

/** All components at once, so that their modules load side by side. */
async function checkAgent(shape: AgentShape, tools: CheckTools): Promise<CheckedAgent> {
  const unwritten: Component = {
    kind: "channel",
    name: "direct",
    path: "channel",
    place: shape.place,
    leaves: [],
    fallbackType: "direct",
  };
  const isUnwritten = shape.channels.length === 0 && !tools.syntax.isFlume;
  const channels = isUnwritten ? [unwritten] : shape.channels;
  const [sources, channelParts, sinks, groups, deadLetters] = await Promise.all([
    Promise.all(shape.sources.map((source) => checkSource(source, tools))),
    Promise.all(channels.map((channel) => checkPart(channel, tools))),
    Promise.all(shape.sinks.map((sink) => checkSink(sink, tools))),
    Promise.all(shape.groups.map((group) => checkGroup(group, tools))),
    checkDeadLetters(shape, tools),
  ]);
  return { place: shape.place, sources, channels, channelParts, sinks, groups, deadLetters };
}

function usedChannels({ channelParts }: CheckedAgent, wiring: Wiring): CheckedPart[] {
  return channelParts.filter((part) =>
    part !== undefined && wiring.usedChannels.has(part.part.name)
  ) as CheckedPart[];
}

function checkIsMap({ node: { place, scalar, entries }, syntax }: ReadAgent, report: Report): boolean {
  if (entries && entries.length > 0) return true;
  const isEmpty = entries !== undefined || scalar?.value === null;
  report.error(isEmpty ? "empty-file" : "wrong-shape", place, {
    text: isEmpty ? "The pipeline is empty" : "A pipeline is a map, with keys such as `source` and `sink`",
    fix: syntax.isFlume
      ? 'write "a1.sources = r1", "a1.channels = c1", "a1.sinks = k1", and their settings'
      : "write `source: { type: … }` and `sink: { type: … }`",
  });
  return false;
}

/** `pipelines/web.yaml` → `web`. */
function stemOf(file: string): string {
  const base = file.split("/").pop() ?? "";
  const stem = base.replace(/(?<=.)\.[^.]*$/, "").replace(/[^\w.-]/g, "_");
  return /^\.*$/.test(stem) ? "pipeline" : stem;
}
