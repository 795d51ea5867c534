import assert from "node:assert/strict";
import { EventBatch, PoisonError, type Sink } from "sluice/plugin";
import { memoryPositions } from "../../core/position.ts";
import { memoryChannel, startParts } from "../support/plan.ts";
import { BAD, bodies, emitting, GOOD, keeping, LINES, picky, refusalOf } from "../support/poison.ts";
import { until } from "../support/until.ts";

Deno.test("events that a target refuses for good go to the dead letters, the others to the target", async () => {
  const seen: string[] = [];
  const letters = keeping();
  const startMs = Date.now();
  const pipeline = await startParts({
    source: emitting(LINES).source,
    sinks: { main: () => picky(seen) },
    deadLetters: letters.sink,
  });
  await pipeline.finished;
  assert.deepEqual([seen, letters.bodies()], [GOOD, BAD]);
  const { "deadLetter.time": time, ...headers } = letters.events[0]!.headers;
  assert.deepEqual(headers, {
    host: "web-1",
    "deadLetter.reason": "Answered 422",
    "deadLetter.component": "sink-main",
    "deadLetter.attempts": "1",
  });
  assert.ok(Number(time) >= startMs && Number(time) <= Date.now());
  const [, , sink, deadLetters] = pipeline.components();
  assert.equal(sink!.counters.EventDeadLetterCount, BAD.length);
  assert.equal(sink!.counters.EventDrainSuccessCount, GOOD.length);
  assert.deepEqual([deadLetters!.name, deadLetters!.state], ["deadLetters", "stopped"]);
  assert.equal(deadLetters!.counters.EventDrainSuccessCount, BAD.length);
});

Deno.test("rest of a batch keeps its position, and is written only when the dead letters are delivered", async () => {
  const steps: string[] = [];
  const positions = memoryPositions();
  const isDelivered = Promise.withResolvers<void>();
  const pipeline = await startParts({
    source: () => ({
      run(emit) {
        emit(EventBatch.from(LINES.map((body) => ({ body }))).with({ position: { at: 6 } })).catch(() => {});
        return Promise.resolve();
      },
    }),
    isReplayable: true,
    positions,
    sinks: {
      main: () => ({
        write(batch) {
          steps.push(`write ${batch.size} to ${batch.position?.at}`);
          const refusal = refusalOf(batch);
          if (refusal) throw refusal;
        },
      }),
    },
    deadLetters: () => ({
      write(batch) {
        steps.push(`letters ${batch.size} to ${batch.position?.at}`);
        return Promise.resolve({ delivered: isDelivered.promise.then(() => void steps.push("delivered")) });
      },
    }),
  });
  await until("the dead letters", () => steps.length === 2);
  assert.equal(positions.load("in"), undefined);
  isDelivered.resolve();
  await pipeline.finished;
  assert.deepEqual(steps, ["write 6 to 6", "letters 2 to undefined", "delivered", "write 4 to 6"]);
  assert.deepEqual(positions.load("in"), { at: 6 });
});

Deno.test("batch of nothing but poison is answered when its dead letters are delivered", async () => {
  const seen: string[] = [];
  const isDelivered = Promise.withResolvers<void>();
  const source = emitting(BAD, GOOD);
  let letters = 0;
  const pipeline = await startParts({
    source: source.source,
    sinks: { main: () => ({ ...picky(seen), batchSize: BAD.length }) },
    deadLetters: () => ({
      write(batch) {
        letters += batch.size;
        return Promise.resolve({ delivered: isDelivered.promise });
      },
    }),
  });
  await until("the dead letters", () => letters === BAD.length);
  assert.deepEqual([source.answered, seen], [0, []]);
  isDelivered.resolve();
  await pipeline.finished;
  assert.deepEqual([source.answered, seen, letters], [2, GOOD, BAD.length]);
});

for (const isLate of [false, true]) {
  Deno.test(`dead-letter sink that fails ${isLate ? "late" : "at once"} holds the batch and loses nothing`, async () => {
    const seen: string[] = [];
    const letters = keeping();
    let failures = 2;
    let made = 0;
    const deadLetters = (): Sink => {
      made++;
      return {
        async write(batch, signal) {
          if (failures-- <= 0) return await letters.write(batch, signal);
          if (!isLate) throw new Error("Disk full");
          return { delivered: Promise.reject(new Error("Disk full")) };
        },
      };
    };
    const pipeline = await startParts({
      source: emitting(LINES).source,
      sinks: { main: () => picky(seen) },
      deadLetters,
    });
    const sink = () => pipeline.components().find(({ name }) => name === "sink-main")!;
    await until("the sink to tell of it", () => sink().error !== undefined);
    assert.deepEqual(
      [sink().state, sink().error],
      ["backing-off", "The dead-letter sink does not take 2 events: Disk full"],
    );
    await pipeline.finished;
    assert.deepEqual([seen, letters.bodies()], [GOOD, BAD]);
    assert.equal(letters.events[0]!.headers["deadLetter.attempts"], "1");
    assert.equal(made, isLate ? 3 : 1);
    assert.equal(sink().error, undefined);
  });
}

Deno.test("dead letters are not repeated when the rest of their batch is refused for a while", async () => {
  const seen: string[] = [];
  const letters = keeping();
  let failures = 2;
  const sink = picky(seen);
  const pipeline = await startParts({
    source: emitting(LINES).source,
    sinks: {
      main: () => ({
        write(batch, signal) {
          if (!refusalOf(batch) && failures-- > 0) throw new Error("Answered 503");
          return sink.write(batch, signal);
        },
      }),
    },
    deadLetters: letters.sink,
  });
  await pipeline.finished;
  assert.deepEqual([seen, letters.bodies()], [GOOD, BAD]);
});

Deno.test("attempts count every write of an event, also those before a replay", async () => {
  const letters = keeping();
  let writes = 0;
  const pipeline = await startParts({
    source: () => ({
      run: async (emit) => {
        const headers = { "deadLetter.attempts": "3" };
        await emit(EventBatch.from([{ body: "bad again", headers }, { body: "bad" }]));
      },
    }),
    sinks: {
      main: () => ({
        write(batch) {
          throw ++writes < 3 ? new Error("Answered 503") : refusalOf(batch)!;
        },
      }),
    },
    deadLetters: letters.sink,
  });
  await pipeline.finished;
  assert.deepEqual(letters.events.map(({ headers }) => headers["deadLetter.attempts"]), ["6", "3"]);
});

for (const indexes of [[], [6], [-1], [0.5]]) {
  Deno.test(`refusal that names [${indexes}] of six events is a failure like any other`, async () => {
    const seen: string[] = [];
    const letters = keeping();
    let refusals = 1;
    const pipeline = await startParts({
      source: emitting(LINES).source,
      sinks: {
        main: () => ({
          write(batch) {
            if (refusals-- > 0) throw new PoisonError("Answered 422", indexes);
            seen.push(...bodies(batch));
          },
        }),
      },
      deadLetters: letters.sink,
    });
    await until("the complaint", () => pipeline.components()[2]!.error !== undefined);
    const named = indexes.length === 0 ? "no event" : `event ${indexes[0]}`;
    assert.equal(
      pipeline.components()[2]!.error,
      `A PoisonError names ${named} of a batch of 6; correct the sink: indexes are places from 0 to 5 in the batch ` +
        "that it was given: Answered 422",
    );
    await pipeline.finished;
    assert.deepEqual([seen, letters.events], [LINES, []]);
  });
}

Deno.test("without a dead-letter sink a pipeline holds, and says what to add", async () => {
  const seen: string[] = [];
  const pipeline = await startParts({
    source: emitting(LINES).source,
    channels: { main: memoryChannel() },
    sinks: { main: () => picky(seen) },
    shutdownMs: 10,
  });
  const sink = () => pipeline.components()[2]!;
  await until("the second try", () => (sink().counters.EventWriteFail ?? 0) > 1);
  assert.deepEqual([sink().state, seen], ["backing-off", []]);
  assert.equal(
    sink().error,
    "The target will never accept 2 events, and the pipeline has no dead-letter sink to put them in; " +
      "add `deadLetters: { directory: DIR }`: Answered 422",
  );
  await assert.rejects(pipeline.stop(), /not delivered before the stop: 6/);
});
