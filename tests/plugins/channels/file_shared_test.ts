import assert from "node:assert/strict";
import { type Channel, ChannelFullError, ConfigError } from "sluice/plugin";
import { until } from "../../support/until.ts";
import { inFolder, numbered, put, range, takeNumbers } from "./_channels.ts";

/** Segments of the smallest size. */
const SMALL = { maxFileSize: 1024 * 1024 };

Deno.test("file channels of one journal store a batch for all of them once", async () => {
  await inFolder(async (folder) => {
    const channels = await Promise.all(["a", "b", "c"].map((name) => folder.open(name)));
    const emptyBytes = folder.segmentBytes();
    const batch = numbered(0, 1000, 1000);
    const { log } = channels[0]!;
    assert.ok(channels.every((channel) => channel.log === log));
    const receipt = await log!.put(channels.map((channel) => ({ channel, batch })));
    await receipt.committed;
    const storedBytes = folder.segmentBytes() - emptyBytes;
    assert.ok(storedBytes >= 1_000_000 && storedBytes < 1_100_000, `${storedBytes} bytes`);
    for (const channel of channels) assert.deepEqual(await takeNumbers(channel, 1000), range(0, 1000));
  });
});

Deno.test("file channels of one journal each have their own place in it, also after a restart", async () => {
  await inFolder(async (folder) => {
    const [one, two] = [await folder.open("one"), await folder.open("two")];
    const parts = (channel: Channel, from: number) => ({ channel, batch: numbered(from, from + 5) });
    await (await one.log!.put([parts(one, 0), parts(two, 100)])).committed;
    await put(two, numbered(105, 110));
    await put(one, numbered(5, 10));
    assert.deepEqual(await takeNumbers(two, 10), range(100, 110));
    for (const channel of [one, two]) await channel.close();
    const [again, other] = [await folder.open("one"), await folder.open("two")];
    assert.deepEqual([again.size, other.size], [10, 0]);
    assert.deepEqual(await takeNumbers(again, 10), range(0, 10));
  });
});

Deno.test("file channel keeps the source's position in the commit of its events", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main");
    const log = channel.log!;
    assert.equal(log.position("in"), undefined);
    const note = (position: Record<string, number | null>) => ({ source: "in", position });
    await (await log.put([{ channel, batch: numbered(0, 5) }], note({ "2049:1": 500, "2049:2": 7 })))
      .committed;
    assert.deepEqual(log.position("in"), { "2049:1": 500, "2049:2": 7 });
    await (await log.put([], note({ "2049:2": null }))).committed;
    const copy = folder.crashed();
    try {
      const again = await copy.open("main");
      assert.deepEqual(again.log!.position("in"), { "2049:1": 500 });
      assert.equal(again.size, 5);
      assert.equal(again.log!.id, log.id);
    } finally {
      await copy.end();
    }
  });
});

Deno.test("file channel cut into several puts keeps all of them in one commit", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main", { capacity: 20, transactionCapacity: 10 });
    const batch = numbered(0, 30);
    const parts = [0, 10, 20].map((from) => ({ channel, batch: batch.slice(from, from + 10) }));
    await (await channel.log!.put(parts, { source: "in", position: { file: 30 } })).committed;
    assert.equal(channel.size, 30);
    assert.deepEqual(await takeNumbers(channel, 30), range(0, 30));
  });
});

Deno.test("file channel put for a full and an empty channel holds nothing of the empty one, and neither gets a part", async () => {
  await inFolder(async (folder) => {
    const settings = { capacity: 10, transactionCapacity: 10, "keep-alive": "100ms" };
    const [full, free] = [await folder.open("full", settings), await folder.open("free", settings)];
    await put(full, numbered(0, 10));
    const batch = numbered(10, 15);
    const both = full.log!.put([{ channel: full, batch }, { channel: free, batch }]);
    const refused = assert.rejects(
      both,
      (thrown: Error) => thrown instanceof ChannelFullError && /channel "full"/.test(thrown.message),
    );
    const behind = put(free, numbered(20, 25));
    await refused;
    await behind;
    assert.deepEqual([full.size, free.size], [10, 5]);
    assert.deepEqual(await takeNumbers(free, 5), range(20, 25));
  });
});

Deno.test("file channels that want one journal differently are told so, both by name", async () => {
  await inFolder(async (folder) => {
    await folder.open("one", { sync: "always" });
    await assert.rejects(
      folder.open("two", { sync: "never" }),
      (thrown: Error) =>
        thrown instanceof ConfigError && /"one" and "two".*sync: always and never/.test(thrown.message),
    );
    await folder.open("three", { fsyncPerTransaction: true });
  });
});

Deno.test("file channel that is new in a journal begins at its end, or reads again what is kept", async () => {
  await inFolder(async (folder) => {
    const settings = { retention: "7d" };
    const old = await folder.open("old", settings);
    await put(old, numbered(0, 50));
    assert.deepEqual(await takeNumbers(old, 50), range(0, 50));
    const early = await folder.open("early", { ...settings, from: "earliest" });
    const late = await folder.open("late", settings);
    const dated = await folder.open("dated", { ...settings, from: "2020-01-01" });
    assert.deepEqual([early.size, late.size, dated.size], [50, 0, 50]);
    assert.deepEqual(await takeNumbers(early, 50), range(0, 50));
    assert.deepEqual(await takeNumbers(dated, 50, 7), range(0, 50));
    await early.close();
    assert.equal((await folder.open("early", { ...settings, from: "earliest" })).size, 0);
  });
});

Deno.test("file channel reads on in the order of the log when others write between", async () => {
  await inFolder(async (folder) => {
    const small = { windowBytes: 4096 };
    const [one, two] = [await folder.open("one", small), await folder.open("two", small)];
    for (let at = 0; at < 200; at += 4) {
      await put(one, numbered(at, at + 4, 100));
      await put(two, numbered(1000 + at, 1004 + at, 100));
    }
    assert.deepEqual(await takeNumbers(two, 200, 6), range(1000, 1200));
    assert.deepEqual(await takeNumbers(one, 200, 6), range(0, 200));
  });
});

Deno.test("file channel that gets nothing does not keep the segments of one that does", async () => {
  await inFolder(async (folder) => {
    const [busy, idle] = [await folder.open("busy", SMALL), await folder.open("idle", SMALL)];
    await put(idle, numbered(0, 5));
    assert.deepEqual(await takeNumbers(idle, 5), range(0, 5));
    const round = async () => {
      await put(busy, numbered(0, 100, 20_000));
      await takeNumbers(busy, 100);
    };
    for (let rounds = 0; rounds < 3; rounds++) await round();
    await until("room", async () => {
      await round();
      return folder.segmentBytes() < 4_500_000;
    });
  });
});

Deno.test("channel that the pipeline no longer has is forgotten when it is empty, and told of when it is not", async () => {
  await inFolder(async (folder) => {
    const names = ["main", "empty", "full"];
    const [main, empty, full] = await Promise.all(names.map((name) => folder.open(name)));
    await put(full!, numbered(0, 7));
    for (const channel of [main, empty, full]) await channel!.close();
    const context = folder.context("main");
    const again = await folder.open("main", {}, context);
    assert.match(context.lines[0]!.text, /keeps 7 events of channel "full".*sluice journal drop/);
    await again.close();
    const late = await folder.open("full");
    assert.deepEqual(await takeNumbers(late, 7), range(0, 7));
  });
});
