import assert from "node:assert/strict";
import type { Channel, TakeTransaction } from "sluice/plugin";
import { until } from "../../support/until.ts";
import { inFolder, numbered, numbersOf, placeOf, put, range, take, takeNumbers } from "./_channels.ts";

/** Memory for a few of the batches below, so that a sink that waits soon lags. */
const SMALL = { windowBytes: 8192 };
const EVENT_BYTES = 200;

async function putMany(channel: Channel, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 5) await put(channel, numbered(at, at + 5, EVENT_BYTES));
}

/** Takes all that is there as a sink that answers later, without an answer yet. */
async function accept(channel: Channel, count: number): Promise<TakeTransaction[]> {
  const takes: TakeTransaction[] = [];
  for (let events = 0; events < count;) {
    const taken = await take(channel);
    events += taken.batch.size;
    takes.push(taken);
    taken.accept!();
  }
  return takes;
}

function rollBackAll(takes: readonly TakeTransaction[]): void {
  for (const taken of takes.toReversed()) void taken.rollback();
}

Deno.test("file channel serves a sink that lags from the disk, and from memory again once it has caught up", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main", SMALL);
    await putMany(channel, 0, 300);
    assert.equal(channel.size, 300);
    assert.deepEqual(await takeNumbers(channel, 300), range(0, 300));
    for (let at = 300; at < 500; at += 20) {
      await putMany(channel, at, at + 20);
      assert.deepEqual(await takeNumbers(channel, 20), range(at, at + 20));
    }
    await putMany(channel, 500, 900);
    assert.deepEqual(await takeNumbers(channel, 400, 3), range(500, 900));
    assert.equal(channel.size, 0);
  });
});

Deno.test("file channel keeps order while puts and takes run against each other", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main", { ...SMALL, sync: "never" });
    const source = (async () => {
      for (let at = 0; at < 3000; at += 5) await channel.put(numbered(at, at + 5, EVENT_BYTES));
    })();
    const numbers = await takeNumbers(channel, 3000, 17);
    await source;
    assert.deepEqual(numbers, range(0, 3000));
  });
});

Deno.test("file channel gives again what a sink had accepted and could not deliver, from the first such event", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main", SMALL);
    await putMany(channel, 0, 200);
    const takes = await accept(channel, 120);
    const given = takes.reduce((sum, { batch }) => sum + batch.size, 0);
    assert.equal(given, 0, "accepted batches are let go of");
    const first = takes.shift()!;
    await first.commit();
    const left = channel.size;
    rollBackAll(takes);
    assert.equal(channel.size, left);
    const again = await takeNumbers(channel, left);
    assert.deepEqual(again, range(200 - left, 200));
    assert.equal(channel.size, 0);
  });
});

Deno.test("file channel gives later puts behind what it gives again", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main");
    await putMany(channel, 0, 10);
    const takes = await accept(channel, 10);
    await putMany(channel, 10, 20);
    rollBackAll(takes);
    await putMany(channel, 20, 30);
    assert.deepEqual(await takeNumbers(channel, 30), range(0, 30));
  });
});

Deno.test("file channel gives a second sink what the first one could not deliver, and nothing of its own twice", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main", SMALL);
    await putMany(channel, 0, 40);
    const first = await take(channel, 10);
    first.accept!();
    const second = await take(channel, 10);
    const numbers = numbersOf(second.batch);
    await first.rollback();
    await second.commit();
    numbers.push(...await takeNumbers(channel, 30));
    assert.deepEqual(numbers.toSorted((a, b) => a - b), range(0, 40));
    await until("all to be delivered", () => channel.size === 0);
  });
});

Deno.test("file channel goes on behind what a sink says that it holds, and counts that as delivered", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main", SMALL);
    await putMany(channel, 0, 100);
    assert.deepEqual(await takeNumbers(channel, 10), range(0, 10));
    const taken = await take(channel, 3);
    const position = taken.batch.position!;
    await taken.rollback();
    await channel.close();
    const again = await folder.open("main", SMALL);
    await again.resume!({ "other@1.0": 99, ...position });
    assert.equal(again.size, 87);
    assert.deepEqual(await takeNumbers(again, 87), range(13, 100));
    await again.resume!(position);
    assert.equal(again.size, 0);
    await again.close();
    assert.equal((await folder.open("main")).size, 0);
  });
});

Deno.test("file channel goes on behind what a sink holds after it failed, whatever had been read ahead", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main", SMALL);
    await putMany(channel, 0, 200);
    const first = await take(channel, 30);
    const position = first.batch.position!;
    first.accept!();
    const second = await take(channel, 30);
    second.accept!();
    await putMany(channel, 200, 210);
    rollBackAll([first, second]);
    await channel.resume!(position);
    assert.equal(channel.size, 180);
    assert.deepEqual(await takeNumbers(channel, 180), range(30, 210));
  });
});

Deno.test("file channel never goes on behind events that came after a lost tail", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main");
    await putMany(channel, 0, 10);
    const lost = folder.crashed();
    await putMany(channel, 10, 20);
    const taken = await take(channel, 15);
    const position = taken.batch.position!;
    assert.equal(taken.batch.size, 15);
    try {
      const again = await lost.open("main");
      await again.resume!(position);
      assert.equal(again.size, 0);
      await putMany(again, 50, 60);
      await again.close();
      const third = await lost.open("main");
      await third.resume!(position);
      const next = await take(third);
      assert.deepEqual(numbersOf(next.batch), range(50, 60));
      assert.notDeepEqual(Object.keys(next.batch.position!), Object.keys(position));
      assert.ok(placeOf(next.batch.position) > 0);
    } finally {
      await lost.end();
    }
  });
});

Deno.test("file channel opened again beside others of its journal goes on behind what its sink holds", async () => {
  await inFolder(async (folder) => {
    const other = await folder.open("other");
    const channel = await folder.open("main");
    await put(channel, numbered(0, 10));
    const taken = await take(channel, 10);
    await taken.commit();
    await channel.close();
    await put(other, numbered(0, 5));
    const lines: string[] = [];
    const context = folder.context("main");
    const log = { ...context.log, warn: (text: string) => void lines.push(text) };
    const again = await folder.open("main", {}, { ...context, log });
    await again.resume!(taken.batch.position!);
    assert.deepEqual(lines, []);
    await put(again, numbered(10, 15));
    const copy = folder.crashed();
    try {
      assert.deepEqual(await takeNumbers(await copy.open("main"), 5), range(10, 15));
    } finally {
      await copy.end();
    }
  });
});

Deno.test("file channel joins small frames, so that many tiny events do not cost a batch each", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main", { sync: "never" });
    for (let at = 0; at < 2000; at++) await channel.put(numbered(at, at + 1));
    await channel.close();
    const again = await folder.open("main");
    const sizes: number[] = [];
    for (let events = 0; events < 2000;) {
      const taken = await take(again);
      assert.equal(numbersOf(taken.batch)[0], events);
      events += taken.batch.size;
      sizes.push(taken.batch.size);
      await taken.commit();
    }
    assert.ok(sizes.length < 10, `${sizes.length} batches`);
  });
});
