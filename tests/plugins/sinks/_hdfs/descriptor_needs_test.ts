import assert from "node:assert/strict";
import { requireDescriptors } from "../../../../plugins/sinks/_hdfs/descriptor_needs.ts";

Deno.test("a process that may open too few files for its uploads is told the limit, and what it needs", () => {
  requireDescriptors(10, 256);
  requireDescriptors(100, Infinity);
  assert.throws(
    () => requireDescriptors(100, 256),
    /256 files open.*threadsPoolSize of 100 needs 928.*ulimit -n/,
  );
});
