import assert from "node:assert/strict";
import fc from "fast-check";
import {
  countFiles,
  describeFiles,
  type RollSettings,
  smallFilesFault,
} from "../../../../plugins/sinks/_hdfs/files_per_day.ts";

const NEVER = { rollIntervalMs: 0, rollBytes: 0, rollEvents: 0, idleMs: 0 };
const HOURLY: RollSettings = { ...NEVER, path: "/flume/%Y%m%d/%H" };

function counts(settings: Partial<RollSettings>, rate: number): readonly [number, number, number] {
  const { least, even, most } = countFiles({ ...HOURLY, ...settings }, rate);
  return [least, even, most];
}

Deno.test("files a day: a path by the hour makes one for each when nothing else closes them", () => {
  assert.deepEqual(counts({}, 100), [24, 24, 24]);
});

Deno.test("files a day: the finest time in the path decides, or the rounding where that is coarser", () => {
  const paths = {
    "/a": 1,
    "/a/%Y": 1,
    "/%D": 1,
    "/%p": 2,
    "/%d/%I": 24,
    "/%H%M": 1_440,
    "/%H/%S": 86_400,
    "/%c": 86_400,
    "/%{app}": 1,
  };
  for (const [path, files] of Object.entries(paths)) {
    assert.deepEqual(counts({ path }, 100), [files, files, files], path);
  }
  const round = { value: 10, unit: "minute" } as const;
  assert.equal(counts({ path: "/%H%M/%S", round }, 1)[1], 144);
  assert.equal(counts({ path: "/%H", round }, 1)[1], 24);
  assert.equal(counts({ path: "/%H", round: { value: 6, unit: "hour" } }, 1)[1], 4);
});

Deno.test("files a day: a path with %t makes one for each event", () => {
  assert.deepEqual(counts({ path: "/%t" }, 1), [86_400, 86_400, 86_400]);
});

Deno.test("files a day: counts and sizes divide the events, whatever their order", () => {
  assert.deepEqual(counts({ rollEvents: 1_000 }, 1), [96, 96, 96]);
  // 134217700 bytes are 671089 events of 200 bytes: 3.6 million of an hour make six files.
  assert.deepEqual(counts({ rollBytes: 134_217_700 }, 1_000), [144, 144, 144]);
});

Deno.test("files a day: an interval counts only while events come", () => {
  assert.deepEqual(counts({ rollIntervalMs: 600_000 }, 1), [24, 144, 168]);
  assert.deepEqual(counts({ rollIntervalMs: 600_000, rollEvents: 10 }, 100), [
    864_000,
    864_000,
    864_144 + 24,
  ]);
});

Deno.test("files a day: pauses close files that may be idle for a time only", () => {
  assert.deepEqual(counts({ idleMs: 60_000 }, 1), [24, 24, 24 * 61]);
  assert.deepEqual(counts({ idleMs: 500 }, 1), [24, 86_400, 86_400]);
});

Deno.test("files a day: there are never more than events, nor does even arrival leave the bounds", () => {
  const settings = fc.record({
    path: fc.constantFrom("/a", "/%d", "/%H", "/%H%M", "/%S", "/%t"),
    rollIntervalMs: fc.constantFrom(0, 1, 999, 30_000, 7_000_001),
    rollBytes: fc.constantFrom(0, 1, 1_024, 134_217_700),
    rollEvents: fc.constantFrom(0, 1, 7, 1_000_000),
    idleMs: fc.constantFrom(0, 10, 1_000, 100_000_000),
  });
  fc.assert(fc.property(settings, fc.constantFrom(1, 3, 100, 10_000), (settings, rate) => {
    const { least, even, most, evenBytes } = countFiles(settings, rate);
    assert.ok(
      1 <= least && least <= even && even <= most && most <= rate * 86_400,
      `${least} ${even} ${most}`,
    );
    assert.ok(evenBytes >= 200);
  }));
});

Deno.test("files a day: what the plan says of a usual configuration", () => {
  const settings = { ...HOURLY, rollIntervalMs: 600_000, rollBytes: 134_217_700 };
  assert.deepEqual(describeFiles(settings), [
    "files a day and partition, for events of 200 bytes before compression:",
    "  at 1 event/s: 24 to 168; evenly 144 of 120 kB",
    "  at 100 events/s: 24 to 168; evenly 144 of 12 MB",
    "  at 10,000 events/s: 1,296 to 1,440; evenly 1,296 of 134 MB",
  ]);
});

Deno.test("files a day: what the plan says of Flume's defaults", () => {
  const settings = { ...HOURLY, rollIntervalMs: 30_000, rollBytes: 1_024, rollEvents: 10 };
  assert.deepEqual(describeFiles(settings).slice(1), [
    "  at 1 event/s: 14,400 to 17,304; evenly 14,400 of 1.2 kB",
    "  at 100 events/s: 1,440,000 to 1,442,904; evenly 1,440,000 of 1.2 kB",
    "  at 10,000 events/s: 144,000,000 to 144,002,904; evenly 144,000,000 of 1.2 kB",
    "even at 10,000 events/s files have 1.2 kB, under a tenth of a block of 134 MB: set rollCount to 0, or higher",
  ]);
});

Deno.test("files a day: the plan tells of files that nothing finishes", () => {
  assert.match(
    describeFiles(HOURLY).at(-1)!,
    /unfinished until the agent stops: set idleTimeout or rollInterval/,
  );
  assert.equal(describeFiles({ ...HOURLY, idleMs: 60_000 }).length, 4);
});

Deno.test("files a day: small files are blamed on the setting that makes them", () => {
  assert.match(smallFilesFault({ ...HOURLY, rollBytes: 1_024 })!, /set rollSize to a block, 134217728/);
  assert.match(
    smallFilesFault({ ...HOURLY, rollIntervalMs: 1_000 })!,
    /files have 2 MB.*set rollInterval higher/,
  );
  assert.equal(smallFilesFault({ ...HOURLY, rollIntervalMs: 1_000, blockBytes: 1_048_576 }), undefined);
  assert.equal(smallFilesFault(HOURLY), undefined);
});
