import assert from "node:assert/strict";
import { type Context, EventBatch, type Sink, type Source } from "sluice/plugin";
import type { Plan, PlanTaker } from "../../core/plan.ts";
import { memoryPositions } from "../../core/position.ts";
import { startPipeline } from "../../core/supervisor.ts";
import { testContext } from "../support/context.ts";
import { memoryChannel, planOf } from "../support/plan.ts";
import { until } from "../support/until.ts";

/** What each sink was told when it was closed: `name: hasSuccessor`. */
class Closes {
  readonly seen: string[] = [];
  writes = 0;
  /** The first write of this sink is not delivered. */
  failing = "";

  readonly sink = (context: Context): Sink => ({
    write: () => {
      this.writes++;
      if (context.name !== this.failing) return;
      this.failing = "";
      return Promise.resolve({ delivered: Promise.reject(new Error("A sync was refused")) });
    },
    close: () => Promise.resolve(void this.seen.push(`${context.name}: ${context.hasSuccessor}`)),
  });
}

const silent = ({ signal }: Context): Source => ({
  run: () =>
    new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true })),
});

async function start(plan: Plan) {
  const logger = () => testContext().log;
  return await startPipeline(plan, { logger, positions: memoryPositions(), shutdownMs: 5000 });
}

/** The same sinks with another config. */
function altered(takers: readonly PlanTaker[]): PlanTaker[] {
  return takers.map((taker) => ({
    ...taker,
    sinks: taker.sinks.map((sink) => ({ ...sink, settings: { altered: true } })),
  }));
}

Deno.test("sink knows at a reload whether it comes again, and at a stop that it does not", async () => {
  const closes = new Closes();
  const channels = { one: memoryChannel(), two: memoryChannel() };
  const plan = planOf({ source: silent, channels, sinks: { one: closes.sink, two: closes.sink } });
  const pipeline = await start(plan);
  await pipeline.reload({ ...plan, takers: altered(plan.takers) });
  assert.deepEqual(closes.seen.splice(0).sort(), ["sink-one: true", "sink-two: true"]);
  await pipeline.reload({ ...plan, channels: plan.channels.slice(0, 1), takers: plan.takers.slice(0, 1) });
  assert.deepEqual(closes.seen.splice(0).sort(), ["sink-one: true", "sink-two: false"]);
  const other = { ...plan.takers[0]!.sinks[0]!.plugin };
  const ofOtherType = [{ ...plan.takers[0]!, sinks: [{ ...plan.takers[0]!.sinks[0]!, plugin: other }] }];
  await pipeline.reload({ ...plan, channels: plan.channels.slice(0, 1), takers: ofOtherType });
  assert.deepEqual(closes.seen.splice(0), ["sink-one: false"]);
  await pipeline.stop();
  assert.deepEqual(closes.seen, ["sink-one: false"]);
});

Deno.test("sink of a group knows that it comes again without the others", async () => {
  const closes = new Closes();
  const plan = planOf({
    source: silent,
    channels: { main: memoryChannel() },
    sinks: { one: closes.sink, two: closes.sink },
    processor: (_, sinks) => ({
      write: (batch, signal) => sinks[0]!.write(batch, signal),
      close: async () => void await Promise.all(sinks.map((sink) => sink.close?.())),
    }),
  });
  const pipeline = await start(plan);
  const [, two] = plan.takers[0]!.sinks;
  const alone: PlanTaker = { name: "sink-two", channel: "main", sinks: [two!] };
  await pipeline.reload({ ...plan, takers: [alone] });
  assert.deepEqual(closes.seen.splice(0).sort(), ["sink-one: false", "sink-two: true"]);
  await pipeline.stop();
});

Deno.test("sink that fails has no successor for certain", async () => {
  const closes = new Closes();
  closes.failing = "sink-main";
  const plan = planOf({
    source: () => ({ run: async (emit) => await emit(EventBatch.from([{ body: "one" }])) }),
    channels: { main: memoryChannel() },
    sinks: { main: closes.sink },
  });
  const pipeline = await start(plan);
  await until("the second write", () => closes.writes === 2);
  await pipeline.stop();
  assert.deepEqual(closes.seen, ["sink-main: false", "sink-main: false"]);
});

Deno.test("sink that a reload closes hears when the pipeline ends before another takes its place", async () => {
  const gate = Promise.withResolvers<void>();
  const seen: unknown[] = [];
  const sink = (context: Context): Sink => ({
    write: () => gate.promise,
    close: async () => {
      seen.push(context.hasSuccessor);
      await until("the end of the pipeline", () => context.hasSuccessor === false);
      seen.push(context.hasSuccessor);
    },
  });
  const plan = planOf({
    source: () => ({ run: async (emit) => await emit(EventBatch.from([{ body: "one" }])) }),
    channels: { main: memoryChannel() },
    sinks: { main: sink },
  });
  const pipeline = await start(plan);
  // By then nothing but the last batch is waited for.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const reloaded = pipeline.reload({ ...plan, takers: altered(plan.takers) });
  await new Promise((resolve) => setTimeout(resolve, 10));
  gate.resolve();
  await reloaded;
  await pipeline.finished;
  assert.deepEqual(seen, [true, false]);
});
