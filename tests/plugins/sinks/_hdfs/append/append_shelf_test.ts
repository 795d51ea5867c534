import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Clock } from "sluice/plugin";
import { AppendShelf } from "../../../../../plugins/sinks/_hdfs/append/append_shelf.ts";
import { LocalStore } from "../../../../../plugins/sinks/_hdfs/stores/local_store.ts";
import { testContext } from "../../../../support/context.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function makeShelf(clock: Clock): AppendShelf {
  return new AppendShelf({
    context: testContext({ clock }),
    store: new LocalStore("/nowhere"),
    slots: 1,
    closeTries: 0,
    retryMs: 0,
    transform: () => Promise.resolve(undefined),
    noteCreated: () => Promise.resolve(),
    onPublished: () => {},
  });
}

Deno.test("a shelf that appends keeps nothing of waits in which nothing changed", async () => {
  const shelf = makeShelf({ now: () => 0, sleep: () => Promise.resolve() });
  const wait = async (times: number) => {
    for (let n = 0; n < times; n++) await shelf.change();
    collectGarbage();
    return Deno.memoryUsage().heapUsed;
  };
  const before = await wait(1000);
  const keptBytes = (await wait(50_000)) - before;
  assert.ok(keptBytes < 50_000 * 50, `50000 waits have kept ${keptBytes} bytes`);
});

Deno.test("a shelf that appends ends a wait as soon as fewer bytes wait", async () => {
  const shelf = makeShelf({
    now: () => 0,
    sleep: (_ms, signal) => new Promise((resolve) => signal?.addEventListener("abort", () => resolve())),
  });
  const file = shelf.create(() => "a\t\ta.tmp");
  file.write([new Uint8Array(3)]);
  const waiting = shelf.change();
  file.cutBack(0);
  await waiting;
  assert.equal(shelf.waitingBytes, 0);
});
