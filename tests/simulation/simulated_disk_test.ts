import assert from "node:assert/strict";
import type { Disk, DiskFile } from "../../journal/mod.ts";
import { PowerCutError } from "./booted_disk.ts";
import { PAGE_BYTES } from "./page_cache.ts";
import { Random } from "./random.ts";
import { SimulatedDisk } from "./simulated_disk.ts";
import { SimulatedTime } from "./simulated_time.ts";

const SEEDS = Array.from({ length: 200 }, (_, index) => index + 1);

interface Machine {
  readonly time: SimulatedTime;
  readonly simulated: SimulatedDisk;
  readonly disk: Disk;
}

function machine(seed: number): Machine {
  const random = new Random(seed);
  const time = new SimulatedTime(random);
  const simulated = new SimulatedDisk(random, time);
  const disk = simulated.boot();
  disk.makeFolder("/d");
  return { time, simulated, disk };
}

function filled(bytes: number, value: number): Uint8Array {
  return new Uint8Array(bytes).fill(value);
}

/** What a file holds, as text of its bytes; undefined when it is not there. */
async function contentOf(disk: Disk, path: string): Promise<Uint8Array | undefined> {
  if (!disk.list("/d").includes(path.slice(3))) return undefined;
  const file = disk.open(path, "read");
  const bytes = new Uint8Array(file.size());
  // The answer may come late, but here nobody else makes it end.
  const read = file.read(bytes, 0);
  if (typeof read !== "number") return await contentOf(disk, path);
  return bytes;
}

async function done({ time }: Machine, promise: Promise<unknown>): Promise<void> {
  await time.until(promise);
  await promise;
}

/** A file of which everything is on the disk. */
async function durableFile(on: Machine, bytes: Uint8Array): Promise<DiskFile> {
  const file = on.disk.open("/d/a", "create");
  file.write(bytes, 0);
  await done(on, file.sync());
  await done(on, on.disk.syncFolder("/d"));
  return file;
}

/** What is seen after a power cut, over many seeds, each outcome once. */
async function outcomes(act: (on: Machine) => Promise<void>): Promise<Set<string>> {
  const seen = new Set<string>();
  for (const seed of SEEDS) {
    const on = machine(seed);
    await act(on);
    on.simulated.cutPower();
    const content = await contentOf(on.simulated.boot(), "/d/a");
    seen.add(content === undefined ? "gone" : summary(content));
  }
  return seen;
}

/** Runs of equal bytes, such as `1x4096 2x4096`. */
function summary(content: Uint8Array): string {
  const runs: { value: number; bytes: number }[] = [];
  for (const value of content) {
    const last = runs.at(-1);
    if (last?.value === value) last.bytes++;
    else runs.push({ value, bytes: 1 });
  }
  return runs.map(({ value, bytes }) => `${value}x${bytes}`).join(" ");
}

Deno.test("simulated disk keeps what was synced, file and folder, when power is cut", async () => {
  const seen = await outcomes(async (on) => void await durableFile(on, filled(9000, 1)));
  assert.deepEqual([...seen], ["1x9000"]);
});

Deno.test("simulated disk keeps, loses, reorders and tears unsynced pages when power is cut", async () => {
  const seen = await outcomes(async (on) => {
    const file = await durableFile(on, filled(2 * PAGE_BYTES, 1));
    file.write(filled(2 * PAGE_BYTES, 2), 0);
  });
  for (const expected of ["1x8192", "2x8192", "1x4096 2x4096", "2x4096 1x4096"]) {
    assert.ok(seen.has(expected));
  }
  assert.ok([...seen].some((outcome) => /\dx(512|1024|1536)\b/.test(outcome)), "no page was torn");
});

Deno.test("simulated disk may lose the growth of a file, or fill it with zeros, when power is cut", async () => {
  const seen = await outcomes(async (on) => {
    const file = await durableFile(on, filled(PAGE_BYTES, 1));
    file.write(filled(2 * PAGE_BYTES, 2), PAGE_BYTES);
  });
  assert.ok(seen.has("1x4096") && seen.has("1x4096 2x8192"));
  assert.ok(seen.has("1x4096 0x4096 2x4096"), "no page in the middle was lost");
  assert.ok([...seen].some((outcome) => /^1x4096 2x\d{1,3}$/.test(outcome) || /2x4[1-9]\d\d$/.test(outcome)));
});

Deno.test("simulated disk may bring back what was cut off without a sync when power is cut", async () => {
  const seen = await outcomes(async (on) => {
    const file = await durableFile(on, filled(3 * PAGE_BYTES, 1));
    file.truncate(PAGE_BYTES);
    file.write(filled(PAGE_BYTES, 2), PAGE_BYTES);
  });
  assert.ok(seen.has("1x12288") && seen.has("1x4096 2x4096") && seen.has("1x4096 2x4096 1x4096"));
});

Deno.test("simulated disk may lose the name of a synced file whose folder was not synced", async () => {
  const seen = await outcomes(async (on) => {
    const file = on.disk.open("/d/a", "create");
    file.write(filled(10, 1), 0);
    await done(on, file.sync());
  });
  assert.deepEqual([...seen].sort(), ["1x10", "gone"]);
});

Deno.test("simulated disk may forget a rename or a removal without a sync of the folder", async () => {
  const renamed = await outcomes(async (on) => {
    await durableFile(on, filled(10, 1));
    on.disk.open("/d/b", "create").write(filled(10, 2), 0);
    on.disk.rename("/d/b", "/d/a");
  });
  assert.ok(renamed.has("1x10") && renamed.has("2x10"));
  assert.ok(renamed.has(""), "no name arrived before its bytes");
  const removed = await outcomes(async (on) => {
    await durableFile(on, filled(10, 1));
    on.disk.remove("/d/a");
  });
  assert.deepEqual([...removed].sort(), ["1x10", "gone"]);
});

Deno.test("simulated disk does not count on a sync for what was written after it began", async () => {
  const seen = await outcomes(async (on) => {
    const file = await durableFile(on, filled(PAGE_BYTES, 1));
    file.write(filled(PAGE_BYTES, 2), 0);
    const synced = file.sync();
    file.write(filled(PAGE_BYTES, 3), 0);
    await done(on, synced);
  });
  assert.ok(seen.has("2x4096") && seen.has("3x4096") && !seen.has("1x4096"));
});

Deno.test("simulated disk loses what a failed sync covered, even when the next sync succeeds", async () => {
  const seen = await outcomes(async (on) => {
    const file = await durableFile(on, filled(PAGE_BYTES, 1));
    file.write(filled(PAGE_BYTES, 2), 0);
    on.simulated.faults.failAt = on.simulated.faults.count + 1;
    await assert.rejects(file.sync(), { code: "EIO" });
    await done(on, file.sync());
  });
  assert.deepEqual([...seen].sort(), ["1x4096", "2x4096"]);
});

Deno.test("simulated disk shows after a kill all that was written before", async () => {
  const on = machine(1);
  on.disk.open("/d/a", "create").write(filled(5000, 7), 0);
  on.simulated.kill();
  const next = on.simulated.boot();
  assert.equal(summary((await contentOf(next, "/d/a"))!), "7x5000");
  assert.throws(() => on.disk.list("/d"), PowerCutError);
});

Deno.test("simulated disk writes a part, and says so, when its capacity ends", () => {
  const on = machine(1);
  on.simulated.capacityBytes = 2 * PAGE_BYTES;
  const file = on.disk.open("/d/a", "create");
  assert.throws(() => file.write(filled(3 * PAGE_BYTES, 1), 0), { code: "ENOSPC" });
  assert.equal(file.size(), 2 * PAGE_BYTES);
  assert.equal(on.disk.freeBytes("/d"), 0);
});

Deno.test("simulated disk fails the operation it was told to, and cuts power in the middle of another", () => {
  const on = machine(1);
  const file = on.disk.open("/d/a", "create");
  on.simulated.faults.failAt = on.simulated.faults.count + 2;
  file.write(filled(10, 1), 0);
  assert.throws(() => file.write(filled(10, 2), 10), { code: "EIO" });
  assert.ok(file.size() < 20);
  on.simulated.faults.cutAt = on.simulated.faults.count + 1;
  assert.throws(() => file.write(filled(10, 2), 10), PowerCutError);
  assert.throws(() => file.truncate(0), PowerCutError);
});

Deno.test("simulated disk turns bits over where the disk holds them, and not where newer bytes wait", async () => {
  const on = machine(1);
  const file = await durableFile(on, filled(2 * PAGE_BYTES, 0));
  file.write(filled(PAGE_BYTES, 2), PAGE_BYTES);
  const stored = on.simulated.entries.get("/d/a")!;
  stored.flip(0, 3);
  stored.flip(PAGE_BYTES, 3);
  assert.equal(summary((await contentOf(on.disk, "/d/a"))!), "8x1 0x4095 2x4096");
});

Deno.test("simulated disk gives the same run for the same seed", async () => {
  const act = async (on: Machine) => {
    const file = await durableFile(on, filled(9 * PAGE_BYTES, 1));
    file.write(filled(20 * PAGE_BYTES, 2), PAGE_BYTES);
  };
  const run = async (seed: number) => {
    const on = machine(seed);
    await act(on);
    on.simulated.cutPower();
    return summary((await contentOf(on.simulated.boot(), "/d/a"))!);
  };
  for (const seed of SEEDS.slice(0, 20)) assert.equal(await run(seed), await run(seed));
});

Deno.test("simulated time fires timers in their order, and only when time passes", async () => {
  const time = new SimulatedTime(new Random(1));
  const restore = time.install();
  const fired: string[] = [];
  try {
    setTimeout(() => fired.push("late"), 500);
    const early = setTimeout(() => fired.push("never"), 100);
    const every = setInterval(() => fired.push("every"), 200);
    clearTimeout(early);
    await time.pass(450);
    clearInterval(every);
    await time.pass(100);
  } finally {
    restore();
  }
  assert.deepEqual(fired, ["every", "every", "late"]);
});
