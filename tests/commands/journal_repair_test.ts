import assert from "node:assert/strict";
import { repairInPlace } from "../../commands/_journal/repair.ts";
import { planRepair } from "../../commands/_journal/repair_plan.ts";
import { denoDisk, type Disk, Journal, listSegments } from "../../journal/mod.ts";
import { contentOf, copyFolder, flipByte } from "../journal/_image.ts";
import {
  exported,
  IN_PAYLOAD,
  journal,
  journalIn,
  lines,
  look,
  putBatch,
  range,
  run,
  segmentsIn,
} from "./_journal.ts";

/** Damages a body, a head, and a whole segment; the first four events are delivered. Answers what is left of c1. */
async function damage(folder: string): Promise<number[]> {
  const segments = await segmentsIn(folder);
  const [first, second, , last] = segments;
  await flipByte(first!.path, first!.frames[2]!.offset + IN_PAYLOAD);
  await flipByte(second!.path, second!.frames[0]!.offset + 20);
  await flipByte(last!.path, last!.frames[1]!.offset + IN_PAYLOAD);
  const lost = [...range(6, 12), ...range(30, 33)];
  return range(4, 36).filter((sequence) => !lost.includes(sequence));
}

/** Opens a journal as an agent does, and delivers all that c1 has not got. */
async function drain(folder: string) {
  const opened = await Journal.open(journalIn(folder));
  try {
    const { id, cursor } = opened.state.channels.c1!;
    const reader = opened.reader(id, cursor);
    const [events, lost]: [number[], number[]] = [[], []];
    for (;;) {
      const frame = await reader.next((bytes) => new Uint8Array(bytes));
      if (frame === undefined) break;
      const from = Math.max(frame.sequence, cursor);
      const next = frame.sequence + frame.count;
      ("fault" in frame ? lost : events).push(...range(from, next));
      opened.deliver("c1", next, next - from);
    }
    reader.close();
    return { events, lost, faults: opened.faults, size: opened.state.channels.c1!.size };
  } finally {
    await opened.close();
  }
}

Deno.test("journal repair keeps every intact frame, and what it cuts out", async () => {
  await using made = await journal();
  const left = await damage(made.folder);
  const { stdout: found } = await look(1, made.folder, "verify");
  const { stdout } = await run(0, "repair", made.folder);
  assert.deepEqual(lines(stdout).slice(0, -1), lines(found).slice(0, -1), "the same places");
  assert.match(
    stdout,
    /\d+ intact frames kept, 9 events lost, [\d,]+ damaged bytes set aside in files named .damaged\n$/,
  );
  await look(0, made.folder, "verify");
  assert.deepEqual(await exported("--channel", "c1", made.folder), left);
  assert.deepEqual(await drain(made.folder), { events: left, lost: [], faults: [], size: 0 });
  const cut = await Deno.readTextFile(`${made.folder}/00000000000000000000.seg.damaged`);
  assert.ok(cut.includes("event 8"), "the damaged frame is still there for people");
  assert.match((await run(0, "repair", made.folder)).stdout, /nothing to repair/);
});

Deno.test("journal repair --dry-run tells the same and does nothing", async () => {
  await using made = await journal();
  await damage(made.folder);
  const { stdout } = await look(0, made.folder, "repair", "--dry-run");
  assert.match(
    stdout,
    /damaged-body.*\n.*damaged-head.*\n.*damaged-body.*\n.* frames kept, 9 events lost, .*\nDry run: nothing was changed\n$/,
  );
});

Deno.test("journal repair --to leaves the old journal alone and writes a whole one", async () => {
  await using made = await journal();
  const left = await damage(made.folder);
  await look(0, made.folder, "repair", "--to", `${made.root}/new`);
  await look(0, `${made.root}/new`, "verify");
  assert.deepEqual(await drain(`${made.root}/new`), { events: left, lost: [], faults: [], size: 0 });
  const { stderr } = await run(3, "repair", "--to", `${made.root}/new`, made.folder);
  assert.match(stderr, /is not empty\n {2}fix: name a new one/);
});

Deno.test("journal repair keeps cursors and positions that only the checkpoint knows", async () => {
  await using made = await journal();
  const last = (await segmentsIn(made.folder)).at(-1)!;
  await Deno.truncate(last.path, last.frames[0]!.offset);
  await run(0, "repair", made.folder);
  await Deno.remove(`${made.folder}/checkpoint`);
  const { stdout } = await look(0, made.folder, "inspect", "--json");
  const { channels, positions } = JSON.parse(stdout);
  assert.deepEqual(channels.map(({ cursor }: { cursor: number }) => cursor), [4, 18]);
  assert.deepEqual(positions, { in: { "access.log": 36 } });
  assert.deepEqual((await drain(made.folder)).events, range(4, 27));
});

Deno.test("journal repair with lost segments goes on behind them", async () => {
  await using made = await journal();
  const segments = await segmentsIn(made.folder);
  await Deno.remove(segments[0]!.path);
  await Deno.remove(segments[2]!.path);
  await run(0, "repair", made.folder);
  await look(0, made.folder, "verify");
  assert.deepEqual(await drain(made.folder), {
    events: [...range(9, 18), ...range(27, 36)],
    lost: [],
    faults: [],
    size: 0,
  });
});

Deno.test("journal repair sets a segment without any intact frame aside", async () => {
  await using made = await journal();
  const [, second] = await segmentsIn(made.folder);
  const size = (await Deno.stat(second!.path)).size;
  await Deno.writeFile(second!.path, new Uint8Array(size).fill(7));
  await run(0, "repair", made.folder);
  await look(0, made.folder, "verify");
  assert.equal((await Deno.stat(`${second!.path}.damaged`)).size, size);
  assert.deepEqual((await drain(made.folder)).events, [...range(4, 9), ...range(18, 36)]);
});

/** A disk that fails for good at the call with this number. */
function cutDisk(calls: number): Disk {
  let left = calls;
  const spend = () => {
    if (left-- <= 0) throw new Error("power is off");
  };
  return {
    ...denoDisk,
    rename: (from, to) => (spend(), denoDisk.rename(from, to)),
    syncFolder: (folder) => (spend(), denoDisk.syncFolder(folder)),
  };
}

/** Repairs as the command does; false when the disk has failed. */
async function repairOn(folder: string, disk: Disk): Promise<boolean> {
  const home = { folders: [folder], checkpointFolder: folder };
  const { segments, unfinished } = await listSegments(denoDisk, [folder]);
  for (const path of unfinished) await Deno.remove(path);
  const plan = await planRepair(home, segments);
  return await repairInPlace(plan, home, disk).then(() => true, () => false);
}

Deno.test("journal repair that is killed at any step leaves a journal that gives every intact event", async () => {
  await using made = await journal();
  const left = await damage(made.folder);
  let isDone = false;
  for (let calls = 0; !isDone; calls++) {
    const folder = `${made.root}/cut${calls}`;
    await copyFolder(made.folder, folder);
    isDone = await repairOn(folder, cutDisk(calls));
    await copyFolder(folder, `${folder}again`);
    assert.deepEqual((await drain(folder)).events, left, `killed after ${calls} calls, then opened`);
    await repairOn(`${folder}again`, denoDisk);
    const whole = { events: left, lost: [], faults: [], size: 0 };
    assert.deepEqual(
      await drain(`${folder}again`),
      whole,
      `killed after ${calls} calls, then repaired again`,
    );
    assert.ok(calls < 50);
  }
});

Deno.test("journal repair keeps what lies behind damage that nothing vouches for, and lets the source send again", async () => {
  await using made = await journal();
  const folder = `${made.root}/crashed`;
  const opened = await Journal.open(journalIn(`${made.root}/never`, { sync: "never" }));
  try {
    const { id } = await opened.addChannel("c1");
    for (let batch = 0; batch < 3; batch++) await putBatch(opened, [id]);
    await copyFolder(`${made.root}/never`, folder);
  } finally {
    await opened.close();
  }
  const [segment] = await segmentsIn(folder);
  await flipByte(segment!.path, segment!.frames[1]!.offset + 20);
  await run(0, "repair", folder);
  const { positions } = JSON.parse((await look(0, folder, "inspect", "--json")).stdout);
  assert.deepEqual(positions, { in: { "access.log": 3 } });
  const { events, size } = await drain(folder);
  assert.deepEqual([events, size], [[...range(0, 3), ...range(6, 9)], 0]);
});

Deno.test("journal repair of what is whole changes nothing", async () => {
  await using made = await journal();
  const before = await contentOf(made.folder);
  assert.match((await run(0, "repair", made.folder)).stdout, /^\d+ frames read: nothing to repair\n$/);
  assert.deepEqual(await contentOf(made.folder), before);
});
