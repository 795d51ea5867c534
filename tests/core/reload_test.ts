import assert from "node:assert/strict";
import { ConfigError, type Emit, EventBatch, type Sink, type Source } from "sluice/plugin";
import type { Plan } from "../../core/plan.ts";
import { memoryPositions } from "../../core/position.ts";
import { type RunningPipeline, startPipeline } from "../../core/supervisor.ts";
import { testContext } from "../support/context.ts";
import { memoryChannel, type Parts, planOf } from "../support/plan.ts";
import { until } from "../support/until.ts";

/** A source that the test drives, and that knows how often it was started. */
class Tap {
  starts = 0;
  #emit: Emit | undefined;

  readonly source = ({ signal }: { signal: AbortSignal }): Source => ({
    run: async (emit) => {
      this.starts++;
      this.#emit = emit;
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    },
  });

  async emit(body: string): Promise<void> {
    await until("the source's start", () => this.#emit !== undefined);
    await this.#emit!(EventBatch.from([{ body }]));
  }
}

class Shelf {
  readonly bodies: string[] = [];
  starts = 0;
  closes = 0;

  readonly sink = (): Sink => {
    this.starts++;
    return {
      write: (batch) =>
        void this.bodies.push(...Array.from({ length: batch.size }, (_, at) => batch.text(at))),
      close: () => Promise.resolve(void this.closes++),
    };
  };
}

async function start(plan: Plan): Promise<RunningPipeline> {
  return await startPipeline(plan, {
    logger: () => testContext().log,
    positions: memoryPositions(),
    shutdownMs: 5000,
  });
}

/** The same plan with other parts; what both have in common is the same object, as a compiler's plugins are. */
function changed(plan: Plan, parts: Parts): Plan {
  const next = planOf(parts);
  const same = <P extends { readonly name: string }>(now: readonly P[], old: readonly P[]) =>
    now.map((part) => old.find(({ name }) => name === part.name) ?? part);
  return {
    ...next,
    sources: next.sources.map((source) => ({
      ...plan.sources[0]!,
      channels: source.channels,
      selector: source.selector,
    })),
    channels: same(next.channels, plan.channels),
    takers: same(next.takers, plan.takers),
  };
}

Deno.test("channel and sink added by a reload get the next event; what was there was not restarted", async () => {
  const tap = new Tap();
  const [main, spare] = [new Shelf(), new Shelf()];
  const plan = planOf({
    source: tap.source,
    channels: { main: memoryChannel() },
    sinks: { main: main.sink },
  });
  const pipeline = await start(plan);
  await tap.emit("before");
  const next = changed(plan, {
    source: tap.source,
    channels: { main: memoryChannel(), spare: memoryChannel() },
    sinks: { main: main.sink, spare: spare.sink },
  });
  await pipeline.reload(next);
  await tap.emit("after");
  await until("both", () => main.bodies.length === 2 && spare.bodies.length === 1);
  assert.deepEqual([main.bodies, spare.bodies], [["before", "after"], ["after"]]);
  assert.deepEqual([tap.starts, main.starts, main.closes], [1, 1, 0]);
  await pipeline.reload(plan);
  await tap.emit("at last");
  await until("the last", () => main.bodies.length === 3);
  assert.deepEqual(spare.bodies, ["after"]);
  assert.deepEqual([tap.starts, main.starts, spare.closes], [1, 1, 1]);
  await pipeline.stop();
});

Deno.test("channel that a reload removes is emptied first", async () => {
  const tap = new Tap();
  const [main, spare] = [new Shelf(), new Shelf()];
  const gate = Promise.withResolvers<void>();
  const slow = (): Sink => ({
    write: async (batch) => {
      await gate.promise;
      await spare.sink().write(batch, new AbortController().signal);
    },
  });
  const plan = planOf({
    source: tap.source,
    channels: { main: memoryChannel(), spare: memoryChannel() },
    sinks: { main: main.sink, spare: slow },
  });
  const pipeline = await start(plan);
  for (const body of ["a", "b", "c"]) await tap.emit(body);
  const parts = { source: tap.source, channels: { main: memoryChannel() }, sinks: { main: main.sink } };
  const reloading = pipeline.reload(changed(plan, parts));
  await tap.emit("d");
  gate.resolve();
  await reloading;
  assert.deepEqual(spare.bodies.slice(0, 3), ["a", "b", "c"]);
  await pipeline.stop();
  assert.deepEqual(main.bodies, ["a", "b", "c", "d"]);
});

Deno.test("events of a channel that a reload cannot empty before the stop are reported, not forgotten", async () => {
  const tap = new Tap();
  const main = new Shelf();
  const down = (): Sink => ({
    write() {
      throw new Error("Target is down");
    },
  });
  const plan = planOf({
    source: tap.source,
    channels: { main: memoryChannel(), spare: memoryChannel() },
    sinks: { main: main.sink, spare: down },
  });
  const pipeline = await startPipeline(plan, {
    logger: () => testContext().log,
    positions: memoryPositions(),
    shutdownMs: 100,
  });
  await tap.emit("one");
  const parts = { source: tap.source, channels: { main: memoryChannel() }, sinks: { main: main.sink } };
  const reloads = [pipeline.reload(changed(plan, parts)), pipeline.reload(plan)];
  await Promise.all([
    ...reloads.map((reloading) =>
      assert.rejects(reloading, /^DeliveryError: The pipeline (ended|is ending)/)
    ),
    assert.rejects(pipeline.stop(), /Events not delivered before the stop: 1/),
  ]);
  assert.deepEqual(main.bodies, ["one"]);
});

Deno.test("sink whose config changed is made anew and loses nothing", async () => {
  const tap = new Tap();
  const [old, fresh] = [new Shelf(), new Shelf()];
  const channels = { main: memoryChannel() };
  const plan = planOf({ source: tap.source, channels, sinks: { main: old.sink } });
  const pipeline = await start(plan);
  await tap.emit("before");
  const next = planOf({ source: tap.source, channels, sinks: { main: fresh.sink } });
  await pipeline.reload({ ...plan, takers: next.takers });
  await tap.emit("after");
  await until("the new sink", () => fresh.bodies.length === 1);
  assert.deepEqual([old.bodies, fresh.bodies], [["before"], ["after"]]);
  assert.deepEqual([tap.starts, old.closes], [1, 1]);
  await pipeline.stop();
});

Deno.test("reload whose new channel cannot be made, or with another name, changes nothing", async () => {
  const tap = new Tap();
  const main = new Shelf();
  const plan = planOf({
    source: tap.source,
    channels: { main: memoryChannel() },
    sinks: { main: main.sink },
  });
  const pipeline = await start(plan);
  const next = changed(plan, {
    source: tap.source,
    channels: { main: memoryChannel(), bad: memoryChannel() },
    sinks: { main: main.sink },
  });
  const bad = next.channels.find(({ name }) => name === "bad")!;
  const create = () => Promise.reject(new ConfigError("Cannot use folder"));
  const broken = { ...bad, plugin: { ...bad.plugin, create } };
  const channels = next.channels.map((part) => part === bad ? broken : part);
  await assert.rejects(pipeline.reload({ ...next, channels }), /Cannot use folder/);
  await assert.rejects(pipeline.reload({ ...plan, name: "other" }), /restart it/);
  await tap.emit("still here");
  await until("the event", () => main.bodies.length === 1);
  assert.deepEqual([tap.starts, main.starts], [1, 1]);
  await pipeline.stop();
});

Deno.test("dead-letter sink that takes another's place in a reload is made when that one has let go", async () => {
  const tap = new Tap();
  const main = new Shelf();
  const steps: string[] = [];
  const letters = (name: string) => (): Sink => {
    steps.push(`${name} made`);
    return {
      write: () => {},
      close: async () => {
        await Promise.resolve();
        steps.push(`${name} closed`);
      },
    };
  };
  const parts = { source: tap.source, channels: { main: memoryChannel() }, sinks: { main: main.sink } };
  const plan = planOf({ ...parts, deadLetters: letters("former") });
  const pipeline = await start(plan);
  await pipeline.reload({
    ...plan,
    deadLetters: planOf({ ...parts, deadLetters: letters("next") }).deadLetters!,
  });
  await until("the next", () => steps.includes("next made"));
  await pipeline.stop();
  assert.deepEqual(steps, ["former made", "former closed", "next made", "next closed"]);
});

Deno.test("reload whose changed channel cannot be made goes back to what was there", async () => {
  const tap = new Tap();
  const main = new Shelf();
  let made = 0;
  const sinks = { main: main.sink };
  const plan = planOf({ source: tap.source, channels: { main: memoryChannel() }, sinks });
  const [part] = plan.channels;
  const create = () => {
    made++;
    return memoryChannel();
  };
  const own = { ...part!, plugin: { ...part!.plugin, create } };
  const former = { ...plan, channels: [own] };
  const pipeline = await start(former);
  await tap.emit("before");
  const refuse = () => Promise.reject(new ConfigError("Cannot use folder"));
  const broken = { ...own, plugin: { ...own.plugin, create: refuse } };
  await assert.rejects(pipeline.reload({ ...former, channels: [broken] }), /Cannot use folder/);
  await until("the source's second start", () => tap.starts === 2);
  await tap.emit("after");
  await until("both", () => main.bodies.length === 2);
  assert.deepEqual([main.bodies, made, main.starts, main.closes], [["before", "after"], 2, 2, 1]);
  await pipeline.stop();
});

Deno.test("reload that waits for a sink that is down gives way to a newer one, which mends it", async () => {
  const tap = new Tap();
  const [main, spare] = [new Shelf(), new Shelf()];
  const dead = (): Sink => ({ write: () => Promise.reject(new Error("Target is down")) });
  const channels = { main: memoryChannel(), spare: memoryChannel() };
  const plan = planOf({ source: tap.source, channels, sinks: { main: main.sink, spare: dead } });
  const pipeline = await start(plan);
  await tap.emit("a");
  const parts = { source: tap.source, channels: { main: channels.main }, sinks: { main: main.sink } };
  const waiting = pipeline.reload(changed(plan, parts));
  await tap.emit("b");
  const mended = planOf({ source: tap.source, channels, sinks: { main: main.sink, spare: spare.sink } });
  await pipeline.reload({ ...plan, takers: [plan.takers[0]!, mended.takers[1]!] });
  await waiting;
  await tap.emit("c");
  await pipeline.stop();
  assert.deepEqual(main.bodies, ["a", "b", "c"]);
  // Whether the first reload was quick enough to keep "b" away from it does not matter.
  assert.deepEqual(spare.bodies.filter((body) => body !== "b"), ["a", "c"]);
  assert.equal(tap.starts, 1);
});
