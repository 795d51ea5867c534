import type { Random } from "../simulation/random.ts";
import { Agent, type AgentOptions } from "./agent.ts";

/** Ways in which an agent is ended, and how often. */
const FAULTS = { starting: 25, working: 20, writing: 35, stopping: 12, "stopped in order": 8 } as const;
/** A start takes so long: kills within it hit the opening of the journal and the recovery of files. */
const START_MS = 700;
const WORK_MS = 1500;
/**
 * Longest waits behind the first output. An agent works off what has gathered in a short time, so kills at any moment would
 * mostly meet an idle one; with the longer wait a sink has committed some of its output, and is about to commit more.
 */
const WRITE_MS = [30, 600] as const;
const STOP_MS = 250;

/** What was done to an agent. */
export interface SiegeReport {
  readonly kills: number;
  readonly stops: number;
  /** Agents that ended by themselves, with the last they said. */
  readonly faults: readonly string[];
}

/** Starts an agent again and again, and kills it at moments of chance. */
export async function besiege(
  options: AgentOptions,
  about: {
    readonly random: Random;
    readonly rounds: number;
    /** Changes whenever something is delivered. */
    readonly progress: () => string;
    /** Told of each new agent. */
    readonly onStart?: (agent: Agent) => void;
  },
): Promise<SiegeReport> {
  const faults: string[] = [];
  let [kills, stops] = [0, 0];
  for (let round = 1; round <= about.rounds; round++) {
    const agent = new Agent(options);
    about.onStart?.(agent);
    const fault = about.random.weighted(FAULTS);
    if (fault === "starting") await pause(about.random.below(START_MS));
    else if (fault === "writing") await untilItWrites(agent, about);
    else await pause(about.random.below(WORK_MS));
    if (agent.hasEnded) {
      faults.push(`round ${round}: it ended by itself\n${agent.lines.slice(-8).join("\n")}`);
    }
    if (fault === "stopping" || fault === "stopped in order") agent.signal("SIGTERM");
    if (fault === "stopping") await pause(about.random.below(STOP_MS));
    if (fault === "stopped in order") stops++;
    else {
      agent.signal("SIGKILL");
      kills++;
    }
    const { code, signal } = await agent.ended;
    if (fault === "stopped in order" && code !== 0 && signal !== "SIGTERM") {
      faults.push(`round ${round}: it ended with ${code}\n${agent.lines.slice(-8).join("\n")}`);
    }
    const escaped = agent.lines.find((line) => line.includes("let an error escape"));
    if (escaped !== undefined) faults.push(`round ${round} (${fault}): ${escaped}`);
  }
  return { kills, stops, faults };
}

/** Waits for the first output of an agent, and a moment longer. */
async function untilItWrites(
  agent: Agent,
  { random, progress }: { readonly random: Random; readonly progress: () => string },
): Promise<void> {
  const before = progress();
  const endMs = performance.now() + 2 * WORK_MS;
  while (progress() === before && performance.now() < endMs && !agent.hasEnded) await pause(1);
  await pause(random.below(random.pick(WRITE_MS)));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
