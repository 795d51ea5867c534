import assert from "node:assert/strict";
import { EventBatch, type Sink, type Source } from "sluice/plugin";
import { sourceStream } from "../../core/source.ts";
import { memoryChannel, startParts } from "../support/plan.ts";

const LINES = ["GET /cart 200", "GET /café 404", "POST /login 503"];

Deno.test("events whose delivery fails late are written again in their order, not the last one first", async () => {
  const delivered: string[] = [];
  const first = Promise.withResolvers<void>();
  const written = LINES.map(() => Promise.withResolvers<void>());
  let writes = 0;
  const source = (): Source => ({
    async run(emit) {
      for (const [at, body] of LINES.entries()) {
        await emit(EventBatch.from([{ body }]));
        await written[at]!.promise;
      }
      first.reject(new Error("Disk failed"));
    },
  });
  const sink = (): Sink => ({
    write(batch) {
      if (writes >= LINES.length) return void delivered.push(...Array.from(batch, (_, at) => batch.text(at)));
      written[writes++]!.resolve();
      return Promise.resolve({ delivered: writes === 1 ? first.promise : Promise.resolve() });
    },
  });
  const pipeline = await startParts({ source, channels: { main: memoryChannel() }, sinks: { main: sink } });
  await pipeline.finished;
  assert.deepEqual(delivered, LINES);
});

Deno.test("emit rejects once the source has ended, and nothing waits for that batch", async () => {
  const tracked: EventBatch[] = [];
  const batch = EventBatch.from([{ body: LINES[0]! }]);
  let emit: Parameters<Source["run"]>[0] | undefined;
  const { readable, ended } = sourceStream({
    run(given) {
      emit = given;
      return Promise.resolve();
    },
  }, (delivery) => tracked.push(delivery.batch));
  await ended;
  assert.equal((await readable.getReader().read()).done, true);
  await emit!.ready;
  await assert.rejects(emit!(batch), /source has ended/);
  assert.deepEqual(tracked, []);
});
