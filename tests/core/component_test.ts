import assert from "node:assert/strict";
import { Backoff, errorText } from "sluice/plugin";
import { Component } from "../../core/component.ts";
import { testContext } from "../support/context.ts";
import { until } from "../support/until.ts";

function component(waits: number[] = [], kind: "sink" | "source" = "sink") {
  const clock = { now: () => 0, sleep: (ms: number) => (waits.push(ms), Promise.resolve()) };
  const { log, lines } = testContext();
  return { part: new Component({ kind, name: "out", type: "hdfs" }, log, clock), lines };
}

Deno.test("backoff doubles up to its cap, never waits less than half, and starts over after a success", () => {
  const backoff = new Backoff({ firstMs: 100, maxMs: 1000 });
  for (const fullMs of [100, 200, 400, 800, 1000, 1000]) {
    const waitMs = backoff.next();
    assert.ok(waitMs >= fullMs / 2 && waitMs <= fullMs, `${waitMs} of ${fullMs}`);
  }
  backoff.reset();
  assert.ok(backoff.next() <= 100);
});

Deno.test("component that fails is started again with growing waits, and says why", async () => {
  const waits: number[] = [];
  const { part, lines } = component(waits);
  let runs = 0;
  await part.supervise(
    () => ++runs < 4 ? Promise.reject(new Error("Broker refused")) : Promise.resolve(),
    AbortSignal.any([]),
  );
  assert.equal(waits.length, 3);
  assert.equal(part.status().restarts, 3);
  assert.equal(part.status().state, "finished");
  assert.match(lines[0]!.text, /starting again in \d+ ms: Broker refused/);
});

Deno.test("component that got work done before it failed is started again after the shortest wait", async () => {
  const waits: number[] = [];
  const { part } = component(waits);
  let runs = 0;
  await part.supervise(() => {
    part.progress();
    return ++runs < 9 ? Promise.reject(new Error("Target answered 503")) : Promise.resolve();
  }, AbortSignal.any([]));
  assert.equal(waits.length, 8);
  assert.ok(Math.max(...waits) <= 200, `waits ${waits}`);
});

for (
  const [kind, comesUp, maxMs] of [["source", false, 5000], ["source", true, 30_000], [
    "sink",
    false,
    30_000,
  ]] as const
) {
  Deno.test(`${kind} that ${comesUp ? "runs and fails" : "cannot begin"} waits ${maxMs} ms at most`, async () => {
    const waits: number[] = [];
    const { part } = component(waits, kind);
    let runs = 0;
    await part.supervise(() => {
      if (comesUp) part.recover();
      return ++runs < 12 ? Promise.reject(new Error("Address in use")) : Promise.resolve();
    }, AbortSignal.any([]));
    const longestMs = Math.max(...waits);
    assert.ok(longestMs <= maxMs && longestMs >= maxMs / 2, `waits ${waits}`);
  });
}

Deno.test("component that tries again keeps showing what went wrong until it recovers", async () => {
  const { part } = component();
  const seen: unknown[] = [];
  let runs = 0;
  await part.supervise(() => {
    seen.push([part.status().state, part.status().error]);
    return ++runs < 3 ? Promise.reject(new Error("Address in use")) : Promise.resolve(part.recover());
  }, AbortSignal.any([]));
  const held = ["backing-off", "Address in use"];
  assert.deepEqual(seen, [["starting", undefined], held, held]);
  assert.equal(part.status().error, undefined);
});

Deno.test("component stops without another start when the signal aborts during its run", async () => {
  const { part } = component();
  const stop = new AbortController();
  let runs = 0;
  const supervised = part.supervise(() => {
    runs++;
    return new Promise((_, reject) =>
      stop.signal.addEventListener("abort", () => reject(stop.signal.reason))
    );
  }, stop.signal);
  await until("the run", () => runs === 1);
  stop.abort();
  await supervised;
  assert.deepEqual([runs, part.status().state], [1, "stopped"]);
});

Deno.test("component logs a repeated failure once, and the recovery with what it recovered from", () => {
  const { part, lines } = component();
  part.note(new Error("Target is down"));
  part.note(new Error("Target is down"));
  part.recover();
  part.recover();
  assert.deepEqual(lines.map(({ level, text }) => [level, text]), [
    ["warn", "Trying again: Target is down"],
    ["info", "Recovered"],
  ]);
});

Deno.test("error texts show neither users nor passwords of addresses", () => {
  const cause = new Error("kafka://:s3cret@broker:9092 refused");
  const text = errorText(new Error('Cannot post to "https://ada:s3cret@example.org/a@b?c=d@e"', { cause }));
  assert.equal(
    text,
    'Cannot post to "https://***@example.org/a@b?c=d@e": kafka://***@broker:9092 refused',
  );
});

Deno.test("component shows trouble that it deals with itself until it says that this is over", () => {
  const { part, lines } = component();
  part.recover();
  for (let told = 0; told < 2; told++) part.trouble(new Error("No broker can be reached"));
  // What core sees go well meanwhile proves nothing.
  part.recover();
  assert.equal(part.status().state, "backing-off");
  assert.equal(part.status().error, "No broker can be reached");
  part.trouble(undefined);
  part.trouble(undefined);
  assert.equal(part.status().state, "running");
  assert.deepEqual(lines.map(({ text }) => text), ["Trying again: No broker can be reached", "Recovered"]);
});

Deno.test("component that starts anew has no trouble of its own", async () => {
  const { part } = component();
  part.trouble(new Error("No broker can be reached"));
  await part.supervise(() => Promise.resolve(part.recover()), AbortSignal.any([]));
  assert.equal(part.status().error, undefined);
});
