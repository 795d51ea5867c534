import assert from "node:assert/strict";
import { didYouMean, editDistance, nearestName } from "../../compiler/nearest.ts";

Deno.test("the distance counts a swap of neighbours once", () => {
  assert.equal(editDistance("chanel", "channel"), 1);
  assert.equal(editDistance("prot", "port"), 1);
  assert.equal(editDistance("", "sink"), 4);
  assert.equal(editDistance("kitten", "sitting"), 3);
});

Deno.test("the nearest name ignores case, and nothing is near when all are far", () => {
  const names = ["hdfs.path", "hdfs.rollInterval", "channel"];
  assert.equal(nearestName("hdfs.rollinterval", names), "hdfs.rollInterval");
  assert.equal(nearestName("hdfs.pth", names), "hdfs.path");
  assert.equal(nearestName("colour", names), undefined);
  assert.equal(nearestName("x", ["a", "b"]), undefined);
  assert.equal(didYouMean("colour", names), "");
});
