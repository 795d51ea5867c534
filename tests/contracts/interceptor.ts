import assert from "node:assert/strict";
import { EventBatch, type Fate, type Interceptor } from "sluice/plugin";
import { testContext } from "../support/context.ts";
import { checkShape, columnsOf, plain, PooledBatch, sampleBatch, sampleBatches } from "./batches.ts";
import type { ContractCase } from "./case.ts";
import type { Subject } from "./subject.ts";

const FIXED_CLOCK = { now: () => 1_772_920_692_231, sleep: () => Promise.resolve() };

/** A batch that is safe at once. */
const SAFE: Fate = { settled: Promise.resolve(), waitFor: () => {} };

/** Folders for what interceptors keep; each one that is made gets its own. */
const STATE_DIR = Deno.makeTempDirSync();
addEventListener("unload", () => Deno.removeSync(STATE_DIR, { recursive: true }));

async function create(subject: Subject<Interceptor>) {
  const stateDir = `${STATE_DIR}/${crypto.randomUUID()}`;
  const interceptor = await subject.create({ context: testContext({ clock: FIXED_CLOCK, stateDir }) });
  return {
    intercept: (batch: EventBatch) => interceptor.intercept(batch, SAFE),
    close: async () => await interceptor.close?.(),
  };
}

/** What every interceptor promises. */
export const INTERCEPTOR_CASES: readonly ContractCase<Subject<Interceptor>>[] = [
  {
    name: "leaves its input as it was",
    async run(subject) {
      const interceptor = await create(subject);
      for (const batch of sampleBatches()) {
        const [before, columns] = [plain(batch), columnsOf(batch)];
        await interceptor.intercept(batch);
        assert.deepEqual(plain(batch), before);
        assert.deepEqual(columnsOf(batch), columns);
      }
    },
  },
  {
    name: "gives an empty batch for an empty one, with its position",
    async run(subject) {
      const interceptor = await create(subject);
      const position = { "2049:1311": 84298 };
      const passed = await interceptor.intercept(EventBatch.EMPTY.with({ position }));
      assert.equal(passed.size, 0);
      assert.deepEqual(passed.position, position);
    },
  },
  {
    name: "gives columns as long as the batch, and bodies in order inside the block",
    async run(subject) {
      const interceptor = await create(subject);
      for (const batch of sampleBatches()) checkShape(await interceptor.intercept(batch));
    },
  },
  {
    name: "keeps the position, whatever it drops",
    async run(subject) {
      const interceptor = await create(subject);
      for (const batch of sampleBatches()) {
        assert.deepEqual((await interceptor.intercept(batch)).position, batch.position);
      }
    },
  },
  {
    name: "adds no events",
    async run(subject) {
      const interceptor = await create(subject);
      for (const batch of sampleBatches()) assert.ok((await interceptor.intercept(batch)).size <= batch.size);
    },
  },
  {
    name: "keeps the lease as long as it keeps the block",
    async run(subject) {
      const interceptor = await create(subject);
      for (const batch of sampleBatches()) {
        const { batch: pooled } = new PooledBatch(batch);
        const passed = await interceptor.intercept(pooled);
        assert.equal(passed.lease, passed.block.buffer === pooled.block.buffer ? pooled.lease : undefined);
      }
    },
  },
  {
    name: "remembers nothing of a pooled block that is overwritten",
    async run(subject) {
      const [interceptor, other] = [await create(subject), await create(subject)];
      for (const batch of sampleBatches()) {
        const pooled = new PooledBatch(batch);
        const passed = (await interceptor.intercept(pooled.batch)).detach();
        pooled.overwrite();
        assert.deepEqual(plain(passed), plain(await other.intercept(batch)));
      }
    },
  },
  {
    name: "does to each event the same, alone or among others",
    async run(subject) {
      const interceptor = await create(subject);
      const batch = sampleBatch("access.log").withHeader("host", "web01");
      const whole = await interceptor.intercept(batch);
      const parts: EventBatch[] = [];
      for (let index = 0; index < batch.size; index++) {
        parts.push(await interceptor.intercept(batch.slice(index, index + 1)));
      }
      const joined = parts.map(plain);
      assert.deepEqual(joined.flatMap(({ bodies }) => bodies), plain(whole).bodies);
      assert.deepEqual(joined.flatMap(({ headers }) => headers), plain(whole).headers);
    },
  },
  {
    name: "can be closed twice",
    async run(subject) {
      const interceptor = await create(subject);
      await interceptor.close();
      await interceptor.close();
    },
  },
];
