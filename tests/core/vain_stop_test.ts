import assert from "node:assert/strict";
import { ConfigError, EventBatch } from "sluice/plugin";
import { memoryChannel, startParts } from "../support/plan.ts";
import { until } from "../support/until.ts";

Deno.test("a stop does not wait for a sink whose settings let it never begin", async () => {
  const misfit = () => {
    throw new ConfigError("No credentials");
  };
  const pipeline = await startParts({
    source: () => ({ run: (emit) => emit(EventBatch.from([{ body: "GET /cart 200" }])) }),
    channels: { main: memoryChannel() },
    sinks: { main: misfit },
    shutdownMs: 600_000,
  });
  await until("a restart", () => pipeline.components().some(({ restarts }) => restarts > 0));
  await assert.rejects(pipeline.stop(), /not delivered before the stop: 1/);
});
