import assert from "node:assert/strict";
import fc from "fast-check";
import { EventBatch, type IdentityRun, mergePositions, type Position } from "sluice/plugin";
import { Recognition } from "../../../../plugins/sources/_rpc/recognition.ts";
import { testContext } from "../../../support/context.ts";

const STREAM = "main@7.0";

function batchOf(runs: readonly IdentityRun[]): EventBatch {
  const numbers = runs.flatMap(({ first, count }) =>
    Array.from({ length: count }, (_, index) => first + index)
  );
  return EventBatch.from(numbers.map((number) => ({ body: String(number) })));
}

function run(first: number, count: number, { after = first, timeMs = 0 } = {}): IdentityRun {
  return { first, count, after, timeMs };
}

/** Accepts batches as a log does, with their notes; refuses when it is told to. */
class Receiver {
  readonly bodies: string[] = [];
  note: Position = {};
  isFull = false;
  #recognition = new Recognition(testContext({ resume: {} }));

  get emit() {
    const emit = (batch: EventBatch) => {
      if (this.isFull) return Promise.reject(new Error("full"));
      this.bodies.push(...Array.from(batch, ({ body }) => new TextDecoder().decode(body)));
      this.note = mergePositions(this.note, batch.position ?? {});
      return Promise.resolve();
    };
    return Object.assign(emit, { ready: Promise.resolve() });
  }

  restart(): void {
    this.#recognition = new Recognition(testContext({ resume: this.note }));
  }

  send(runs: readonly IdentityRun[], stream = STREAM): Promise<void> {
    return this.#recognition.emit(batchOf(runs), { stream, runs }, this.emit);
  }
}

Deno.test("recognition drops what comes a second time, also in another cut and after a restart", async () => {
  const receiver = new Receiver();
  await receiver.send([run(0, 3)]);
  await receiver.send([run(0, 3)]);
  await receiver.send([run(1, 4)]);
  receiver.restart();
  await receiver.send([run(2, 5)]);
  await receiver.send([run(9, 1, { after: 7 })]);
  await receiver.send([run(5, 2), run(9, 2, { after: 7 })]);
  assert.deepEqual(receiver.bodies, ["0", "1", "2", "3", "4", "5", "6", "9", "10"]);
  assert.deepEqual(Object.values(receiver.note), ["0+b@0"], "gaps without events are closed");
});

Deno.test("recognition forgets a batch that was refused, and accepts it later", async () => {
  const receiver = new Receiver();
  receiver.isFull = true;
  const refused = receiver.send([run(0, 2)]);
  const behind = receiver.send([run(2, 2)]);
  await assert.rejects(refused);
  await assert.rejects(behind);
  receiver.isFull = false;
  await receiver.send([run(0, 4)]);
  assert.deepEqual(receiver.bodies, ["0", "1", "2", "3"]);
});

Deno.test("recognition knows streams apart, and accepts numbers that a journal put back from a copy gives again", async () => {
  const receiver = new Receiver();
  await receiver.send([run(0, 2, { timeMs: 100 })]);
  await receiver.send([run(0, 2, { timeMs: 100 })], "other@1.0");
  await receiver.send([run(1, 2, { timeMs: 200 })]);
  await receiver.send([run(1, 2, { timeMs: 200 })]);
  assert.deepEqual(receiver.bodies, ["0", "1", "0", "1", "1", "2"]);
});

Deno.test("recognition makes no notes where nothing keeps them", async () => {
  const recognition = new Recognition(testContext());
  const emitted: EventBatch[] = [];
  const emit = Object.assign((batch: EventBatch) => Promise.resolve(void emitted.push(batch)), {
    ready: Promise.resolve(),
  });
  for (let turn = 0; turn < 2; turn++) {
    await recognition.emit(batchOf([run(0, 2)]), { stream: STREAM, runs: [run(0, 2)] }, emit);
  }
  assert.equal(emitted.length, 1);
  assert.equal(emitted[0]!.position, undefined);
});

Deno.test("recognition keeps a bounded number of streams and says which it has forgotten", async () => {
  const receiver = new Receiver();
  for (let stream = 0; stream < 1100; stream++) await receiver.send([run(0, 1)], `s${stream}`);
  assert.ok(Object.keys(receiver.note).length <= 1025, String(Object.keys(receiver.note).length));
  assert.ok("s1099" in receiver.note && !("s0" in receiver.note));
});

Deno.test("recognition loses no event and repeats none, whatever is sent again, refused or restarted", async () => {
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.record({ from: fc.nat(12), count: fc.integer({ min: 1, max: 9 }) }) },
    { weight: 1, arbitrary: fc.constantFrom("restart" as const, "refuse" as const, "take" as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
      const receiver = new Receiver();
      let next = 0;
      for (const action of actions) {
        if (action === "restart") receiver.restart();
        else if (typeof action === "string") receiver.isFull = action === "refuse";
        else {
          // A sender never leaves out what was not accepted.
          const first = Math.max(0, next - action.from);
          await receiver.send([run(first, action.count)]).then(
            () => next = Math.max(next, first + action.count),
            () => {},
          );
        }
      }
      assert.deepEqual(receiver.bodies, Array.from({ length: next }, (_, number) => String(number)));
    }),
    { numRuns: Number(Deno.env.get("FUZZ_RUNS") ?? 200) },
  );
});
