import assert from "node:assert/strict";
import {
  type Config,
  EventBatch,
  type Fields,
  type NamedSink,
  PoisonError,
  type Sink,
  type SinkProcessorPlugin,
  z,
} from "sluice/plugin";
import only from "../../../plugins/sink_processors/default.ts";
import failover from "../../../plugins/sink_processors/failover.ts";
import loadBalance from "../../../plugins/sink_processors/load_balance.ts";
import { testContext } from "../../support/context.ts";

const signal = new AbortController().signal;
const batch = EventBatch.from([{ body: "order 4711 placed" }, { body: "order 4712 placed" }]);

interface FakeSink extends NamedSink {
  broken: boolean;
  taken: number;
  closed: boolean;
}

function fakeSink(name: string): FakeSink {
  return {
    name,
    broken: false,
    taken: 0,
    closed: false,
    write() {
      if (this.broken) return Promise.reject(new Error(`${name} is down`));
      this.taken++;
      return Promise.resolve();
    },
    close() {
      this.closed = true;
      return Promise.resolve();
    },
  };
}

function timedContext() {
  const time = { nowMs: 1_000_000 };
  const clock = { now: () => time.nowMs, sleep: () => Promise.resolve() };
  return Object.assign(testContext({ clock }), { time });
}

function makeGroup<F extends Fields>(
  plugin: SinkProcessorPlugin<F>,
  settings: Record<string, unknown>,
  about: { sinks: readonly NamedSink[]; context?: ReturnType<typeof testContext> },
): Sink {
  const config = z.object(plugin.config).parse(settings) as unknown as Config<F>;
  return plugin.create(config, about.context ?? testContext(), about.sinks) as Sink;
}

function takenBy(...sinks: FakeSink[]): number[] {
  return sinks.map(({ taken }) => taken);
}

Deno.test("default processor is its one sink, and refuses several", () => {
  const sinks = [fakeSink("a"), fakeSink("b")];
  assert.equal(makeGroup(only, {}, { sinks: sinks.slice(0, 1) }), sinks[0]);
  assert.throws(() => makeGroup(only, {}, { sinks }), /has 2 sinks.*exactly one/);
});

Deno.test("failover processor uses the highest priority and the next one when that fails", async () => {
  const [low, high] = [fakeSink("low"), fakeSink("high")];
  const context = timedContext();
  const group = makeGroup(failover, { priority: { low: 5, high: 10 } }, { sinks: [low, high], context });
  await group.write(batch, signal);
  high.broken = true;
  await group.write(batch, signal);
  assert.deepEqual(takenBy(low, high), [1, 1]);
  high.broken = false;
  await group.write(batch, signal);
  assert.deepEqual(takenBy(low, high), [2, 1]);
  context.time.nowMs += 2000;
  await group.write(batch, signal);
  assert.deepEqual(takenBy(low, high), [2, 2]);
});

Deno.test("failover processor doubles the cool-down up to maxpenalty and rejects when all cool down", async () => {
  const sink = fakeSink("a");
  sink.broken = true;
  const context = timedContext();
  const group = makeGroup(failover, { maxpenalty: "5s" }, { sinks: [sink, sink], context });
  for (const coolDownMs of [2000, 4000, 5000, 5000]) {
    await assert.rejects(async () => await group.write(batch, signal), /No sink of the group took 2 events/);
    context.time.nowMs += coolDownMs - 1;
    await assert.rejects(async () => await group.write(batch, signal), /All sinks of the group cool down/);
    context.time.nowMs++;
  }
});

Deno.test("failover processor counts a late failure, also across a restart of the group", async () => {
  const [first, second] = [fakeSink("first"), fakeSink("second")];
  first.write = () => Promise.resolve({ delivered: Promise.reject(new Error("disk gone")) });
  const context = timedContext();
  const make = () => makeGroup(failover, {}, { sinks: [first, second], context });
  const answer = await make().write(batch, signal);
  await assert.rejects(answer!.delivered, /disk gone/);
  await make().write(batch, signal);
  assert.equal(second.taken, 1);
});

Deno.test("failover processor ranks unlisted sinks by order and leaves out one with a taken priority", async () => {
  const [a, b, c] = [fakeSink("a"), fakeSink("b"), fakeSink("c")];
  a.broken = true;
  const context = timedContext();
  const group = makeGroup(failover, { priority: { c: -1 } }, { sinks: [a, b, c], context });
  await group.write(batch, signal);
  assert.deepEqual(takenBy(a, b, c), [0, 1, 0]);
  assert.match(context.lines[0]!.text, /Sink "c" is not used: sink "a" has priority -1/);
});

Deno.test("sink groups hand poisoned events and aborts through without blaming the sink", async () => {
  const [a, b] = [fakeSink("a"), fakeSink("b")];
  a.write = () => Promise.reject(new PoisonError("Cannot map event 1", [1]));
  const group = makeGroup(failover, {}, { sinks: [a, b] });
  await assert.rejects(async () => await group.write(batch, signal), PoisonError);
  await assert.rejects(async () => await group.write(batch, signal), PoisonError);
  a.write = () => Promise.reject(new Error("stopped"));
  await assert.rejects(async () => await group.write(batch, AbortSignal.abort()), /stopped/);
  assert.equal(b.taken, 0);
});

Deno.test("load_balance processor takes turns, and tries the next sink in the same write", async () => {
  const sinks = [fakeSink("a"), fakeSink("b"), fakeSink("c")];
  const group = makeGroup(loadBalance, {}, { sinks });
  for (let round = 0; round < 6; round++) await group.write(batch, signal);
  assert.deepEqual(takenBy(...sinks), [2, 2, 2]);
  sinks[0]!.broken = true;
  for (let round = 0; round < 3; round++) await group.write(batch, signal);
  assert.deepEqual(takenBy(...sinks), [2, 4, 3]);
});

Deno.test("load_balance processor with backoff leaves a failed sink out until its time is over", async () => {
  const [a, b] = [fakeSink("a"), fakeSink("b")];
  const context = timedContext();
  const settings = { backoff: true, "selector.maxTimeOut": 3000 };
  let tries = 0;
  const write = a.write;
  a.write = function (...arguments_) {
    tries++;
    return write.apply(this, arguments_);
  };
  a.broken = true;
  const group = makeGroup(loadBalance, settings, { sinks: [a, b], context });
  for (let round = 0; round < 4; round++) await group.write(batch, signal);
  assert.deepEqual([tries, b.taken], [1, 4]);
  for (const waitMs of [2000, 3000]) {
    context.time.nowMs += waitMs;
    for (let round = 0; round < 2; round++) await group.write(batch, signal);
  }
  assert.equal(tries, 3);
});

Deno.test("load_balance processor by chance uses every sink, and needs two", async () => {
  const sinks = [fakeSink("a"), fakeSink("b")];
  const group = makeGroup(loadBalance, { selector: "org.apache.flume.util.RandomOrderSelector" }, { sinks });
  for (let round = 0; round < 200; round++) await group.write(batch, signal);
  assert.ok(takenBy(...sinks).every((taken) => taken > 0));
  assert.throws(() => makeGroup(loadBalance, {}, { sinks: sinks.slice(1) }), /at least two/);
});

Deno.test("load_balance processor with least_outstanding avoids the sink that is behind", async () => {
  const [slow, fast] = [fakeSink("slow"), fakeSink("fast")];
  const { promise, resolve } = Promise.withResolvers<void>();
  slow.write = function () {
    this.taken++;
    return Promise.resolve({ delivered: promise });
  };
  const group = makeGroup(loadBalance, { selector: "least_outstanding" }, { sinks: [slow, fast] });
  const answers = [];
  for (let round = 0; round < 5; round++) answers.push(await group.write(batch, signal));
  assert.deepEqual(takenBy(slow, fast), [1, 4]);
  resolve();
  await answers[0]!.delivered;
  await group.write(batch, signal);
  await group.write(batch, signal);
  assert.deepEqual(takenBy(slow, fast), [2, 5]);
});

Deno.test("sink groups close all members", async () => {
  const [a, b] = [fakeSink("a"), fakeSink("b")];
  const group = makeGroup(failover, {}, { sinks: [a, b], context: timedContext() });
  await group.close!();
  assert.deepEqual([a.closed, b.closed], [true, true]);
});
