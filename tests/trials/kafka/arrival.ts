import assert from "node:assert/strict";
import { until } from "../../support/until.ts";
import { Bodies } from "../bodies.ts";
import { judge, type Verdict, type Written } from "../verdict.ts";

const LOOK_MS = 250;
const ARRIVAL_LIMIT_MS = 60_000;
const QUIET_MS = 500;

/** What is compared: folders that share what was written, and what the agents say when something is missing. */
export interface Arrival {
  readonly outputs: readonly string[];
  readonly written: Written;
  readonly says: () => string;
  readonly limitMs?: number;
}

/** Waits until nothing that was written is missing, and a moment longer for repeats. */
export async function untilArrived(
  { outputs, written, says, limitMs = ARRIVAL_LIMIT_MS }: Arrival,
): Promise<Verdict> {
  const bodies = new Bodies();
  await until("all to arrive", async () => {
    if (judged({ outputs, written, says }, bodies)?.lost === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    return false;
  }, limitMs).catch((cause) => {
    const { faults, ...verdict } = judge(outputs, written, bodies);
    throw new Error([cause.message, JSON.stringify(verdict), ...faults, says()].join("\n"));
  });
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  let verdict: Verdict | undefined;
  await until("quiet", () => (verdict = judged({ outputs, written, says }, bodies)) !== undefined);
  return verdict!;
}

/** Undefined when a file got its final name in the middle of the look. */
function judged({ outputs, written }: Arrival, bodies: Bodies): Verdict | undefined {
  try {
    return judge(outputs, written, bodies);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  }
}

/** Fails when something was lost, came twice, or not as it was; where one agent writes all, also when it came late. */
export function assertExact({ faults, ...verdict }: Verdict, isOrdered: boolean): void {
  const clean = {
    events: verdict.events,
    lost: 0,
    repeated: 0,
    late: isOrdered ? 0 : verdict.late,
    wrong: 0,
  };
  assert.deepEqual(verdict, clean, faults.join("\n"));
  assert.ok(verdict.events > 0, "nothing was written");
}
