import assert from "node:assert/strict";
import { EventBatch } from "sluice/plugin";
import { splitByKey } from "../../../plugins/_escapes/split_by_key.ts";

function numbered(size: number): EventBatch {
  return EventBatch.from(
    Array.from({ length: size }, (_, at) => ({ headers: { at: `${at}` }, body: `b${at}` })),
  );
}

function told(batch: EventBatch, keys: string | readonly string[]) {
  return splitByKey(batch, keys).map(({ key, batch }) => [
    key,
    Array.from(batch, ({ body, headers }) => {
      assert.equal(`b${headers.at}`, new TextDecoder().decode(body));
      return Number(headers.at);
    }),
  ]);
}

Deno.test("splitByKey: one key for all gives the batch itself", () => {
  const batch = numbered(3);
  assert.equal(splitByKey(batch, "a")[0]!.batch, batch);
  assert.equal(splitByKey(batch, ["a", "a", "a"])[0]!.batch, batch);
});

Deno.test("splitByKey: a batch without events has no parts", () => {
  assert.deepEqual(splitByKey(EventBatch.EMPTY, "a"), []);
  assert.deepEqual(splitByKey(EventBatch.EMPTY, []), []);
});

Deno.test("splitByKey: parts come in the order of their first events and keep the order within", () => {
  assert.deepEqual(told(numbered(7), ["b", "a", "b", "b", "c", "a", "b"]), [["b", [0, 2, 3, 6]], ["a", [
    1,
    5,
  ]], [
    "c",
    [4],
  ]]);
});

Deno.test("splitByKey: each event is in exactly one part, whatever the keys are", () => {
  const keys = Array.from({ length: 5_000 }, (_, at) => `k${at * 7_919 % 1_000}`);
  const parts = splitByKey(numbered(5_000), keys);
  assert.equal(parts.length, 1_000);
  const places = parts.flatMap(({ key, batch }) =>
    Array.from(batch, ({ headers }) => {
      assert.equal(keys[Number(headers.at)], key);
      return Number(headers.at);
    })
  );
  assert.deepEqual(places.sort((one, other) => one - other), Array.from({ length: 5_000 }, (_, at) => at));
});

Deno.test("splitByKey: the position stays with each part", () => {
  const batch = numbered(2).with({ position: { file: 7 } });
  assert.deepEqual(splitByKey(batch, ["a", "b"]).map(({ batch }) => batch.position), [{ file: 7 }, {
    file: 7,
  }]);
});
