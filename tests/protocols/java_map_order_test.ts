import assert from "node:assert/strict";
import { javaMapOrder } from "../../protocols/java_map_order.ts";

const order = (keys: readonly string[]) => javaMapOrder(keys, keys.length, (key) => key);

Deno.test("javaMapOrder gives keys as a HashMap with a bucket for each eighth does, and equal buckets as they came", () => {
  // "n" and "kind" share bucket 6 of 8, "timestamp" is in 7, "kéy" in 2.
  assert.deepEqual(order(["n", "kind", "timestamp"]), ["n", "kind", "timestamp"]);
  assert.deepEqual(order(["timestamp", "kind", "n"]), ["kind", "n", "timestamp"]);
  assert.deepEqual(order(["n", "kind", "timestamp", "kéy"]), ["kéy", "n", "kind", "timestamp"]);
});

Deno.test("javaMapOrder takes a larger table from six keys on", () => {
  // Of 16 buckets "kind" has 6, "n" 14 and "a" to "c" 1 to 3.
  assert.deepEqual(order(["n", "kind", "c", "b", "a"]), ["a", "b", "c", "n", "kind"]);
  assert.deepEqual(order(["n", "kind", "c", "b", "a", "d"]), ["a", "b", "c", "d", "kind", "n"]);
});

Deno.test("javaMapOrder takes hashes of 32 bits as Java does, and no keys at all", () => {
  // The hash of "polygenelubricants" is the smallest int, so its bucket is 0; that of "a" is 1.
  assert.deepEqual(order(["a", "polygenelubricants"]), ["polygenelubricants", "a"]);
  assert.deepEqual(order([]), []);
});
