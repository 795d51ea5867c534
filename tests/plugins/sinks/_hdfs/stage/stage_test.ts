import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Context } from "sluice/plugin";
import { Stage } from "../../../../../plugins/sinks/_hdfs/stage/stage.ts";
import { LocalStore } from "../../../../../plugins/sinks/_hdfs/stores/local_store.ts";
import { testContext } from "../../../../support/context.ts";
import { withFolders } from "../making.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

async function withStage(use: (stage: Stage) => void | Promise<void>, change: Partial<Context> = {}) {
  await withFolders(async ({ out, state }) => {
    await use(
      new Stage({
        context: testContext(change),
        store: new LocalStore(out),
        folder: state,
        target: "file",
        slots: 1,
        closeTries: 0,
        retryMs: 0,
        transformOf: () => Promise.resolve(undefined),
        onPublished: () => {},
      }),
    );
  });
}

Deno.test("a stage keeps nothing of waits in which nothing changed", async () => {
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  await withStage(async (stage) => {
    const { signal } = new AbortController();
    const wait = async (times: number) => {
      for (let n = 0; n < times; n++) await stage.change(signal);
      collectGarbage();
      return Deno.memoryUsage().heapUsed;
    };
    const before = await wait(1000);
    const keptBytes = (await wait(50_000)) - before;
    assert.ok(keptBytes < 50_000 * 50, `50000 waits have kept ${keptBytes} bytes`);
  }, { clock });
});

Deno.test("a stage keeps the name of a file for itself until the file is removed again", async () => {
  await withStage((stage) => {
    assert.ok(stage.claim("logs/f.1", { path: "1" }));
    assert.ok(!stage.claim("logs/f.1", { path: "2" }));
    stage.removed("2");
    assert.ok(!stage.claim("logs/f.1", { path: "3" }));
    stage.removed("1");
    assert.ok(stage.claim("logs/f.1", { path: "4" }));
  });
});
