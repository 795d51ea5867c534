import assert from "node:assert/strict";
import { EventBatch, mergePositions, type Position, type Sink, type Source } from "sluice/plugin";
import { memoryPositions, type PositionStore } from "../../core/position.ts";
import { startPipeline } from "../../core/supervisor.ts";
import { testContext } from "../support/context.ts";
import { directChannel, memoryChannel, planOf, startParts } from "../support/plan.ts";
import { until } from "../support/until.ts";

const LINES = Array.from({ length: 60 }, (_, at) => `GET /cart/${at} 200`);

/** A folder of lines that can be read again from any place; ends when it is asked to. */
function lineSource(starts: number[], lines = LINES) {
  return ({ resume, signal }: { resume?: Position | undefined; signal: AbortSignal }): Source => ({
    async run(emit) {
      const from = Number(resume?.at ?? 0);
      starts.push(from);
      for (let at = from; at < lines.length && !signal.aborted; at++) {
        await emit.ready;
        emit(EventBatch.from([{ body: lines[at]! }]).with({ position: { at: at + 1 } })).catch(() => {});
      }
    },
  });
}

/** What a storing target has on disk: events and position move together. */
interface Target {
  events: string[];
  position: Position | undefined;
  resumes: number;
}

/** Stores everything, and says so only for the first `told` writes: the others look like a crash in between. */
function storing(target: Target, told = Infinity): () => Sink {
  let writes = 0;
  return () => ({
    resume() {
      target.resumes++;
      return Promise.resolve(target.position);
    },
    write(batch) {
      for (let index = 0; index < batch.size; index++) target.events.push(batch.text(index));
      target.position = mergePositions(target.position, batch.position!);
      return ++writes <= told ? undefined : Promise.resolve({ delivered: new Promise<void>(() => {}) });
    },
  });
}

/** Runs until the target has taken some writes without an answer, and then drops everything as a kill would. */
async function runAndKill(target: Target, positions: PositionStore, channel = directChannel()) {
  const before = target.events.length;
  const pipeline = await startParts({
    isReplayable: true,
    source: lineSource([]),
    channels: { main: channel },
    sinks: { main: storing(target, 3) },
    positions,
  });
  await until("some events", () => target.events.length >= Math.min(before + 5, LINES.length));
  pipeline.kill();
  await pipeline.finished.catch(() => {});
}

for (const [word, make] of [["direct", directChannel], ["memory", () => memoryChannel(1000)]] as const) {
  Deno.test(`storing sink behind a ${word} channel gets every event once, whenever the pipeline is killed`, async () => {
    const target: Target = { events: [], position: undefined, resumes: 0 };
    const positions = memoryPositions();
    for (let round = 0; round < 3; round++) await runAndKill(target, positions, make());
    const pipeline = await startParts({
      isReplayable: true,
      source: lineSource([]),
      channels: { main: make() },
      sinks: { main: storing(target) },
      positions,
    });
    await pipeline.finished;
    assert.deepEqual(target.events, LINES);
    assert.equal(target.resumes, 4);
    assert.equal(positions.keeper("in"), "sink:sink-main@1");
  });
}

Deno.test("position that a sink kept before another stage did counts no more", async () => {
  const target: Target = { events: [], position: { "in@1/at": 7, "other@4/at": 50 }, resumes: 0 };
  const positions = memoryPositions();
  positions.save("in", { at: 40 });
  const starts: number[] = [];
  const sinks = { main: storing(target) };
  const pipeline = await startParts({ isReplayable: true, source: lineSource(starts), sinks, positions });
  await pipeline.finished;
  assert.deepEqual(starts, [40]);
  assert.deepEqual(target.events, LINES.slice(40));
  assert.deepEqual(target.position, { "in@1/at": 7, "in@2/at": 60, "other@4/at": 50 });
  assert.equal(positions.keeper("in"), "sink:sink-main@2");
});

Deno.test("sink with two channels before it, or a rival, is not asked where the source goes on", async () => {
  const target: Target = { events: [], position: { "in@1/at": 30 }, resumes: 0 };
  const positions = memoryPositions();
  positions.setKeeper("in", "sink:sink-main@1");
  positions.save("in", { at: 20 });
  const starts: number[] = [];
  const pipeline = await startParts({
    isReplayable: true,
    source: lineSource(starts),
    channels: { main: directChannel(), spare: directChannel() },
    sinks: { main: storing(target), spare: () => ({ write: () => {} }) },
    positions,
  });
  await pipeline.finished;
  assert.deepEqual(starts, [20]);
  assert.equal(positions.keeper("in"), undefined);
});

Deno.test("source waits for the sink that keeps its position, and goes on when that cannot be made at first", async () => {
  const target: Target = { events: [], position: undefined, resumes: 0 };
  const starts: number[] = [];
  let tries = 0;
  const pipeline = await startParts({
    isReplayable: true,
    source: lineSource(starts),
    sinks: {
      main: () => {
        if (++tries === 1) throw new Error("Folder is not there yet");
        assert.deepEqual(starts, []);
        return storing(target)();
      },
    },
  });
  await pipeline.finished;
  assert.deepEqual(target.events, LINES);
});

Deno.test("source that waits for a sink's position stops when the pipeline does", async () => {
  const pipeline = await startParts({
    isReplayable: true,
    source: lineSource([]),
    sinks: {
      main: () => {
        throw new Error("Folder is never there");
      },
    },
    shutdownMs: 1000,
  });
  await pipeline.stop();
  assert.equal(pipeline.components()[0]!.state, "stopped");
});

Deno.test("source that starts again by itself does not repeat what the sink has got since the sink's start", async () => {
  const target: Target = { events: [], position: { "in@1/at": 5 }, resumes: 0 };
  const positions = memoryPositions();
  positions.setKeeper("in", "sink:sink-main@1");
  positions.save("in", { at: 5 });
  const starts: number[] = [];
  const pipeline = await startParts({
    isReplayable: true,
    source: lineSource(starts),
    interceptors: [{
      intercept(batch) {
        if (starts.length === 1 && batch.text(0) === LINES[30]) throw new Error("Once");
        return batch;
      },
    }],
    sinks: { main: storing(target) },
    positions,
  });
  await pipeline.finished;
  assert.equal(starts.length, 2);
  assert.equal(target.resumes, 1);
  assert.deepEqual(target.events, LINES.slice(5));
});

Deno.test("keeper with a name that begins as another's, up to its epoch, is told from it", async () => {
  const target: Target = { events: [], position: undefined, resumes: 0 };
  const positions = memoryPositions();
  positions.setKeeper("in", "sink:sink-main@1@1");
  positions.save("in", { at: 58 });
  const sinks = { main: storing(target) };
  const pipeline = await startParts({ isReplayable: true, source: lineSource([]), sinks, positions });
  await pipeline.finished;
  assert.equal(positions.keeper("in"), "sink:sink-main@1");
  assert.deepEqual(target.position, { "in@1/at": 60 });
});

Deno.test("sink that is down is replaced by a reload although its source waits for it, and repeats nothing", async () => {
  const target: Target = { events: [], position: { "in@1/at": 5 }, resumes: 0 };
  const positions = memoryPositions();
  positions.setKeeper("in", "sink:sink-main@1");
  positions.save("in", { at: 5 });
  const starts: number[] = [];
  const parts = { isReplayable: true, source: lineSource(starts), channels: { main: directChannel() } };
  let refusals = 0;
  const down = (): Sink => ({
    ...storing(target)(),
    write() {
      refusals++;
      throw new Error("Target is down");
    },
  });
  const plan = planOf({ ...parts, sinks: { main: down } });
  const pipeline = await startPipeline(plan, {
    logger: () => testContext().log,
    positions,
    shutdownMs: 5000,
  });
  await until("a refusal", () => refusals > 0);
  const { takers } = planOf({ ...parts, sinks: { main: storing(target) } });
  await pipeline.reload({ ...plan, takers });
  await pipeline.finished;
  assert.deepEqual(target.events, LINES.slice(5));
  assert.equal(starts.length, 2);
});

Deno.test("sink that shares its channel, or is in a group, keeps no position that would hide what others did not deliver", async () => {
  const seen: (Position | undefined)[] = [];
  const sink = (): Sink => ({ write: (batch) => void seen.push(batch.position) });
  const sinks = { main: sink, spare: sink };
  const parts = { isReplayable: true, source: lineSource([]), channels: { main: directChannel() }, sinks };
  const rivals = planOf(parts);
  const group = planOf({
    ...parts,
    channels: { main: directChannel() },
    processor: (_context, members) => ({ write: (batch, signal) => members[0]!.write(batch, signal) }),
  });
  const takers = rivals.takers.map((taker) => ({ ...taker, channel: "main" }));
  for (const plan of [{ ...rivals, takers }, group]) {
    const options = { logger: () => testContext().log, positions: memoryPositions(), shutdownMs: 5000 };
    const pipeline = await startPipeline(plan, options);
    await pipeline.finished;
    assert.deepEqual(new Set(seen.splice(0)), new Set([undefined]));
  }
});
