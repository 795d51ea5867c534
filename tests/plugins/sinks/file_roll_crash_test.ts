import assert from "node:assert/strict";
import { EventBatch, type Position } from "sluice/plugin";
import { DyingDisk } from "./dying_disk.ts";
import { makeFileRoll, seededRandom, withFolder } from "./rolling.ts";
import { Unsynced } from "./unsynced.ts";

const SEED = Deno.env.get("CRASH_SEED");
const ROUNDS = Number(Deno.env.get("CRASH_ROUNDS") ?? 10);
const SEEDS = SEED === undefined ? Array.from({ length: ROUNDS }, (_, seed) => seed) : [Number(SEED)];
const LINES = 120;
const BUCKETS = 4;
const LONGEST_LIFE_CALLS = 120;
const LIVES = 200;
const signal = new AbortController().signal;

interface Trial {
  readonly directory: string;
  readonly settings: Record<string, unknown>;
  readonly random: () => number;
  /** Whether what was not synced may be gone after a death. */
  readonly losesPower: boolean;
}

function settingsOf({ directory, random, losesPower }: Omit<Trial, "settings">): Record<string, unknown> {
  const one = <T>(...choices: T[]) => choices[Math.floor(random() * choices.length)]!;
  return {
    directory,
    bucket: one("", "%{bucket}", "a/%{bucket}"),
    serializer: one("text", "late_text"),
    maxOpenFiles: one(1, 2, 256),
    rollCount: one(0, 1, 10),
    "sink.sync": one("always", "interval"),
    "sink.syncInterval": "1ms",
    "sink.inUseSuffix": losesPower ? ".tmp" : one(".tmp", ".tmp", ""),
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

/** One life of the sink: from what it says it has until all is written, or until it dies. */
async function live({ settings, random }: Trial, onDelivered: (end: number) => void, atLeast: number) {
  const sink = await makeFileRoll(settings);
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

function linesBelow(folder: string, losesPower: boolean): string[] {
  return Array.from(Deno.readDirSync(folder)).flatMap(({ name, isDirectory }) => {
    if (isDirectory) return linesBelow(`${folder}/${name}`, losesPower);
    const text = Deno.readTextFileSync(`${folder}/${name}`);
    // The note that there is such a file may be lost with what is in it.
    if (name.endsWith(".tmp") && (losesPower || text === "")) return [];
    assert.ok(!name.endsWith(".tmp"), `"${name}" was left behind`);
    assert.ok(text === "" || text.endsWith("\n"), `"${name}" ends with a torn line`);
    const numbers = text.split("\n").slice(0, -1).map((line) => Number(line.split(" ")[1]));
    assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b), `"${name}" is out of order`);
    return text.split("\n").slice(0, -1);
  });
}

/** Lets sinks die one after another until one comes to the end. Answers how many died. */
async function run(trial: Trial): Promise<number> {
  const { random, losesPower } = trial;
  let delivered = 0;
  let unsynced = new Unsynced();
  for (let deaths = 0; deaths < LIVES; deaths++) {
    {
      using disk = new DyingDisk(1 + Math.floor(random() * LONGEST_LIFE_CALLS), random, unsynced);
      try {
        await live(trial, (position) => delivered = Math.max(delivered, position), delivered);
        if (!disk.isDead) return deaths;
      } catch (cause) {
        const isExpected = disk.isDead || disk.hasRefused;
        if (!isExpected || cause instanceof assert.AssertionError) throw cause;
      }
    }
    if (losesPower && random() < 0.6) {
      unsynced.cut(random);
      unsynced = new Unsynced();
    }
  }
  throw new Error(`No sink of ${LIVES} came to the end`);
}

async function runAll(losesPower: boolean): Promise<void> {
  let deaths = 0;
  for (const seed of SEEDS) {
    await withFolder(async (directory) => {
      const random = seededRandom(seed);
      try {
        const settings = settingsOf({ directory, random, losesPower });
        const trial = { directory, settings, random, losesPower };
        deaths += await run(trial);
        // A sync that was refused at the end leaves a file for the next start.
        await live(trial, () => {}, LINES);
        const expected = Array.from(batchOf(0, LINES), ({ body }) => new TextDecoder().decode(body));
        assert.deepEqual(linesBelow(directory, losesPower).sort(), expected.sort());
      } catch (cause) {
        throw new Error(`Again with CRASH_SEED=${seed}`, { cause });
      }
    });
  }
  assert.ok(deaths > SEEDS.length, `only ${deaths} deaths`);
  if (Deno.env.has("CRASH_ROUNDS")) console.log({ losesPower, deaths });
}

Deno.test("file_roll has every event once, however often it is killed between two changes of the disk", () =>
  runAll(false));

Deno.test("file_roll has every event once, however often the power fails and takes away what was not synced", () =>
  runAll(true));
