import assert from "node:assert/strict";
import { systemClock } from "sluice/plugin";

Deno.test("the system's clock sleeps as long as it is told, also longer than a timer can", async () => {
  const real = globalThis.setTimeout;
  const waits: (number | undefined)[] = [];
  globalThis.setTimeout = ((done: () => void, ms?: number) => {
    waits.push(ms);
    return real(done, 0);
  }) as typeof setTimeout;
  try {
    await systemClock.sleep(31 * 86_400_000);
  } finally {
    globalThis.setTimeout = real;
  }
  assert.deepEqual(waits, [2_147_483_647, 31 * 86_400_000 - 2_147_483_647]);
});
