import assert from "node:assert/strict";
import { type Channel, ChannelFullError, type ConfigError, EventBatch } from "sluice/plugin";
import file from "../../../plugins/channels/file.ts";
import { plain, PooledBatch, sampleBatches } from "../../contracts/batches.ts";
import { configOf } from "../../contracts/subject.ts";
import { testContext } from "../../support/context.ts";
import { until } from "../../support/until.ts";
import { batchOf, bodiesOf, inFolder, numbered, put, range, take, takeNumbers } from "./_channels.ts";

/** Names of the channel's events that are there, without taking them for good. */
async function peek(channel: Channel): Promise<string[]> {
  const taken = await take(channel);
  const bodies = bodiesOf(taken.batch);
  await taken.rollback();
  return bodies;
}

Deno.test("file channel gives bodies, headers and layouts back from memory and from the disk", async () => {
  for (const batch of sampleBatches()) {
    await inFolder(async (folder) => {
      const channel = await folder.open("main");
      await put(channel, batch);
      const fromMemory = await take(channel);
      assert.deepEqual(plain(fromMemory.batch.with({ position: batch.position })), plain(batch));
      await channel.close();
      const again = await folder.open("main");
      const fromDisk = await take(again);
      assert.deepEqual(plain(fromDisk.batch.with({ position: batch.position })), plain(batch));
    });
  }
});

Deno.test("file channel keeps what was put across a stop, in order, and counts it", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main");
    await put(channel, numbered(0, 10));
    await put(channel, numbered(10, 15));
    assert.deepEqual(await takeNumbers(channel, 10), range(0, 10));
    await channel.close();
    const again = await folder.open("main");
    assert.equal(again.size, 5);
    await put(again, numbered(15, 20));
    assert.equal(again.size, 10);
    assert.deepEqual(await takeNumbers(again, 10, 3), range(10, 20));
    assert.equal(again.size, 0);
  });
});

Deno.test("file channel keeps what was committed when the process dies", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main");
    for (let at = 0; at < 50; at += 5) await put(channel, numbered(at, at + 5));
    const copy = folder.crashed();
    try {
      const again = await copy.open("main");
      assert.equal(again.size, 50);
      assert.deepEqual(await takeNumbers(again, 50), range(0, 50));
    } finally {
      await copy.end();
    }
  });
});

Deno.test("file channel answers a put when it is on disk, and gives it to takers no sooner", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main");
    const receipt = await channel.put(batchOf("GET /"));
    assert.ok(receipt?.committed);
    assert.equal(receipt.delivered, undefined);
    await receipt.committed;
    assert.deepEqual(await peek(channel), ["GET /"]);
  });
});

Deno.test("file channel keeps nothing of a pooled block that is used again after the put", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main");
    const original = EventBatch.from([{ body: "Book 1482", headers: { branch: "köln" } }, { body: "" }]);
    const pooled = new PooledBatch(original);
    const receipt = await channel.put(pooled.batch);
    pooled.overwrite();
    await receipt?.committed;
    const taken = await take(channel);
    assert.deepEqual(plain(taken.batch.with({ position: undefined })), plain(original));
  });
});

Deno.test("file channel counts undelivered events against its capacity after a restart too", async () => {
  await inFolder(async (folder) => {
    const settings = { capacity: 10, transactionCapacity: 10, "keep-alive": "1ms" };
    const channel = await folder.open("main", settings);
    await put(channel, numbered(0, 8));
    await channel.close();
    const again = await folder.open("main", settings);
    await assert.rejects(put(again, numbered(8, 11)), ChannelFullError);
    await put(again, numbered(8, 10));
    await assert.rejects(
      put(again, numbered(10, 11)),
      (thrown: Error) => thrown.message === 'Cannot put 1 events: channel "main" holds 10 of 10',
    );
    assert.deepEqual(await takeNumbers(again, 8), range(0, 8));
    await put(again, numbered(10, 12));
    assert.deepEqual(await takeNumbers(again, 4), range(8, 12));
  });
});

Deno.test("file channel lets waiting puts in in the order of their arrival", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main", { capacity: 10, transactionCapacity: 10, "keep-alive": "1m" });
    await put(channel, numbered(0, 10));
    const late = [
      put(channel, numbered(10, 18)),
      put(channel, numbered(18, 19)),
      put(channel, numbered(19, 21)),
    ];
    assert.deepEqual(await takeNumbers(channel, 21), range(0, 21));
    await Promise.all(late);
  });
});

Deno.test("file channel refuses puts with the reason while the disk has too little room", async () => {
  await inFolder(async (folder) => {
    const context = folder.context("main");
    const channel = await folder.open("main", { minimumRequiredSpace: "1000000GiB" }, context);
    for (let attempt = 0; attempt < 2; attempt++) {
      await assert.rejects(put(channel, batchOf("GET /")), /free|space|room/i);
    }
    assert.equal(channel.size, 0);
    assert.equal(context.counters.get("EventPutErrorCount"), 2);
    assert.equal(context.counters.get("Unhealthy"), 1);
    assert.equal(context.lines.filter(({ level }) => level === "error").length, 1);
  });
});

Deno.test("file channel rolls back and ends takes as other channels do, also with two sinks", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main");
    await put(channel, numbered(0, 6));
    const [early, late] = [await take(channel, 2), await take(channel, 2)];
    await early.rollback();
    await late.commit();
    assert.equal(channel.size, 4);
    assert.deepEqual(await takeNumbers(channel, 4, 2), [0, 1, 4, 5]);
    await until("the delivery to be complete", () => channel.size === 0);
  });
});

Deno.test("file channel says where each batch ends, and where a piece of one does", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main");
    await put(channel, numbered(0, 6));
    const places: number[] = [];
    for (const maxEvents of [2, 3, 10]) {
      const taken = await take(channel, maxEvents);
      const [key] = Object.keys(taken.batch.position!);
      assert.match(key!, /^main@[^.]+\.\d+$/);
      places.push(taken.batch.position![key!] as number);
      await taken.commit();
    }
    assert.deepEqual(places.map((place) => place - places[0]!), [0, 3, 4]);
  });
});

Deno.test("file channel finds what is wrong with its settings before anything is touched", async () => {
  const complaints = async (settings: Record<string, unknown>) =>
    (file.check!(await configOf(file, settings) as Parameters<typeof file.create>[0])).map(({ key }) => key);
  assert.deepEqual(await complaints({}), []);
  assert.deepEqual(await complaints({ capacity: 100 }), ["transactionCapacity"]);
  assert.deepEqual(await complaints({ from: "yesterday" }), ["from"]);
  assert.deepEqual(await complaints({ from: "2026-11-21T10:00" }), []);
  assert.deepEqual(await complaints({ useDualCheckpoints: true }), ["useDualCheckpoints"]);
  const same = { dataDirs: "a, b", useDualCheckpoints: true, backupCheckpointDir: "b" };
  assert.deepEqual(await complaints(same), ["backupCheckpointDir"]);
  assert.deepEqual(await complaints({ sync: "always", fsyncPerTransaction: false }), ["fsyncPerTransaction"]);
  assert.deepEqual(await complaints({ sync: "never", fsyncPerTransaction: false }), []);
  assert.deepEqual(await complaints({ "encryption.keyProvider": "JCEKSFILE" }), ["encryption.keyProvider"]);
  assert.deepEqual(await complaints({ "encryption.activeKey": "key-0" }), ["encryption.activeKey"]);
});

Deno.test("file channel's journal can be in use only once by a process, and by one process", async () => {
  await inFolder(async (folder) => {
    await folder.open("main");
    await assert.rejects(
      folder.open("main"),
      (thrown: ConfigError) =>
        thrown.name === "ConfigError" && /Two channels named "main"/.test(thrown.message),
    );
    const other = testContext({ name: "other", stateDir: folder.path });
    await assert.rejects(
      folder.open("other", { checkpointDir: `${folder.path}/elsewhere` }, other),
      /Channels "main" and "other" both use .*journal/,
    );
  });
});
