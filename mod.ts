/**
 * What a program that embeds Sluice may use: compile a pipeline file, start the plan, read its state, write plugins.
 *
 * @example A pipeline inside a program
 * ```ts
 * import { compile, memoryPositions, startPipeline } from "sluice";
 * import assert from "node:assert/strict";
 *
 * const text = "source: { type: seq, totalEvents: 3 }\nsink: { type: 'null' }";
 * const { plan, diagnostics } = await compile(text, "counting.yaml", {
 *   env: (name) => Deno.env.get(name),
 *   readText: (path) => Deno.readTextFile(path),
 *   load: (specifier) => import(specifier),
 *   homeDir: "/home/me",
 *   stateDir: (name) => `state/${name}`,
 * });
 * assert.deepEqual(diagnostics.filter(({ severity }) => severity === "error"), []);
 * const silent = { debug() {}, info() {}, warn() {}, error() {} };
 * const running = await startPipeline(plan!, { logger: () => silent, positions: memoryPositions() });
 * await running.finished;
 * const sink = running.components().find(({ kind }) => kind === "sink")!;
 * assert.equal(sink.counters["EventDrainSuccessCount"], 3);
 * ```
 * @module
 */
export { compile } from "./compiler/compile.ts";
export type { Compiled, Diagnostic, Surroundings, Uses } from "./compiler/compile.ts";
export { renderDiagnostics } from "./compiler/diagnostics.ts";
export type { ComponentState, ComponentStatus } from "./core/component.ts";
export {
  BlockPool,
  ChannelFullError,
  ConfigError,
  Counters,
  defineChannel,
  defineCodec,
  defineInterceptor,
  defineReporter,
  defineSelector,
  defineSink,
  defineSinkProcessor,
  defineSource,
  DeliveryError,
  EventBatch,
  JournalCorruptError,
  Pattern,
  PluginError,
  PoisonError,
  systemClock,
} from "./core/mod.ts";
export type {
  AnyPlugin,
  Channel,
  Clock,
  Codec,
  Column,
  Context,
  Emit,
  Event,
  Interceptor,
  Logger,
  PluginKind,
  Position,
  Reporter,
  Selector,
  Sink,
  Source,
} from "./core/mod.ts";
export type { Plan, PlanPart, PlanSource, PlanTaker } from "./core/plan.ts";
export { memoryPositions } from "./core/position.ts";
export type { PositionStore } from "./core/position.ts";
export { startPipeline } from "./core/supervisor.ts";
export type { PipelineOptions, RunningPipeline } from "./core/supervisor.ts";
