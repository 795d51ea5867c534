import assert from "node:assert/strict";
import { type Channel, type Emit, EventBatch, type Sink, type Source } from "sluice/plugin";
import type { Plan } from "../../core/plan.ts";
import { memoryPositions } from "../../core/position.ts";
import { startPipeline } from "../../core/supervisor.ts";
import { inFolder } from "../plugins/channels/_channels.ts";
import { testContext } from "../support/context.ts";
import { memoryChannel, planOf } from "../support/plan.ts";
import { until } from "../support/until.ts";

/** Emits what the test tells it to, in one run. */
function tap(): { readonly source: (context: { signal: AbortSignal }) => Source; emit(body: string): void } {
  const started = Promise.withResolvers<Emit>();
  return {
    source: ({ signal }) => ({
      async run(emit) {
        started.resolve(emit);
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      },
    }),
    emit: (body) => void started.promise.then((emit) => emit(EventBatch.from([{ body }]))),
  };
}

function shelf(bodies: string[]): () => Sink {
  return () => ({ write: (batch) => void bodies.push(batch.text(0)) });
}

const down = (): Sink => ({
  write() {
    throw new Error("Target is down");
  },
});

async function start(plan: Plan) {
  const options = { logger: () => testContext().log, positions: memoryPositions(), shutdownMs: 100 };
  return await startPipeline(plan, options);
}

/** The plan without one of its channels. */
function without(plan: Plan, name: string): Plan {
  const [source] = plan.sources;
  const rest = planOf({ source: () => ({ run: () => Promise.resolve() }), channels: {}, sinks: {} });
  const channels = source!.channels.filter((channel) => channel !== name);
  const select = (batch: EventBatch) => channels.map((channel) => ({ channel, batch, required: true }));
  const { selector } = rest.sources[0]!;
  const own = { ...selector, plugin: { ...selector.plugin, create: () => ({ select }) } };
  return {
    ...plan,
    sources: [{ ...source!, channels, selector: own as typeof selector }],
    channels: plan.channels.filter((channel) => channel.name !== name),
    takers: plan.takers.filter(({ channel }) => channel !== name),
  };
}

Deno.test("source that waits for a full channel goes on when a reload takes that channel away", async () => {
  const { source, emit } = tap();
  const bodies: string[] = [];
  const channels = { main: memoryChannel(), full: memoryChannel(1, 0) };
  const plan = planOf({ source, channels, sinks: { main: shelf(bodies), full: down } });
  const pipeline = await start(plan);
  for (const body of ["one", "two", "three"]) emit(body);
  await until("a refusal", () => pipeline.components()[2]!.counters.EventPutAttemptCount === 2);
  const reloading = assert.rejects(pipeline.reload(without(plan, "full")), /before all was delivered/);
  await until("the rest", () => bodies.includes("three"));
  await assert.rejects(pipeline.stop(), /Events not delivered before the stop: 1/);
  await reloading;
});

Deno.test("source whose channels were of one log goes over to others in a reload, and back", async () => {
  await inFolder(async (folder) => {
    const { source, emit } = tap();
    const [main, spare]: [string[], string[]] = [[], []];
    const channels: Record<string, Channel> = { main: await folder.open("main"), spare: memoryChannel() };
    const plan = planOf({ source, channels, sinks: { main: shelf(main), spare: shelf(spare) } });
    const pipeline = await start(without(plan, "spare"));
    emit("one");
    await until("the first", () => main.length === 1);
    await pipeline.reload(plan);
    emit("two");
    await until("the second", () => main.length === 2 && spare.length === 1);
    await pipeline.reload(without(plan, "spare"));
    emit("three");
    await until("the third", () => main.length === 3);
    await pipeline.stop();
    assert.deepEqual([main, spare], [["one", "two", "three"], ["two"]]);
  });
});
