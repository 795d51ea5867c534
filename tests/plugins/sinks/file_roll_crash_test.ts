import assert from "node:assert/strict";
import { makeFileRoll, seededRandom, withFolder } from "./rolling.ts";
import { allLines, crashSeeds, dieUntilWhole, type SinkLives } from "./sink_lives.ts";

const SEEDS = crashSeeds(10);
const LINES = 120;
const LONGEST_LIFE_CALLS = [120];

interface Trial extends Pick<SinkLives, "random" | "losesPower"> {
  readonly directory: string;
}

function settingsOf({ directory, random, losesPower }: Trial): Record<string, unknown> {
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

async function runAll(losesPower: boolean): Promise<void> {
  let deaths = 0;
  for (const seed of SEEDS) {
    await withFolder(async (directory) => {
      const random = seededRandom(seed);
      try {
        const settings = settingsOf({ directory, random, losesPower });
        const lives = {
          make: () => makeFileRoll(settings),
          lines: LINES,
          longestLifeCalls: LONGEST_LIFE_CALLS,
          random,
          losesPower,
        };
        deaths += await dieUntilWhole(lives);
        assert.deepEqual(linesBelow(directory, losesPower).sort(), allLines(lives).sort());
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
