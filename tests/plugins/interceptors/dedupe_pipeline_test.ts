import assert from "node:assert/strict";
import { type Channel, ChannelFullError, EventBatch, type Sink } from "sluice/plugin";
import { memoryChannel, startParts } from "../../support/plan.ts";
import { bodiesOf } from "./make.ts";
import { stage } from "./dedupe_stage.ts";

function post(...bodies: string[]): EventBatch {
  return EventBatch.from(bodies.map((body) => ({ body })));
}

/** A channel that refuses some puts first. */
function refusing(refusals: number): Channel {
  const channel = memoryChannel();
  return {
    get capacity() {
      return channel.capacity;
    },
    get size() {
      return channel.size;
    },
    put(batch: EventBatch) {
      if (refusals-- > 0) throw new ChannelFullError("No room");
      return channel.put(batch);
    },
    take: (options) => channel.take(options),
    close: () => channel.close(),
  };
}

Deno.test("dedupe interceptor lets a post pass again that the channel refused, and drops it once it was taken", async () => {
  await using at = await stage();
  const seen: string[] = [];
  const answers: string[] = [];
  const sink: Sink = { write: (batch) => void seen.push(...bodiesOf(batch)) };
  const pipeline = await startParts({
    source: () => ({
      answers: true,
      async run(emit) {
        const answer = (batch: EventBatch) =>
          emit(batch).then(() => answers.push("200"), () => answers.push("503"));
        // The second repeats the first while the first is under way, so it shares its refusal.
        await Promise.all([answer(post("a", "b")), answer(post("b", "c"))]);
        await Promise.all([answer(post("a", "b")), answer(post("b", "c"))]);
        await answer(post("a", "b", "c"));
      },
    }),
    interceptors: [(await at.open()).interceptor],
    channels: { main: refusing(1) },
    sinks: { main: () => sink },
  });
  await pipeline.finished;
  assert.deepEqual(answers, ["503", "503", "200", "200", "200"]);
  // "c" was taken with the post that was refused for the sake of "b": its sender was told to send it again.
  assert.deepEqual(seen.sort(), ["a", "b", "c", "c"]);
});

Deno.test("dedupe interceptor loses nothing of a source that goes back after a rollback", async () => {
  await using at = await stage();
  const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`);
  const seen: string[] = [];
  const starts: number[] = [];
  const { interceptor } = await at.open();
  let puts = 0;
  const channel = memoryChannel();
  const pipeline = await startParts({
    isReplayable: true,
    source: ({ resume }) => ({
      async run(emit) {
        const from = Number(resume?.at ?? 0);
        starts.push(from);
        for (let place = from; place < lines.length; place++) {
          await emit.ready;
          void emit(post(lines[place]!).with({ position: { at: place + 1 } }));
        }
      },
    }),
    interceptors: [{ intercept: (batch, fate) => interceptor.intercept(batch, fate) }, {
      intercept(batch) {
        if (++puts === 20) throw new Error("Fails once");
        return batch;
      },
    }],
    channels: { main: channel },
    sinks: { main: () => ({ write: (batch) => void seen.push(...bodiesOf(batch)) }) },
  });
  await pipeline.finished;
  assert.equal(starts.length, 2);
  assert.deepEqual(seen.sort(), lines.sort());
});
