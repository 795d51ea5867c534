import assert from "node:assert/strict";
import fc from "fast-check";
import { type BatchIdentity, BlockPool, EventBatch, TakeQueue, type TakeTransaction } from "sluice/plugin";

const never = new AbortController().signal;

function read({ batch }: TakeTransaction): string[] {
  return Array.from({ length: batch.size }, (_, index) => batch.text(index));
}

function numbersOf(identity: BatchIdentity | undefined): number[] {
  return identity!.runs.flatMap(({ first, count }) =>
    Array.from({ length: count }, (_, index) => first + index)
  );
}

/** A random push, take, commit or rollback. */
const action = fc.oneof(
  fc.record({
    do: fc.constant("push" as const),
    sizes: fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 6 }),
  }),
  fc.record({ do: fc.constant("take" as const), maxEvents: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ do: fc.constant("end" as const), commits: fc.boolean() }),
);

Deno.test("take queue gives every event once and in order, whatever is taken, committed and rolled back", async () => {
  await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
    const queue = new TakeQueue();
    const [pushed, committed]: string[][] = [[], []];
    let settled = 0;
    let pushes = 0;
    let open: TakeTransaction | undefined;
    for (const step of actions) {
      if (step.do === "push") {
        const texts = step.sizes.map((size, at) => `${pushed!.length + at}:${"é".repeat(size)}`);
        queue.push({
          batch: EventBatch.from(texts.map((body) => ({ body }))),
          committed: () => void settled++,
        });
        pushed!.push(...texts);
        pushes++;
      } else if (step.do === "take" && !open && pushed!.length > committed!.length) {
        open = await queue.take({ maxEvents: step.maxEvents, signal: never });
        const expected = pushed!.slice(committed!.length, committed!.length + open.batch.size);
        assert.deepEqual(read(open), expected);
        assert.deepEqual(numbersOf(open.batch.identity), expected.map((text) => parseInt(text)));
        assert.ok(open.batch.size >= 1 && open.batch.size <= step.maxEvents);
      } else if (step.do === "end" && open) {
        if (step.commits) committed!.push(...read(open));
        await (step.commits ? open.commit() : open.rollback());
        open = undefined;
      }
      assert.equal(queue.size, pushed!.length - committed!.length);
    }
    if (queue.size === 0) assert.equal(settled, pushes);
  }));
});

Deno.test("take queue joins small batches with their headers, and keeps large ones as they are", async () => {
  const queue = new TakeQueue();
  const large = EventBatch.from([{ body: "GET /report.csv ".repeat(4000) }]);
  queue.push({ batch: EventBatch.from([{ headers: { host: "web1" }, body: "GET /" }]) });
  queue.push({
    batch: EventBatch.from([{ headers: { host: "web2" }, body: "GET /cart" }, { body: "POST /pay" }]),
  });
  queue.push({ batch: large });
  const joined = await queue.take({ maxEvents: 1000, signal: never });
  assert.deepEqual(Array.from(joined.batch, ({ headers }) => headers.host), ["web1", "web2", undefined]);
  assert.equal((await queue.take({ maxEvents: 1000, signal: never })).batch.block, large.block);
});

Deno.test("take that waits rejects with the signal's reason, and the next event goes to another taker", async () => {
  const queue = new TakeQueue();
  const stop = new AbortController();
  const waiting = queue.take({ maxEvents: 10, signal: stop.signal });
  const other = queue.take({ maxEvents: 10, signal: never });
  stop.abort(new Error("Agent stops"));
  await assert.rejects(waiting, /Agent stops/);
  queue.push({ batch: EventBatch.from([{ body: "GET /" }]) });
  assert.deepEqual(read(await other), ["GET /"]);
});

Deno.test("take queue holds a pooled block until its last event is committed", async () => {
  const pool = new BlockPool({ blockBytes: 16, maxBlocks: 1 });
  const lease = await pool.lease();
  lease.block.set(new TextEncoder().encode("GET /aGET /b"));
  const batch = new EventBatch({
    block: lease.block,
    starts: Uint32Array.of(0, 6),
    ends: Uint32Array.of(6, 12),
    lease,
  });
  const queue = new TakeQueue();
  queue.push({ batch });
  lease.release();
  let isFree = false;
  const next = Promise.resolve(pool.lease()).then(() => isFree = true);
  await (await queue.take({ maxEvents: 1, signal: never })).commit();
  await Promise.resolve();
  assert.equal(isFree, false);
  await (await queue.take({ maxEvents: 1, signal: never })).commit();
  await next;
  assert.equal(isFree, true);
});

Deno.test("accepted batch of a source that can replay lets go of its block, and is abandoned with all behind it", async () => {
  const calls: string[] = [];
  const queue = new TakeQueue();
  for (const name of ["first", "second"]) {
    const batch = EventBatch.from([{ body: name.repeat(5000) }]);
    queue.push({
      batch,
      replay: {
        accepted: () => calls.push(`accepted ${name}`),
        abandoned: () => calls.push(`abandoned ${name}`),
      },
    });
  }
  const take = await queue.take({ maxEvents: 10, signal: never });
  take.accept!();
  await take.rollback();
  assert.deepEqual(calls, ["accepted first", "abandoned first", "abandoned second"]);
  assert.equal(queue.size, 0);
});

Deno.test("what is rolled back late comes back to its place, not in front of what came before it", async () => {
  const queue = new TakeQueue();
  for (const body of ["first", "second", "third"]) {
    queue.push({ batch: EventBatch.from([{ body: body.repeat(5000) }]) });
  }
  const takes = [];
  for (let count = 0; count < 3; count++) takes.push(await queue.take({ maxEvents: 1, signal: never }));
  const bodies = takes.map((take) => read(take)[0]);
  await takes[0]!.rollback();
  await takes[2]!.rollback();
  await takes[1]!.rollback();
  const again: (string | undefined)[] = [];
  while (queue.size > 0) {
    const take = await queue.take({ maxEvents: 1, signal: never });
    again.push(read(take)[0]);
    await take.commit();
  }
  assert.deepEqual(again, bodies);
});

Deno.test("batch that is refused after an abandoned one is abandoned too, so that it does not come twice", async () => {
  const abandoned: string[] = [];
  const queue = new TakeQueue();
  const push = (name: string) =>
    queue.push({
      batch: EventBatch.from([{ body: name.repeat(5000) }]),
      replay: { accepted() {}, abandoned: () => abandoned.push(name) },
    });
  push("first");
  push("second");
  const first = await queue.take({ maxEvents: 1, signal: never });
  const second = await queue.take({ maxEvents: 1, signal: never });
  first.accept!();
  await first.rollback();
  await second.rollback();
  assert.deepEqual(abandoned, ["first", "second"]);
  push("again");
  assert.match(read(await queue.take({ maxEvents: 1, signal: never }))[0]!, /^again/);
});

Deno.test("batch is let go of when all its pieces are accepted, one of them after it was refused", async () => {
  let accepted = 0;
  const queue = new TakeQueue();
  const batch = EventBatch.from(["a", "b", "c"].map((body) => ({ body })));
  queue.push({ batch, replay: { accepted: () => accepted++, abandoned: () => assert.fail("abandoned") } });
  const first = await queue.take({ maxEvents: 1, signal: never });
  first.accept!();
  await (await queue.take({ maxEvents: 1, signal: never })).rollback();
  for (let piece = 0; piece < 2; piece++) {
    assert.equal(accepted, 0);
    (await queue.take({ maxEvents: 1, signal: never })).accept!();
  }
  assert.equal(accepted, 1);
});

Deno.test("take that ends within a batch says where, if the batch's channel knows", async () => {
  const queue = new TakeQueue();
  for (const start of [100, 200]) {
    const batch = EventBatch.from(["a", "b", "c"].map((body) => ({ body })))
      .with({ position: { log: start + 3 } });
    queue.push({ batch, positionAt: (events) => ({ log: start + events }) });
  }
  const first = await queue.take({ maxEvents: 3, signal: never });
  const second = await queue.take({ maxEvents: 2, signal: never });
  await second.rollback();
  await first.rollback();
  const joined = await queue.take({ maxEvents: 5, signal: never });
  assert.equal(joined.batch.size, 5);
  assert.deepEqual(joined.batch.position, { log: 202 });
});
