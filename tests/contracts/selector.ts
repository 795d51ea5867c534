import assert from "node:assert/strict";
import { EventBatch, type Route, type Selector } from "sluice/plugin";
import { checkShape, columnsOf, plain, PooledBatch, sampleBatches } from "./batches.ts";
import type { ContractCase } from "./case.ts";
import type { Subject } from "./subject.ts";

const CHANNELS = ["main", "archive", "alerts"];

function create(subject: Subject<Selector>): Promise<Selector> {
  return subject.create({ extra: [CHANNELS] });
}

/** Gives every event a number, to follow it into the routes. */
function numbered(batch: EventBatch): EventBatch {
  return batch.withHeader("number", Array.from({ length: batch.size }, (_, index) => String(index)));
}

function numbersOf({ batch }: Route): number[] {
  return Array.from({ length: batch.size }, (_, index) => Number(batch.header(index, "number")));
}

/** What every selector promises. */
export const SELECTOR_CASES: readonly ContractCase<Subject<Selector>>[] = [
  {
    name: "names only channels that it was given",
    async run(subject) {
      const selector = await create(subject);
      for (const batch of sampleBatches()) {
        for (const { channel } of selector.select(batch)) assert.ok(CHANNELS.includes(channel), channel);
      }
    },
  },
  {
    name: "leaves its input as it was",
    async run(subject) {
      const selector = await create(subject);
      for (const batch of sampleBatches()) {
        const [before, columns] = [plain(batch), columnsOf(batch)];
        selector.select(batch);
        assert.deepEqual(plain(batch), before);
        assert.deepEqual(columnsOf(batch), columns);
      }
    },
  },
  {
    name: "has nothing to route in an empty batch",
    async run(subject) {
      const routes = (await create(subject)).select(EventBatch.EMPTY);
      assert.equal(routes.reduce((sum, { batch }) => sum + batch.size, 0), 0);
    },
  },
  {
    name: "gives each channel whole events, in order, and none twice",
    async run(subject) {
      const selector = await create(subject);
      for (const batch of sampleBatches().map(numbered)) {
        const expected = plain(batch);
        const seen = new Set<string>();
        for (const route of selector.select(batch)) {
          checkShape(route.batch);
          const [numbers, part] = [numbersOf(route), plain(route.batch)];
          assert.deepEqual(numbers, numbers.toSorted((one, other) => one - other));
          assert.deepEqual(part.bodies, numbers.map((number) => expected.bodies[number]));
          assert.deepEqual(part.headers, numbers.map((number) => expected.headers[number]));
          for (const number of numbers) {
            assert.ok(!seen.has(`${route.channel} ${number}`), `${number} comes twice`);
          }
          for (const number of numbers) seen.add(`${route.channel} ${number}`);
        }
      }
    },
  },
  {
    name: "keeps the lease of a pooled block",
    async run(subject) {
      const selector = await create(subject);
      for (const batch of sampleBatches()) {
        const { batch: pooled } = new PooledBatch(batch);
        for (const route of selector.select(pooled)) {
          if (route.batch.block.buffer === pooled.block.buffer) assert.equal(route.batch.lease, pooled.lease);
        }
      }
    },
  },
];
