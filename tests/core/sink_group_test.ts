import assert from "node:assert/strict";
import { EventBatch, type NamedSink, type Sink, type Source } from "sluice/plugin";
import { sinkGroup } from "../../core/sink_processor.ts";
import { startParts } from "../support/plan.ts";

const LINES = ["GET /cart 200", "GET /café 404", "POST /login 503", "DELETE /köln/7 204", "GET / 301"];

/** Emits some batches of all lines. */
function lines(batches: number): () => Source {
  return () => ({
    async run(emit) {
      for (let count = 0; count < batches; count++) {
        await emit(EventBatch.from(LINES.map((body) => ({ body }))));
      }
    },
  });
}

/** Looks at the first event only, as a sink may that asks for one at a time. */
function single(seen: string[], sizes: number[], isDeferred = false): () => Sink {
  return () => ({
    batchSize: 1,
    write(batch) {
      sizes.push(batch.size);
      seen.push(batch.text(0));
      return isDeferred ? Promise.resolve({ delivered: Promise.resolve() }) : undefined;
    },
  });
}

const inTurn = (_: unknown, sinks: readonly NamedSink[]) =>
  sinkGroup(sinks, { order: () => sinks, failed() {} });

for (const isDeferred of [false, true]) {
  const when = isDeferred ? "deliver later" : "deliver at once";
  Deno.test(`group gives its sinks no more events than they take, when they ${when}`, async () => {
    const seen: string[] = [];
    const sizes: number[] = [];
    const pipeline = await startParts({
      source: lines(3),
      sinks: { main: single(seen, sizes, isDeferred) },
      processor: inTurn,
    });
    await pipeline.finished;
    assert.deepEqual(seen, [...LINES, ...LINES, ...LINES]);
    assert.deepEqual([...new Set(sizes)], [1]);
  });
}

Deno.test("group gets through a large batch though its sink fails late, again and again, and is made anew", async () => {
  const delivered: string[] = [];
  let writes = 0;
  const sink = (): Sink => ({
    batchSize: 1,
    write(batch) {
      const fails = ++writes % 3 === 0;
      if (!fails) delivered.push(batch.text(0));
      return Promise.resolve({
        delivered: fails ? Promise.reject(new Error("Answered 503")) : Promise.resolve(),
      });
    },
  });
  const pipeline = await startParts({ source: lines(1), sinks: { main: sink }, processor: inTurn });
  await pipeline.finished;
  assert.deepEqual(delivered, LINES);
});

Deno.test("group whose first sink cannot be made gives every event to the next one", async () => {
  const seen: string[] = [];
  const dead = (): Sink => {
    throw new Error("Target has no address");
  };
  const pipeline = await startParts({
    source: lines(2),
    sinks: { dead, main: single(seen, []) },
    processor: inTurn,
  });
  await pipeline.finished;
  assert.deepEqual(seen, [...LINES, ...LINES]);
});
