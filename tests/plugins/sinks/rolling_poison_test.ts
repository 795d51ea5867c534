import assert from "node:assert/strict";
import { EventBatch, PoisonError } from "sluice/plugin";
import { splitByKey } from "../../../plugins/_escapes/split_by_key.ts";
import { makeFileRoll, withFolder } from "./rolling.ts";

const SCHEMA = { "flume.avro.schema.literal": '"int"' };
/** One byte is a datum of an int, two are not. */
const event = (folder: string, isGood: boolean) => ({
  headers: { ...SCHEMA, folder },
  body: isGood ? "x" : "xx",
});

Deno.test("file_roll names refused events by their places in the batch, when buckets cut it", async () => {
  await withFolder(async (directory) => {
    const sink = await makeFileRoll({ directory, bucket: "%{folder}", serializer: "avro_record" });
    const batch = EventBatch.from([
      event("a", true),
      event("b", true),
      event("a", true),
      event("b", false),
      event("a", true),
      event("b", false),
    ]);
    await assert.rejects(async () => await sink.write(batch, new AbortController().signal), (fault) => {
      assert.ok(fault instanceof PoisonError);
      assert.deepEqual(fault.indexes, [3, 5]);
      return true;
    });
    await sink.close!();
  });
});

Deno.test("parts of a batch that was cut by key know the places of their events", () => {
  const batch = EventBatch.from(["1", "2", "3"].map((body) => ({ body })));
  const parts = splitByKey(batch, ["a", "b", "a"]);
  assert.deepEqual(parts.map(({ key, indexes }) => [key, Array.from(indexes!)]), [["a", [0, 2]], ["b", [1]]]);
  assert.equal(splitByKey(batch, ["a", "a", "a"])[0]!.indexes, undefined);
});
