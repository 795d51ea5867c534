import assert from "node:assert/strict";
import { FrameBlocks } from "../../../../plugins/sources/_rpc/frame_blocks.ts";
import { MemoryBudget } from "../../../../plugins/sources/_rpc/memory_budget.ts";

const KIB = 1024;

Deno.test("blocks are used again once whoever had them lets go", () => {
  const blocks = new FrameBlocks(new MemoryBudget(1024 * KIB));
  const read = blocks.take(1);
  blocks.give(read);
  assert.equal(blocks.take(100), read);
  const lease = blocks.lend(read);
  blocks.settled(read.length);
  assert.notEqual(blocks.take(100), read, "A batch has it");
  lease.release();
  assert.equal(blocks.take(100), read);
});

Deno.test("blocks grow with what clients send, up to 4 MiB", () => {
  const blocks = new FrameBlocks(new MemoryBudget(64 * 1024 * KIB));
  assert.equal(blocks.take(1).length, 256 * KIB);
  assert.equal(blocks.take(257 * KIB).length, 512 * KIB);
  assert.equal(blocks.take(1).length, 512 * KIB);
  assert.equal(blocks.take(5000 * KIB).length, 5000 * KIB);
  assert.equal(blocks.take(1).length, 4096 * KIB);
});

Deno.test("blocks are refused when too much is under way, until some of it has settled", () => {
  const blocks = new FrameBlocks(new MemoryBudget(600 * KIB));
  const [first, second] = [blocks.take(1), blocks.take(1)];
  assert.throws(() => blocks.take(1), /All clients together have 614400 bytes for calls under way/);
  blocks.lend(first);
  assert.throws(() => blocks.take(1), Error, "The channels do not have it yet");
  blocks.settled(first.length);
  blocks.take(1);
  blocks.give(second);
  blocks.take(1);
});
