import assert from "node:assert/strict";
import { type Channel, ChannelFullError } from "sluice/plugin";
import spillable from "../../../plugins/channels/spillable_memory.ts";
import { configOf } from "../../contracts/subject.ts";
import { testContext } from "../../support/context.ts";
import { until } from "../../support/until.ts";
import { inFolder, numbered, put, range, take, takeNumbers } from "./_channels.ts";

const SMALL = { memoryCapacity: 10, overflowCapacity: 100, transactionCapacity: 10, overflowTimeout: "1ms" };

type Config = Parameters<typeof spillable.create>[0];

/** Runs with a way to open the channel on a folder; all are closed in the end. */
async function withSpillable(
  run: (open: (change?: Record<string, unknown>) => Promise<Channel>, folder: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const channels: Channel[] = [];
    try {
      await run(async (change) => {
        const config = await configOf(spillable, { ...SMALL, minimumRequiredSpace: 0, ...change }) as Config;
        const channel = await spillable.create(config, testContext({ name: "main", stateDir: folder.path }));
        channels.push(channel);
        return channel;
      }, folder.path);
    } finally {
      for (const channel of channels) await channel.close();
    }
  });
}

Deno.test("spillable_memory channel writes to the disk only what memory has no room for, and keeps order", async () => {
  await withSpillable(async (open) => {
    const channel = await open();
    for (let at = 0; at < 60; at += 5) await put2(channel, at);
    assert.equal(channel.size, 60);
    assert.deepEqual(await takeNumbers(channel, 30, 3), range(0, 30));
    await put2(channel, 60);
    assert.deepEqual(await takeNumbers(channel, 35), range(30, 65));
    await channel.close();
    assert.equal((await open()).size, 0);
  });
});

/** Puts five events, and waits for no more than the flow. */
async function put2(channel: Channel, from: number): Promise<void> {
  const receipt = await channel.put(numbered(from, from + 5));
  await receipt?.committed;
}

Deno.test("spillable_memory channel returns to memory when the disk has been emptied", async () => {
  await withSpillable(async (open) => {
    const channel = await open();
    const receipts = await Promise.all([0, 5, 10].map((at) => channel.put(numbered(at, at + 5))));
    assert.deepEqual(receipts.map((receipt) => Object.keys(receipt!)), [["delivered"], ["delivered"], [
      "committed",
    ]]);
    assert.deepEqual(await takeNumbers(channel, 15), range(0, 15));
    const receipt = await channel.put(numbered(15, 20));
    assert.deepEqual(Object.keys(receipt!), ["delivered"]);
    assert.deepEqual(await takeNumbers(channel, 5), range(15, 20));
    await receipt!.delivered;
  });
});

Deno.test("spillable_memory channel keeps across a crash what had gone to the disk, and only that", async () => {
  await withSpillable(async (open) => {
    const channel = await open();
    for (let at = 0; at < 30; at += 5) await put2(channel, at);
    await channel.close();
    const again = await open();
    assert.equal(again.size, 20);
    await put2(again, 30);
    assert.deepEqual(await takeNumbers(again, 25), range(10, 35));
  });
});

Deno.test("spillable_memory channel gives rolled back and abandoned events again in order", async () => {
  await withSpillable(async (open) => {
    const channel = await open();
    for (let at = 0; at < 30; at += 5) await put2(channel, at);
    const takes = [];
    for (let events = 0; events < 25; events += takes.at(-1)!.batch.size) takes.push(await take(channel, 5));
    for (const taken of takes) taken.accept!();
    for (const taken of takes.toReversed()) await taken.rollback();
    assert.deepEqual(await takeNumbers(channel, 30), range(0, 30));
    await until("all to be delivered", () => channel.size === 0);
  });
});

Deno.test("spillable_memory channel refuses a put when memory and disk are full", async () => {
  await withSpillable(async (open) => {
    const channel = await open({ overflowCapacity: 10 });
    for (let at = 0; at < 20; at += 5) await put2(channel, at);
    await assert.rejects(async () => await channel.put(numbered(20, 25)), ChannelFullError);
    assert.deepEqual(await takeNumbers(channel, 20), range(0, 20));
    await put2(channel, 20);
    assert.deepEqual(await takeNumbers(channel, 5), range(20, 25));
  });
});

Deno.test("spillable_memory channel without memory is on disk, and without disk in memory", async () => {
  await withSpillable(async (open, folder) => {
    const memory = await open({ overflowCapacity: 0 });
    await put2(memory, 0);
    await put2(memory, 5);
    await assert.rejects(async () => await memory.put(numbered(10, 15)), ChannelFullError);
    assert.deepEqual(await takeNumbers(memory, 10), range(0, 10));
    assert.throws(() => Deno.statSync(`${folder}/journal`), Deno.errors.NotFound);
    const disk = await open({ memoryCapacity: 0 });
    const receipt = await disk.put(numbered(0, 5));
    assert.deepEqual(Object.keys(receipt!), ["committed"]);
    assert.deepEqual(await takeNumbers(disk, 5), range(0, 5));
  });
});

Deno.test("spillable_memory channel lets go of a pooled block at once", async () => {
  await withSpillable(async (open) => {
    const channel = await open();
    await put(channel, numbered(0, 5).with({ position: { "2049:1": 5 } }));
    const taken = await take(channel);
    assert.equal(taken.batch.position, undefined);
    await taken.commit();
  });
});
