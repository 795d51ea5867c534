import assert from "node:assert/strict";
import type { TrialReport } from "./trial.ts";

/** Fails when an event was lost, came twice, too late or not as it was, or when an agent did not behave. */
export function assertExactlyOnce({ verdicts, siege, code, lines }: TrialReport): void {
  for (const { faults, ...verdict } of verdicts) {
    const clean = { events: verdict.events, lost: 0, repeated: 0, late: 0, wrong: 0 };
    assert.deepEqual(verdict, clean, [...faults, ...lines.slice(-5)].join("\n"));
  }
  assert.deepEqual(siege.faults, []);
  assert.equal(code, 0, lines.join("\n"));
}
