import { defineSink, defineSource, EventBatch, splitLines } from "../core/mod.ts";
import type { Plan, PlanPart } from "../core/plan.ts";
import type { AnyPlugin } from "../core/mod.ts";
import { memoryPositions } from "../core/position.ts";
import { startPipeline } from "../core/supervisor.ts";

/** How a plan is measured. */
export interface BenchOptions {
  /** Lines that the source gives again and again, each with its newline. */
  readonly sample: Uint8Array;
  readonly runMs: number;
  /** Told what goes wrong. */
  onFault(text: string): void;
}

/** What one run reached. */
export interface BenchRun {
  readonly events: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Events that came out at the other end; interceptors may drop some, selectors may copy some. */
  readonly deliveredEvents: number;
}

const BLOCK_BYTES = 256 * 1024;
const TURN_BATCHES = 16;

/** Runs a plan with its sources replaced by sample lines and its sinks by nothing. */
export async function benchPlan(plan: Plan, options: BenchOptions): Promise<BenchRun> {
  const counts = { events: 0, bytes: 0, deliveredEvents: 0 };
  const source = partOf(sampleSource(options.sample, counts));
  const sink = partOf(nothingSink(counts));
  const measured: Plan = {
    ...plan,
    sources: plan.sources.map((one) => ({ ...one, ...source, name: one.name })),
    takers: plan.takers.map(({ name, channel }) => ({ name, channel, sinks: [{ ...sink, name }] })),
  };
  const silent = { debug() {}, info() {}, warn: options.onFault, error: options.onFault };
  const startMs = performance.now();
  const running = await startPipeline(measured, { logger: () => silent, positions: memoryPositions() });
  const timer = setTimeout(() => running.stop().catch(() => {}), options.runMs);
  try {
    await running.finished;
  } finally {
    clearTimeout(timer);
  }
  return { ...counts, seconds: (performance.now() - startMs) / 1000 };
}

interface Counts {
  events: number;
  bytes: number;
  deliveredEvents: number;
}

function sampleSource(sample: Uint8Array, counts: Counts): AnyPlugin {
  const block = new Uint8Array(Math.max(1, Math.floor(BLOCK_BYTES / sample.length)) * sample.length);
  for (let offset = 0; offset < block.length; offset += sample.length) block.set(sample, offset);
  const batch = new EventBatch({ block, ...splitLines(block) });
  return defineSource({
    name: "sample",
    summary: "Gives the same lines again and again.",
    config: {},
    examples: [],
    create: (_config, { signal }) => ({
      async run(emit) {
        for (let turn = 1; !signal.aborted; turn++) {
          await emit.ready;
          // What a stop leaves over is not counted as delivered, and that is all there is to it.
          emit(batch).catch(() => {});
          counts.events += batch.size;
          counts.bytes += batch.spanBytes;
          if (turn % TURN_BATCHES === 0) await new Promise((resolve) => setImmediate(resolve));
        }
      },
    }),
  });
}

function nothingSink(counts: Counts): AnyPlugin {
  return defineSink({
    name: "nothing",
    summary: "Counts events and forgets them.",
    config: {},
    examples: [],
    create: () => ({ write: ({ size }) => void (counts.deliveredEvents += size) }),
  });
}

function partOf(plugin: AnyPlugin): Omit<PlanPart, "name"> {
  return { type: plugin.name, plugin, config: {}, settings: {} };
}
