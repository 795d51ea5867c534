import assert from "node:assert/strict";
import type { Sink } from "sluice/plugin";
import failover from "../../plugins/sink_processors/failover.ts";
import type { Plan } from "../../core/plan.ts";
import { memoryPositions } from "../../core/position.ts";
import { type RunningPipeline, startPipeline } from "../../core/supervisor.ts";
import { testContext } from "../support/context.ts";
import { memoryChannel, planOf, startParts } from "../support/plan.ts";
import { BAD, bodies, emitting, GOOD, keeping, LINES, picky, refusalOf } from "../support/poison.ts";
import { until } from "../support/until.ts";

function startPlan(plan: Plan): Promise<RunningPipeline> {
  return startPipeline(plan, { logger: () => testContext().log, positions: memoryPositions() });
}

Deno.test("dead-letter sink that a reload adds takes what a sink holds", async () => {
  const seen: string[] = [];
  const letters = keeping();
  const parts = { source: emitting(LINES).source, sinks: { main: () => picky(seen) } };
  const plan = planOf(parts);
  const pipeline = await startPlan(plan);
  await until("the sink to hold", () => pipeline.components()[2]!.state === "backing-off");
  const { deadLetters } = planOf({ ...parts, deadLetters: letters.sink });
  await pipeline.reload({ ...plan, deadLetters: deadLetters! });
  await pipeline.finished;
  assert.deepEqual([seen, letters.bodies()], [GOOD, BAD]);
});

Deno.test("reload does not wait for a target that refuses the rest of a batch", async () => {
  const seen: string[] = [];
  const letters = keeping();
  const parts = { source: emitting(LINES).source, channels: { main: memoryChannel() } };
  const down: Sink = {
    write(batch) {
      throw refusalOf(batch) ?? new Error("Answered 503");
    },
  };
  const plan = planOf({ ...parts, sinks: { main: () => down }, deadLetters: letters.sink });
  const pipeline = await startPlan(plan);
  await until("the target's refusal", () => pipeline.components()[2]!.error === "Answered 503");
  const { takers } = planOf({ ...parts, sinks: { main: () => picky(seen) } });
  await pipeline.reload({ ...plan, takers });
  await pipeline.finished;
  // What was set aside came back with the rest, and was set aside again.
  assert.deepEqual([seen, letters.bodies()], [GOOD, [...BAD, ...BAD]]);
});

Deno.test("events that are refused after they were accepted become dead letters once", async () => {
  const seen: string[] = [];
  const letters = keeping();
  let made = 0;
  const late = (): Sink => {
    made++;
    return {
      batchSize: 1,
      write(batch) {
        const refusal = refusalOf(batch);
        if (!refusal) seen.push(...bodies(batch));
        return Promise.resolve({ delivered: refusal ? Promise.reject(refusal) : Promise.resolve() });
      },
    };
  };
  const pipeline = await startParts({
    source: emitting(LINES).source,
    channels: { main: memoryChannel() },
    sinks: { main: late },
    deadLetters: letters.sink,
  });
  await pipeline.finished;
  assert.deepEqual(letters.bodies(), BAD);
  assert.deepEqual(new Set(seen), new Set(GOOD));
  // After the first late refusal each answer is waited for.
  assert.equal(made, 2);
});

Deno.test("event that a group's sink refuses becomes one dead letter of the group, and no other sink gets it", async () => {
  const [first, second]: string[][] = [[], []];
  const letters = keeping();
  const pipeline = await startParts({
    source: emitting(LINES, LINES).source,
    // The first batch is larger than what the sinks turn out to take.
    sinks: { main: () => ({ ...picky(first!), batchSize: 2 }), spare: () => ({ ...picky(second!) }) },
    processor: (context, sinks) => {
      const config = { sinks: undefined, maxpenalty: 30_000, priority: { "sink-main": 2, "sink-spare": 1 } };
      return failover.create(config, context, sinks) as Sink;
    },
    deadLetters: letters.sink,
  });
  await pipeline.finished;
  assert.deepEqual(letters.bodies(), [...BAD, ...BAD]);
  assert.deepEqual(
    new Set(letters.events.map(({ headers }) => headers["deadLetter.component"])),
    new Set(["group"]),
  );
  assert.deepEqual([new Set(first), second], [new Set(GOOD), []]);
});
