import type { Random } from "../simulation/random.ts";
import { Agent, type AgentOptions } from "./agent.ts";

/** Ways in which an agent is ended, and how often. */
const FAULTS = { starting: 35, working: 40, stopping: 15, "stopped in order": 10 } as const;
/** A start takes so long: kills within it hit the opening of the journal and the recovery of files. */
const START_MS = 700;
const WORK_MS = 1500;
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
    await pause(fault === "starting" ? about.random.below(START_MS) : about.random.below(WORK_MS));
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
