import assert from "node:assert/strict";
import { type Described, Descriptors } from "../../../../plugins/sinks/_rolling/descriptors.ts";

const LIMIT = 8;
const AT_ONCE = LIMIT / 2 / 2;

/** A file that knows whether it is open. */
class LookedAtFile implements Described {
  isOpen = true;

  park(): void {
    this.isOpen = false;
  }
}

function files(count: number): LookedAtFile[] {
  return Array.from({ length: count }, () => new LookedAtFile());
}

function useAll(descriptors: Descriptors, used: readonly LookedAtFile[]): void {
  for (const file of used) descriptors.use(file);
}

Deno.test("of more files than are allowed the one that was used longest ago is parked", () => {
  const descriptors = new Descriptors(LIMIT);
  const used = files(LIMIT + 1);
  useAll(descriptors, used.slice(0, LIMIT));
  descriptors.use(used[0]!);
  descriptors.use(used[LIMIT]!);
  assert.deepEqual(used.flatMap(({ isOpen }, at) => isOpen ? [] : [at]), [1]);
});

Deno.test("a file that was closed makes room for another", () => {
  const descriptors = new Descriptors(LIMIT);
  const used = files(LIMIT + 1);
  useAll(descriptors, used.slice(0, LIMIT));
  descriptors.forget(used[3]!);
  descriptors.use(used[LIMIT]!);
  assert.ok(used.every(({ isOpen }) => isOpen));
});

Deno.test("syncs take two of the descriptors each and half of all at most, the others wait for their turn", async () => {
  const descriptors = new Descriptors(LIMIT);
  const used = files(LIMIT);
  useAll(descriptors, used);
  const syncs = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const begun: number[] = [];
  const lent = syncs.map(({ promise }, at) =>
    descriptors.lend(async () => {
      begun.push(at);
      await promise;
    })
  );
  lent[1]!.catch(() => {});
  assert.deepEqual(begun, [0, 1]);
  assert.equal(begun.length, AT_ONCE);
  assert.equal(used.filter(({ isOpen }) => isOpen).length, LIMIT / 2);
  syncs[1]!.reject(new Error("the disk refuses"));
  await assert.rejects(lent[1]!, /refuses/);
  await Promise.resolve();
  assert.deepEqual(begun, [0, 1, 2]);
  for (const { resolve } of syncs) resolve();
  await Promise.all(lent.filter((_, at) => at !== 1));
  assert.deepEqual(begun, [0, 1, 2, 3, 4]);
  const more = files(LIMIT);
  useAll(descriptors, more);
  assert.ok(more.every(({ isOpen }) => isOpen), "all that was lent is back");
});
