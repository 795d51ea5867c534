import assert from "node:assert/strict";
import { EventBatch, mergePositions, type Position, type Sink, type Source } from "sluice/plugin";
import { memoryPositions, type PositionStore } from "../../core/position.ts";
import { directChannel, memoryChannel, startParts } from "../support/plan.ts";
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
