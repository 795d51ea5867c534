import assert from "node:assert/strict";
import { type Clock, systemClock } from "sluice/plugin";
import { seededRandom } from "../rolling.ts";
import { allLines, crashSeeds, dieUntilWhole, type SinkLives } from "../sink_lives.ts";
import { filesBelow, makeHdfs, withFolders } from "./making.ts";

const SEEDS = crashSeeds(8);
const LINES = 80;
/** Such lines are written by another thread. */
const LONG_LINE_BYTES = 150_000;
/** Ten uploads at once need many calls before the first one is through. */
const LONGEST_LIFE_CALLS = [120, 1200];
/** What is under way at the end must have ended before the next life: so long the sink waits for it. */
const GIVE_UP_MS = 5000;
/** Nobody waits long for what is dead. */
const HASTY_CLOCK: Clock = {
  now: () => Date.now(),
  sleep: (ms, stop) => systemClock.sleep(ms === GIVE_UP_MS ? ms : Math.min(ms, 1), stop),
};

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

/** Files that grow have their final names, as emptyInUseSuffix asks for. */
function isBare({ durable, inUsePrefix, emptyInUseSuffix }: Record<string, unknown>): boolean {
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

async function runAll(
  { durable, losesPower, padding }: { durable: string; losesPower: boolean; padding?: number },
): Promise<void> {
  let deaths = 0;
  for (const seed of SEEDS) {
    await withFolders(async ({ out, state }) => {
      const random = seededRandom(seed);
      try {
        const settings = settingsOf(out, durable, random);
        const lives: SinkLives = {
          make: () => makeHdfs(settings, { stateDir: state, clock: HASTY_CLOCK }),
          lines: LINES,
          padding,
          longestLifeCalls: LONGEST_LIFE_CALLS,
          random,
          losesPower,
          ...!isBare(settings) && { check: () => checkFinished(out) },
        };
        deaths += await dieUntilWhole(lives);
        assert.deepEqual(checkFinished(out).sort(), allLines(lives).sort());
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
  if (Deno.env.has("CRASH_ROUNDS")) console.log({ durable, losesPower, padding, deaths });
}

for (const durable of ["stage", "append"]) {
  Deno.test(`hdfs (${durable}) has every event once in finished files, however often it is killed between two changes of the disk`, () =>
    runAll({ durable, losesPower: false }));

  Deno.test(`hdfs (${durable}) has every event once in finished files, however often power fails and takes away what was not synced`, () =>
    runAll({ durable, losesPower: true }));
}

Deno.test("hdfs (stage) has every event once in finished files, also of batches that another thread writes, however often power fails", () =>
  runAll({ durable: "stage", losesPower: true, padding: LONG_LINE_BYTES }));
