import assert from "node:assert/strict";
import { type Clock, EventBatch, type Position, systemClock } from "sluice/plugin";
import { DyingDisk } from "../dying_disk.ts";
import { seededRandom } from "../rolling.ts";
import { Unsynced } from "../unsynced.ts";
import { filesBelow, makeHdfs, withFolders } from "./making.ts";

const SEED = Deno.env.get("CRASH_SEED");
const ROUNDS = Number(Deno.env.get("CRASH_ROUNDS") ?? 8);
const SEEDS = SEED === undefined ? Array.from({ length: ROUNDS }, (_, seed) => seed) : [Number(SEED)];
const LINES = 80;
const BUCKETS = 4;
/** Ten uploads at once need many calls before the first one is through. */
const LONGEST_LIFE_CALLS = [120, 1200];
const LIVES = 300;
const signal = new AbortController().signal;
/** What is under way at the end must have ended before the next life: so long the sink waits for it. */
const GIVE_UP_MS = 5000;
/** Nobody waits long for what is dead. */
const HASTY_CLOCK: Clock = {
  now: () => Date.now(),
  sleep: (ms, stop) => systemClock.sleep(ms === GIVE_UP_MS ? ms : Math.min(ms, 1), stop),
};

interface Trial {
  readonly out: string;
  readonly state: string;
  readonly settings: Record<string, unknown>;
  readonly random: () => number;
  /** Whether what was not synced may be gone after a death. */
  readonly losesPower: boolean;
}

function settingsOf(out: string, durable: string, random: () => number): Record<string, unknown> {
  const one = <T>(...choices: T[]) => choices[Math.floor(random() * choices.length)]!;
  return {
    path: `file://${out}${one("", "/%{bucket}", "/a/%{bucket}")}`,
    maxOpenFiles: one(1, 2, 5000),
    rollCount: one(0, 1, 10),
    rollSize: one(0, 0, 100),
    threadsPoolSize: one(1, 3, 10),
    inUsePrefix: one("", "_"),
    emptyInUseSuffix: one(false, true),
    durable,
    appendInterval: 1,
  };
}

/** Lines with their numbers; the position says which one comes next. */
function batchOf(from: number, to: number): EventBatch {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index);
  return EventBatch.from(numbers.map((number) => ({ body: `line ${number} ${"x".repeat(number % 50)}` })))
    .withHeader("bucket", numbers.map((number) => `b${number % BUCKETS}`))
    .with({ position: { in: to } });
}

const lineOf = (position: Position | undefined) => Number(position?.in ?? 0);

/** One life of the sink: from what it says it has until all is written and sent, or until it dies. */
async function live(
  { state, settings, random }: Trial,
  onDelivered: (end: number) => void,
  atLeast: number,
): Promise<void> {
  const sink = await makeHdfs(settings, { stateDir: state, clock: HASTY_CLOCK });
  const owed: Promise<void>[] = [];
  try {
    let next = lineOf(await sink.resume!());
    assert.ok(next >= atLeast, `the sink was at ${next}, and had delivered ${atLeast}`);
    while (next < LINES) {
      const end = Math.min(LINES, next + 1 + Math.floor(random() * 12));
      const answer = await sink.write(batchOf(next, end), signal);
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
async function run(trial: Trial): Promise<number> {
  const { random, losesPower } = trial;
  let delivered = 0;
  let unsynced = new Unsynced();
  for (let deaths = 0; deaths < LIVES; deaths++) {
    {
      const calls = 1 + random() * LONGEST_LIFE_CALLS[deaths % 2]!;
      using disk = new DyingDisk(Math.floor(calls), random, unsynced);
      try {
        await live(trial, (position) => delivered = Math.max(delivered, position), delivered);
        if (!disk.isDead) return deaths;
      } catch (cause) {
        const isExpected = disk.isDead || disk.hasRefused;
        if (!isExpected || cause instanceof assert.AssertionError) throw cause;
      }
    }
    if (!isBare(trial.settings)) checkFinished(trial.out);
    if (losesPower && random() < 0.6) {
      unsynced.cut(random);
      unsynced = new Unsynced();
    }
  }
  throw new Error(`No sink of ${LIVES} came to the end`);
}

/** Files that grow have their final names, as emptyInUseSuffix asks for. */
function isBare({ durable, inUsePrefix, emptyInUseSuffix }: Trial["settings"]): boolean {
  return durable === "append" && inUsePrefix === "" && emptyInUseSuffix === true;
}

/** Under a final name there is never a part of a file. */
function checkFinished(out: string): string[] {
  const files = Object.entries(filesBelow(out)).filter(([path]) => /(^|\/)FlumeData\.\d+(-\d+)?$/.test(path));
  for (const [path, text] of files) assert.ok(text.endsWith("\n"), `"${path}" ends with a torn line`);
  const lines = files.flatMap(([, text]) => text.split("\n").slice(0, -1));
  assert.equal(new Set(lines).size, lines.length, "a line is there twice");
  return lines;
}

async function runAll({ durable, losesPower }: { durable: string; losesPower: boolean }): Promise<void> {
  let deaths = 0;
  for (const seed of SEEDS) {
    await withFolders(async ({ out, state }) => {
      const random = seededRandom(seed);
      try {
        const trial = { out, state, settings: settingsOf(out, durable, random), random, losesPower };
        deaths += await run(trial);
        // A sync that was refused at the end leaves a file for the next start.
        await live(trial, () => {}, LINES);
        const expected = Array.from(batchOf(0, LINES), ({ body }) => new TextDecoder().decode(body));
        assert.deepEqual(checkFinished(out).sort(), expected.sort());
        assert.deepEqual(
          Object.keys(filesBelow(out)).filter((path) => !/FlumeData\.\d+(-\d+)?$/.test(path)),
          [],
        );
        assert.deepEqual(Object.keys(filesBelow(`${state}/hdfs/test/stage`)), []);
        assert.deepEqual(Object.keys(filesBelow(`${state}/hdfs/test/sent`)), []);
      } catch (cause) {
        throw new Error(`Again with CRASH_SEED=${seed}`, { cause });
      }
    });
  }
  assert.ok(deaths > SEEDS.length, `only ${deaths} deaths`);
  if (Deno.env.has("CRASH_ROUNDS")) console.log({ durable, losesPower, deaths });
}

for (const durable of ["stage", "append"]) {
  Deno.test(`hdfs (${durable}) has every event once in finished files, however often it is killed between two changes of the disk`, () =>
    runAll({ durable, losesPower: false }));

  Deno.test(`hdfs (${durable}) has every event once in finished files, however often power fails and takes away what was not synced`, () =>
    runAll({ durable, losesPower: true }));
}
