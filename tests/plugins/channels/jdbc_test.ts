import assert from "node:assert/strict";
import { type Channel, metaOf } from "sluice/plugin";
import jdbc from "../../../plugins/channels/jdbc.ts";
import { configOf } from "../../contracts/subject.ts";
import { inFolder, numbered, put, range, takeNumbers } from "./_channels.ts";

type Config = Parameters<typeof jdbc.create>[0];

Deno.test("jdbc channel makes a file channel, and says so", async () => {
  await inFolder(async (folder) => {
    const context = folder.context("main");
    const config = await configOf(jdbc, { "maximum.capacity": 50, "db.type": "MYSQL" }) as Config;
    const channels: Channel[] = [];
    const open = async () => {
      const channel = await jdbc.create(config, context);
      channels.push(channel);
      return channel;
    };
    try {
      const channel = await open();
      assert.equal(channel.capacity, 50);
      assert.equal(channel.maxPutEvents, 50);
      assert.ok(channel.durable);
      assert.match(context.lines[0]!.text, /jdbc channel keeps its events in a journal/);
      await put(channel, numbered(0, 10));
      await channel.close();
      const again = await open();
      assert.deepEqual(await takeNumbers(again, 10), range(0, 10));
    } finally {
      for (const channel of channels) await channel.close();
    }
  });
});

Deno.test("jdbc channel accepts every key in both spellings, and tells which have no effect", () => {
  for (const [key, field] of Object.entries(jdbc.config)) {
    const { alias, ignored } = metaOf(field);
    assert.deepEqual(alias, [`org.apache.flume.channel.jdbc.${key}`]);
    assert.equal(ignored === undefined, key === "maximum.capacity", key);
  }
});
