import assert from "node:assert/strict";
import { ChannelFullError, DeliveryError, EventBatch, type Sink, type Source } from "sluice/plugin";
import { memoryPositions } from "../../core/position.ts";
import { directChannel, memoryChannel, startParts } from "../support/plan.ts";
import { until } from "../support/until.ts";

const LINES = ["GET /cart 200", "GET /café 404", "POST /login 503", "", "DELETE /köln/7 204"];

function bodies(batch: EventBatch): string[] {
  return Array.from({ length: batch.size }, (_, index) => batch.text(index));
}

/** Emits each line as a batch with its place as position, from the resume position on. */
function replaying(
  lines: readonly string[],
  starts: (number | undefined)[] = [],
): (context: { resume?: unknown }) => Source {
  return ({ resume }) => ({
    async run(emit) {
      const from = (resume as { at?: number } | undefined)?.at ?? 0;
      starts.push(from);
      for (let at = from; at < lines.length; at++) {
        await emit.ready;
        void emit(EventBatch.from([{ body: lines[at]! }]).with({ position: { at: at + 1 } }));
      }
    },
  });
}

function collecting(seen: string[]): () => Sink {
  return () => ({ write: (batch) => void seen.push(...bodies(batch)) });
}

for (const [word, channel] of [["direct", directChannel], ["memory", memoryChannel]] as const) {
  Deno.test(`pipeline delivers all events in order and finishes, through a ${word} channel`, async () => {
    const seen: string[] = [];
    const pipeline = await startParts({
      source: replaying(LINES),
      channels: { main: channel() },
      sinks: { main: collecting(seen) },
    });
    await pipeline.finished;
    assert.deepEqual(seen, LINES);
    const [source, , sink] = pipeline.components();
    assert.equal(source!.counters.EventAcceptedCount, LINES.length);
    assert.equal(sink!.counters.EventDrainSuccessCount, LINES.length);
  });

  Deno.test(`sink that rejects gets the same events again, in order, from a ${word} channel`, async () => {
    const seen: string[] = [];
    let refusals = 3;
    const sink: Sink = {
      write(batch) {
        if (refusals-- > 0) throw new Error("Target is not there yet");
        seen.push(...bodies(batch));
      },
    };
    const pipeline = await startParts({
      source: replaying(LINES),
      channels: { main: channel() },
      sinks: { main: () => sink },
    });
    await pipeline.finished;
    assert.deepEqual(seen, LINES);
  });
}

Deno.test("emit resolves for a source without positions only when a direct channel has delivered", async () => {
  const delivered = Promise.withResolvers<void>();
  let isAnswered = false;
  const pipeline = await startParts({
    source: () => ({
      answers: true,
      run: (emit) => emit(EventBatch.from([{ body: LINES[0]! }])).then(() => void (isAnswered = true)),
    }),
    sinks: { main: () => ({ write: () => Promise.resolve({ delivered: delivered.promise }) }) },
  });
  await until("the take", () => pipeline.components()[2]!.counters.EventDrainAttemptCount === 1);
  assert.equal(isAnswered, false);
  delivered.resolve();
  await pipeline.finished;
  assert.equal(isAnswered, true);
});

Deno.test("full memory channel refuses a source that answers, and holds one that does not", async () => {
  const answers: unknown[] = [];
  const stuck: Sink = { write: () => new Promise(() => {}) };
  const source = (answering: boolean): Source => ({
    ...answering && { answers: true },
    async run(emit) {
      for (const body of ["first", "second"]) {
        await emit(EventBatch.from([{ body }])).then(
          () => answers.push("ok"),
          (cause) => answers.push(cause),
        );
      }
    },
  });
  const options = { sinks: { main: () => stuck }, shutdownMs: 100 };
  const refusing = await startParts({
    ...options,
    source: () => source(true),
    channels: { main: memoryChannel(1, 0.01) },
  });
  await until("two answers", () => answers.length === 2);
  assert.equal(answers[0], "ok");
  assert.ok(answers[1] instanceof ChannelFullError);
  await assert.rejects(refusing.stop(), DeliveryError);
  answers.length = 0;
  const holding = await startParts({
    ...options,
    source: () => source(false),
    channels: { main: memoryChannel(1, 0.01) },
  });
  await until("tries", () => holding.components()[1]!.counters.EventPutAttemptCount! >= 3);
  assert.deepEqual(answers, ["ok"]);
  await assert.rejects(holding.stop(), DeliveryError);
});

Deno.test("source starts again at the last safe position when an accepted batch is not delivered", async () => {
  const seen: string[] = [];
  const starts: (number | undefined)[] = [];
  let sinks = 0;
  const create = (): Sink => {
    const isFirst = sinks++ === 0;
    let writes = 0;
    return {
      write(batch) {
        if (isFirst && ++writes > 2) {
          return Promise.resolve({ delivered: Promise.reject(new Error("Disk is full")) });
        }
        seen.push(...bodies(batch));
        return Promise.resolve({ delivered: Promise.resolve() });
      },
    };
  };
  const lines = Array.from(
    { length: 40 },
    (_, at) => `${LINES[at % LINES.length]} ${at} ${"x".repeat(20_000)}`,
  );
  const pipeline = await startParts({ source: replaying(lines, starts), sinks: { main: create } });
  await pipeline.finished;
  assert.deepEqual(seen, lines);
  assert.deepEqual(starts, [0, 2]);
  assert.equal(sinks, 2);
});

Deno.test("positions are saved only up to the first batch that is not delivered", async () => {
  const positions = memoryPositions();
  const answers = LINES.map(() => Promise.withResolvers<void>());
  let writes = 0;
  const lines = LINES.map((line) => line + "x".repeat(20_000));
  const pipeline = await startParts({
    source: replaying(lines),
    positions,
    sinks: { main: () => ({ write: () => Promise.resolve({ delivered: answers[writes++]!.promise }) }) },
  });
  await until("all writes", () => writes === lines.length);
  answers[2]!.resolve();
  answers[0]!.resolve();
  await until("the first position", () => positions.load("in")?.at === 1);
  answers[1]!.resolve();
  await until("the third position", () => positions.load("in")?.at === 3);
  for (const answer of answers) answer.resolve();
  await pipeline.finished;
  assert.equal(positions.load("in")?.at, lines.length);
});

Deno.test("optional channel that refuses is counted and does not hold the required one", async () => {
  const seen: string[] = [];
  const pipeline = await startParts({
    source: replaying(LINES),
    channels: { main: directChannel(), spare: memoryChannel(1, 0.001) },
    selector: {
      select: (batch) => [
        { channel: "main", batch, required: true },
        { channel: "spare", batch, required: false },
      ],
    },
    sinks: { main: collecting(seen), spare: () => ({ write: () => new Promise(() => {}) }) },
    shutdownMs: 100,
  });
  await until("all events", () => seen.length === LINES.length);
  const refused = () =>
    pipeline.components().find(({ name }) => name === "spare")!.counters.OptionalPutFailCount ?? 0;
  await until("refusals", () => refused() > 0);
  await assert.rejects(pipeline.stop(), DeliveryError);
});

Deno.test("fan-out to two channels delivers to both and answers when both have", async () => {
  const [left, right]: string[][] = [[], []];
  const pipeline = await startParts({
    source: replaying(LINES),
    channels: { left: memoryChannel(2), right: directChannel() },
    sinks: { left: collecting(left!), right: collecting(right!) },
  });
  await pipeline.finished;
  assert.deepEqual([left, right], [LINES, LINES]);
});

Deno.test("interceptor that throws rolls the batch back and the source is run again", async () => {
  const seen: string[] = [];
  let throws = 1;
  const pipeline = await startParts({
    source: replaying(LINES),
    interceptors: [{
      intercept(batch) {
        if (batch.text(0).startsWith("POST") && throws-- > 0) throw new Error("Lookup failed");
        return batch;
      },
    }],
    sinks: { main: collecting(seen) },
  });
  await pipeline.finished;
  assert.deepEqual([...new Set(seen)], LINES);
});

Deno.test("stop delivers what was accepted before it resolves", async () => {
  const seen: string[] = [];
  let emitted = 0;
  const pipeline = await startParts({
    source: ({ signal }) => ({
      async run(emit) {
        while (!signal.aborted) {
          await emit(EventBatch.from([{ body: `GET /order/${emitted} 200` }]));
          emitted++;
        }
      },
    }),
    channels: { main: memoryChannel(50) },
    sinks: { main: collecting(seen) },
  });
  await until("some events", () => seen.length > 500);
  await pipeline.stop();
  assert.equal(seen.length, emitted);
});

Deno.test("position waits for delivery when an interceptor makes a batch of its own", async () => {
  const positions = memoryPositions();
  const answer = Promise.withResolvers<void>();
  let writes = 0;
  const pipeline = await startParts({
    source: replaying(["GET /cart 200"]),
    positions,
    interceptors: [{ intercept: (batch) => EventBatch.from(bodies(batch).map((body) => ({ body }))) }],
    channels: { main: memoryChannel() },
    sinks: { main: () => ({ write: () => (writes++, Promise.resolve({ delivered: answer.promise })) }) },
  });
  await until("the write", () => writes === 1);
  assert.equal(positions.load("in"), undefined);
  answer.resolve();
  await pipeline.finished;
  assert.deepEqual(positions.load("in"), { at: 1 });
});

Deno.test("position waits for every piece of a batch that a channel had cut", async () => {
  const positions = memoryPositions();
  const answers = [0, 1].map(() => Promise.withResolvers<void>());
  const taken: string[] = [];
  const whole = EventBatch.from([{ body: "GET /cart 200" }, { body: "GET /köln 404" }]).with({
    position: { at: 2 },
  });
  assert.deepEqual(whole.slice(0, 1).position, {});
  const pipeline = await startParts({
    source: () => ({ run: (emit) => emit(whole) }),
    positions,
    channels: { main: memoryChannel(1) },
    sinks: {
      main: () => ({
        write(batch) {
          taken.push(...bodies(batch));
          return Promise.resolve({ delivered: answers[taken.length - 1]!.promise });
        },
      }),
    },
  });
  await until("the first piece", () => taken.length === 1);
  assert.equal(positions.load("in"), undefined);
  for (const answer of answers) answer.resolve();
  await pipeline.finished;
  assert.deepEqual([taken, positions.load("in")], [["GET /cart 200", "GET /köln 404"], { at: 2 }]);
});
