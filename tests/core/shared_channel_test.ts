import assert from "node:assert/strict";
import { type Channel, EventBatch, type PluginKind } from "sluice/plugin";
import type { PlanPart } from "../../core/plan.ts";
import { memoryPositions } from "../../core/position.ts";
import { startPipeline } from "../../core/supervisor.ts";
import { testContext } from "../support/context.ts";
import { memoryChannel } from "../support/plan.ts";
import { until } from "../support/until.ts";

function part(kind: PluginKind, about: { readonly isShared?: boolean; create(): unknown }): PlanPart {
  const plugin = { kind, name: kind, summary: "", config: {}, examples: [], ...about };
  return { name: kind, type: kind, plugin, config: {}, settings: {} };
}

/** A pipeline with a channel and a sink, and no source. */
async function taking(channel: Channel, isShared: boolean) {
  const seen: string[] = [];
  const sink = { write: (batch: EventBatch) => void seen.push(batch.text(0)) };
  const pipeline = await startPipeline({
    name: "taking",
    stateDir: "/nonexistent/state",
    sources: [],
    channels: [part("channel", { isShared, create: () => channel })],
    takers: [{ name: "sink", channel: "channel", sinks: [part("sink", { create: () => sink })] }],
  }, { logger: () => testContext().log, positions: memoryPositions() });
  return { seen, pipeline };
}

Deno.test("pipeline that only takes from a channel that others fill runs until it is stopped", async () => {
  const channel = memoryChannel();
  const { seen, pipeline } = await taking(channel, true);
  let hasFinished = false;
  void pipeline.finished.then(() => void (hasFinished = true));
  for (const body of ["first", "second"]) {
    // An empty channel is not the end, however often it is looked at.
    for (let look = 0; look < 10; look++) await new Promise((resolve) => setTimeout(resolve));
    await channel.put(EventBatch.from([{ body }]));
    await until(`"${body}" to be delivered`, () => seen.includes(body));
  }
  assert.equal(hasFinished, false);
  await pipeline.stop();
  assert.deepEqual(seen, ["first", "second"]);
});

Deno.test("pipeline that only takes from a channel of its own ends when that is empty", async () => {
  const channel = memoryChannel();
  await channel.put(EventBatch.from([{ body: "left" }]));
  const { seen, pipeline } = await taking(channel, false);
  await pipeline.finished;
  assert.deepEqual(seen, ["left"]);
});
