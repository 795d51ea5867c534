import assert from "node:assert/strict";
import { EventBatch, type Position, type Sink } from "sluice/plugin";
import { DyingDisk } from "./dying_disk.ts";
import { Unsynced } from "./unsynced.ts";

const BUCKETS = 4;
const LIVES = 300;
const signal = new AbortController().signal;

/** A sink that writes numbered lines in one life after another. */
export interface SinkLives {
  make(): Promise<Sink>;
  readonly lines: number;
  /** Bytes that make each line longer. */
  readonly padding?: number | undefined;
  /** Calls that change the disk in the longest life, for each life in turn. */
  readonly longestLifeCalls: readonly number[];
  readonly random: () => number;
  /** Whether what was not synced may be gone after a death. */
  readonly losesPower: boolean;
  /** Looks at what a death left. */
  check?(): void;
}

/** Which random courses a trial takes: that of CRASH_SEED, or as many as CRASH_ROUNDS or a trial says. */
export function crashSeeds(rounds: number): number[] {
  const seed = Deno.env.get("CRASH_SEED");
  if (seed !== undefined) return [Number(seed)];
  return Array.from({ length: Number(Deno.env.get("CRASH_ROUNDS") ?? rounds) }, (_, index) => index);
}

/** Lines with their numbers; the position says which one comes next. */
function batchOf(from: number, to: number, padding = 0): EventBatch {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index);
  const bodies = numbers.map((number) => `line ${number} ${"x".repeat(number % 50 + padding)}`);
  return EventBatch.from(bodies.map((body) => ({ body })))
    .withHeader("bucket", numbers.map((number) => `b${number % BUCKETS}`))
    .with({ position: { in: to } });
}

/** The bodies of all lines. */
export function allLines({ lines, padding }: Pick<SinkLives, "lines" | "padding">): string[] {
  return Array.from(batchOf(0, lines, padding), ({ body }) => new TextDecoder().decode(body));
}

const lineOf = (position: Position | undefined) => Number(position?.in ?? 0);

/** One life of the sink: from what it says it has until all is written and delivered, or until it dies. */
async function live(
  { make, lines, padding, random }: SinkLives,
  onDelivered: (end: number) => void,
  atLeast: number,
): Promise<void> {
  const sink = await make();
  const owed: Promise<void>[] = [];
  try {
    let next = lineOf(await sink.resume!());
    assert.ok(next >= atLeast, `the sink was at ${next}, and had delivered ${atLeast}`);
    while (next < lines) {
      const end = Math.min(lines, next + 1 + Math.floor(random() * 12));
      const answer = await sink.write(batchOf(next, end, padding), signal);
      const settled = answer!.delivered.then(() => onDelivered(end));
      settled.catch(() => {});
      owed.push(settled);
      if (random() < 0.6) await settled;
      next = end;
    }
  } finally {
    await sink.close!();
  }
  await Promise.all(owed);
}

/** Lets sinks die one after another until one comes to the end. Answers how many died. */
export async function dieUntilWhole(lives: SinkLives): Promise<number> {
  const { random, losesPower } = lives;
  const progress = { delivered: 0 };
  let unsynced = new Unsynced();
  for (let deaths = 0; deaths < LIVES; deaths++) {
    if (await isLastLife(lives, { deaths, unsynced, progress })) {
      // A sync that was refused at the end leaves a file for the next start.
      await live(lives, () => {}, lives.lines);
      return deaths;
    }
    lives.check?.();
    if (losesPower && random() < 0.6) {
      unsynced.cut(random);
      unsynced = new Unsynced();
    }
  }
  throw new Error(`No sink of ${LIVES} came to the end`);
}

async function isLastLife(
  lives: SinkLives,
  { deaths, unsynced, progress }: { deaths: number; unsynced: Unsynced; progress: { delivered: number } },
): Promise<boolean> {
  const { random, longestLifeCalls } = lives;
  const calls = 1 + random() * longestLifeCalls[deaths % longestLifeCalls.length]!;
  using disk = new DyingDisk(Math.floor(calls), random, unsynced);
  try {
    await live(lives, (end) => progress.delivered = Math.max(progress.delivered, end), progress.delivered);
    return !disk.isDead;
  } catch (cause) {
    const isExpected = disk.isDead || disk.hasRefused;
    if (!isExpected || cause instanceof assert.AssertionError) throw cause;
    return false;
  }
}
