import assert from "node:assert/strict";
import { EventBatch } from "sluice/plugin";
import { Window } from "../../../../plugins/sources/_kafka/window.ts";

async function isOpen(window: Window): Promise<boolean> {
  return await Promise.race([window.open.then(() => true), Promise.resolve().then(() => false)]);
}

Deno.test("window is shut while as many bytes as it allows are on their way, and opens when they are let go of", async () => {
  const window = new Window(10);
  const [first, second] = ["123456", "7890123"].map((body) => window.hold(EventBatch.from([{ body }])));
  assert.equal(await isOpen(window), false);
  second!.lease!.retain();
  second!.lease!.release();
  assert.equal(await isOpen(window), false);
  const waiting = window.open;
  first!.lease!.release();
  await waiting;
  second!.lease!.release();
  assert.equal(await isOpen(window), true);
});
