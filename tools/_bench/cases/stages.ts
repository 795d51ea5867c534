import { type Emit, EventBatch, type Interceptor } from "sluice/plugin";
import { directChannel, startParts } from "../../../tests/support/plan.ts";
import { slopeOf } from "../figures.ts";
import type { Case } from "../lab.ts";

const BATCHES = 200_000;
const STAGES: readonly number[] = [0, 1, 2, 4, 8];

/** The engine alone, in this process. */
export const stageCases: readonly Case[] = [
  {
    name: "engine/stage",
    measure: async (lab) => {
      await microsecondsPerBatch(STAGES.at(-1)!);
      const runs = await lab.repeat("engine/stage", measureStages);
      return [
        {
          name: "one batch: source → direct → sink, no interceptor",
          unit: "µs",
          values: runs.map(([first]) => first!.y),
        },
        {
          name: "one more interceptor that changes nothing",
          unit: "µs/batch",
          values: runs.map(slopeOf),
          bar: { atMost: 2 },
        },
      ];
    },
  },
];

async function measureStages() {
  const points: { x: number; y: number }[] = [];
  for (const stages of STAGES) points.push({ x: stages, y: await microsecondsPerBatch(stages) });
  return points;
}

/** Time for one batch through a whole pipeline with so many interceptors. */
async function microsecondsPerBatch(stages: number): Promise<number> {
  const batch = EventBatch.from([{ body: "203.0.113.9 - - [10/Oct/2025:13:55:36 +0000] GET / 200" }]);
  const passOn: Interceptor = { intercept: (batch) => batch };
  let events = 0;
  const startMs = performance.now();
  const pipeline = await startParts({
    source: () => ({ run: (emit) => emitAll(emit, batch) }),
    interceptors: Array.from({ length: stages }, () => passOn),
    channels: { main: directChannel() },
    sinks: { main: () => ({ batchSize: 1, write: (taken: EventBatch) => void (events += taken.size) }) },
  });
  await pipeline.finished;
  const ms = performance.now() - startMs;
  if (events !== BATCHES) throw new Error(`The sink got ${events} batches instead of ${BATCHES}`);
  return ms * 1000 / BATCHES;
}

async function emitAll(emit: Emit, batch: EventBatch): Promise<void> {
  for (let sent = 0; sent < BATCHES; sent++) {
    await emit.ready;
    void emit(batch);
  }
}
