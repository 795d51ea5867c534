import assert from "node:assert/strict";
import { EventBatch, type Sink } from "sluice/plugin";
import { memoryPositions } from "../../core/position.ts";
import { startPipeline } from "../../core/supervisor.ts";
import { type LogLine, testContext } from "../support/context.ts";
import { memoryChannel, type Parts, planOf } from "../support/plan.ts";
import { until } from "../support/until.ts";

/** Starts a pipeline, and keeps what each component logs and the states that the source and the sink are seen in. */
async function start(parts: Parts) {
  const logs: Record<string, LogLine[]> = {};
  const pipeline = await startPipeline(planOf(parts), {
    logger: (component) => {
      const { log, lines } = testContext();
      logs[component] = lines;
      return log;
    },
    positions: memoryPositions(),
  });
  const linesOf = (component: string, start: string) =>
    logs[component]!.filter(({ text }) => text.startsWith(start)).length;
  const status = (at: number) => pipeline.components()[at]!;
  return { pipeline, linesOf, source: () => status(0), sink: () => status(2) };
}

function idle(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

const quiet = (): Sink => ({ write: () => {} });

Deno.test("source that fails at once is never seen as running, and logs no recovery until it runs", async () => {
  let tries = 0;
  const states = new Set<string>();
  const { pipeline, linesOf, source } = await start({
    source: ({ signal }) => ({
      async run() {
        // As one that reads its certificate before it listens.
        await new Promise((resolve) => setTimeout(resolve));
        if (++tries < 4) throw new Error("Cannot listen on 127.0.0.1:44444");
        await idle(signal);
      },
    }),
    sinks: { main: quiet },
  });
  await until("four tries", () => {
    if (tries > 0 && tries < 4) states.add(source().state);
    return tries === 4;
  });
  assert.deepEqual([...states], ["backing-off"]);
  assert.deepEqual([linesOf("source.in", "Failed"), linesOf("source.in", "Recovered")], [3, 0]);
  await until("the source to run", () => source().state === "running");
  assert.deepEqual([linesOf("source.in", "Recovered"), source().error], [1, undefined]);
  await pipeline.stop();
});

Deno.test("source that waits for its first event is running soon, and one that has events at once", async () => {
  const waiting = await start({
    source: ({ signal }) => ({ run: () => idle(signal) }),
    sinks: { main: quiet },
  });
  assert.equal(waiting.source().state, "starting");
  await until("the source to run", () => waiting.source().state === "running", 2000);
  await waiting.pipeline.stop();
  const states: string[] = [];
  const busy = await start({
    source: ({ signal }) => ({
      async run(emit) {
        await emit(EventBatch.from([{ body: "GET /cart 200" }]));
        states.push(busy.source().state);
        await idle(signal);
      },
    }),
    sinks: { main: quiet },
  });
  await until("the event", () => states.length > 0);
  assert.deepEqual(states, ["running"]);
  await busy.pipeline.stop();
});

Deno.test("sink whose deliveries fail late logs no recovery before one succeeds", async () => {
  let writes = 0;
  const { pipeline, linesOf, sink } = await start({
    source: () => ({ run: (emit) => emit(EventBatch.from([{ body: "GET /cart 200" }])) }),
    channels: { main: memoryChannel() },
    sinks: {
      main: () => ({
        write: () =>
          Promise.resolve({
            delivered: ++writes < 3 ? Promise.reject(new Error("Answered 503")) : Promise.resolve(),
          }),
      }),
    },
  });
  await pipeline.finished;
  assert.deepEqual(
    ["Trying again", "Failed", "Recovered"].map((start) => linesOf("sink.sink-main", start)),
    [1, 2, 1],
  );
  assert.equal(sink().error, undefined);
});

Deno.test("sink that could not be made is running soon after it was, without an event", async () => {
  let tries = 0;
  const { pipeline, linesOf, sink } = await start({
    source: ({ signal }) => ({ run: () => idle(signal) }),
    sinks: {
      main: () => {
        if (++tries === 1) throw new Error("No such folder");
        return quiet();
      },
    },
  });
  await until("the sink to run", () => sink().state === "running");
  assert.deepEqual([tries, linesOf("sink.sink-main", "Recovered")], [2, 1]);
  await pipeline.stop();
});

Deno.test("sink of a group whose deliveries fail late logs no recovery before one succeeds", async () => {
  let writes = 0;
  const { pipeline, linesOf } = await start({
    source: () => ({ run: (emit) => emit(EventBatch.from([{ body: "GET /cart 200" }])) }),
    channels: { main: memoryChannel() },
    sinks: {
      main: () => ({
        write: () =>
          Promise.resolve({
            delivered: ++writes < 3 ? Promise.reject(new Error("Answered 503")) : Promise.resolve(),
          }),
      }),
    },
    processor: (_, [only]) => ({ write: (batch, signal) => only!.write(batch, signal) }),
  });
  await pipeline.finished;
  assert.deepEqual([writes, linesOf("sink.sink-main", "Recovered")], [3, 1]);
});
