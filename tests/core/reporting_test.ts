import assert from "node:assert/strict";
import type { Context, Reporter } from "sluice/plugin";
import { Reporting } from "../../core/reporting.ts";
import type { PlanPart } from "../../core/plan.ts";
import { type LogLine, testContext } from "../support/context.ts";
import { until } from "../support/until.ts";

type Create = (context: Context) => Reporter | Promise<Reporter>;

function part(name: string, create: Create, config: Record<string, unknown> = {}): PlanPart {
  const plugin = {
    kind: "reporter",
    name,
    summary: "",
    config: {},
    examples: [],
    create: (_: unknown, context: Context) => create(context),
  } as const;
  return { name, type: name, plugin, config, settings: {} };
}

/** Reporters whose waits take no time, with what they log. */
function reporting(): { reporting: Reporting; lines: LogLine[]; waits: number[] } {
  const { log, lines } = testContext();
  const waits: number[] = [];
  const clock = {
    now: () => 0,
    sleep: (ms: number) => new Promise<void>((resolve) => (waits.push(ms), setTimeout(resolve, 1))),
  };
  const look = () => ({ "SINK.out": { Type: "SINK", EventDrainSuccessCount: 5 } });
  return { reporting: new Reporting({ logger: () => log, look, stateDir: "", clock }), lines, waits };
}

Deno.test("reporter gets the counters again and again; a report that fails is told once, and the next one tried", async () => {
  const { reporting: own, lines, waits } = reporting();
  let reports = 0;
  const create = () => ({
    intervalMs: 5000,
    report(snapshot: Parameters<NonNullable<Reporter["report"]>>[0]) {
      assert.equal(snapshot["SINK.out"]!.EventDrainSuccessCount, 5);
      return ++reports < 4 ? Promise.reject(new Error("No route to host")) : Promise.resolve();
    },
  });
  await own.use([part("mine", create)]);
  await until("reports", () => reports >= 5);
  await own.use([]);
  assert.ok(waits.every((ms) => ms === 5000), `${waits}`);
  assert.deepEqual(lines.map(({ text }) => text), ["A report failed: No route to host", "Recovered"]);
});

Deno.test("reporter that cannot be made is made again after a wait, and does not keep others from their work", async () => {
  const { reporting: own, lines } = reporting();
  const looks: string[] = [];
  let tries = 0;
  const broken: Create = () => {
    if (++tries < 3) throw new Error("The port is taken");
    return { report: () => Promise.resolve(void looks.push("broken")) };
  };
  await own.use([
    part("broken", broken),
    part("good", () => ({ report: () => Promise.resolve(void looks.push("good")) })),
  ]);
  await until("both", () => looks.includes("broken") && looks.includes("good"));
  await own.use([]);
  assert.match(lines[0]!.text, /^Failed, starting again in \d+ ms: The port is taken$/);
});

Deno.test("reporter that did not change goes on, another ends before its successor begins", async () => {
  const { reporting: own } = reporting();
  const steps: string[] = [];
  const serving = (name: string): Create => ({ signal }) => ({
    serve: () => {
      steps.push(`${name} begins`);
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
    },
    close: () => Promise.resolve(void steps.push(`${name} ends`)),
  });
  const [kept, first] = [part("kept", serving("kept")), part("first", serving("first"))];
  await own.use([kept, first]);
  await until("both", () => steps.length === 2);
  await own.use([kept, part("second", serving("second"))]);
  await until("the second", () => steps.length === 4);
  await own.use([]);
  assert.deepEqual(steps.slice(0, 4), ["kept begins", "first begins", "first ends", "second begins"]);
  assert.deepEqual(steps.slice(4).sort(), ["kept ends", "second ends"]);
});
