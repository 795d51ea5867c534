import { until } from "../support/until.ts";
import { Agent } from "./agent.ts";
import { Bodies } from "./bodies.ts";
import { type Feed, Feeding } from "./feed.ts";
import { LogFeed } from "./log_feed.ts";
import { lastOutput, outputBytes } from "./output.ts";
import { randomFor, ROUNDS, SEED } from "./settings.ts";
import { besiege, type SiegeReport } from "./siege.ts";
import { SpoolFeed } from "./spool_feed.ts";
import { judge, type Verdict } from "./verdict.ts";

/** More than this is never under way, so that the end comes soon after the last fault. */
const UNDER_WAY_BYTES = 48 * 1024 * 1024;
const FRESH_LIMIT_MS = 20_000;
const QUIET_MS = 150;

/** A feed, and what writes one fresh event to it. */
export interface TrialFeed {
  readonly feed: Feed;
  readonly writeFresh: () => void;
}

/** A pipeline, where it writes, and what feeds it. */
export interface Trial {
  readonly name: string;
  readonly options: { readonly pipeline: string; readonly stateDir: string };
  /** Folders that each get all events. */
  readonly outputs: readonly string[];
  readonly feed: TrialFeed;
  /** How long all may take to arrive in the end; some seconds unless said. */
  readonly freshLimitMs?: number;
  /** Told of each agent but the last. */
  readonly onStart?: (agent: Agent) => void;
  /** Called after the last fault. */
  readonly onPeace?: () => Promise<void> | void;
  /** Called when the last agent has ended, before the outputs are judged. */
  readonly onStopped?: () => Promise<void>;
}

/** What came of a trial. */
export interface TrialReport {
  readonly siege: SiegeReport;
  /** For each output. */
  readonly verdicts: readonly Verdict[];
  /** From the last fault until everything had arrived. */
  readonly freshMs: number;
  /** The exit code of the last agent, which was stopped in order, and the last it said. */
  readonly code: number;
  readonly lines: readonly string[];
}

/** A spooling folder that files are dropped into. */
export function spoolFeed(folder: string): TrialFeed {
  const feed = new SpoolFeed(folder, { bodies: new Bodies(), random: randomFor("spool") });
  return { feed, writeFresh: () => feed.drop(1) };
}

/** Log files that grow and rotate. */
export function logFeed(folder: string): TrialFeed {
  const feed = new LogFeed(folder, { bodies: new Bodies(), random: randomFor("logs") });
  const writeFresh = () => {
    feed.append();
    feed.finish();
  };
  return { feed, writeFresh };
}

/** Kills agents under load, then lets one deliver the rest, and judges what has come. */
export async function runTrial(trial: Trial): Promise<TrialReport> {
  const { name, options, outputs, feed: { feed } } = trial;
  const arrivedBytes = () => Math.min(...outputs.map(outputBytes));
  const feeding = new Feeding(feed, { maxUnderWayBytes: UNDER_WAY_BYTES, arrivedBytes });
  const random = randomFor(name);
  const onStart = trial.onStart ?? (() => {});
  const progress = () => lastOutput(outputs[0]!);
  const siege = await besiege(options, { random, rounds: ROUNDS, progress, onStart });
  await trial.onPeace?.();
  await feeding.stop();
  const agent = new Agent(options);
  const freshMs = await passFresh(agent, trial, arrivedBytes);
  const code = await agent.stop();
  await trial.onStopped?.();
  const verdicts = outputs.map((output) => judge(output, feed.written, new Bodies()));
  for (const { faults: _, ...verdict } of verdicts) {
    console.log(JSON.stringify({ trial: name, seed: SEED, ...siege, ...verdict, freshMs }));
  }
  return { siege, verdicts, freshMs, code, lines: agent.lines };
}

/** Writes one more event and waits until all has arrived; gives the time that took. */
async function passFresh(
  agent: Agent,
  { feed: { feed, writeFresh }, freshLimitMs = FRESH_LIMIT_MS }: Pick<Trial, "feed" | "freshLimitMs">,
  arrivedBytes: () => number,
): Promise<number> {
  const startMs = performance.now();
  writeFresh();
  // What does not arrive is found missing.
  await until("all to arrive", () => arrivedBytes() >= feed.outputBytes || agent.hasEnded, freshLimitMs)
    .catch(() => {});
  const freshMs = Math.round(performance.now() - startMs);
  // Repeats can bring as many bytes while the last events are still under way.
  for (let last = -1; last !== arrivedBytes() && !agent.hasEnded;) {
    last = arrivedBytes();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
  return freshMs;
}
