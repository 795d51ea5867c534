import assert from "node:assert/strict";
import { WebHdfsStore } from "../../../../../plugins/sinks/_hdfs/stores/web_hdfs_store.ts";
import { brokenAfter, slicesOf } from "../../../../support/byte_slices.ts";
import { putFile } from "../../../../support/hdfs.ts";
import { HttpRelay } from "../../../../support/http_relay.ts";
import { runUntilKilled } from "../../../../support/killed_program.ts";
import { CONTENT, kept, NEVER, send, storeTest, untilThere } from "./web_store.ts";

const PROGRAM = new URL("./web_program.ts", import.meta.url);

storeTest(
  "HDFS store does not take another's file for the one that it replaced",
  async ({ store, options, paths }) => {
    await store.begin([]);
    const upload = await send(store, "a.tmp");
    const stranger = new WebHdfsStore({ ...options, notesPath: `${options.notesPath}.2` });
    const others = await send(stranger, "a.tmp");
    assert.equal(await store.publish(upload, "a"), "replaced");
    await store.discard(upload);
    await store.sweep();
    assert.deepEqual(await paths(), ["a.tmp"]);
    assert.equal(await stranger.publish(others, "a"), "done");
    stranger.close();
  },
);

storeTest(
  "HDFS store takes away what appears late of a try that was given up, and nothing else",
  async ({ store, client, options, paths, brokenOnce }) => {
    await assert.rejects(store.put("a.tmp", brokenOnce("a.tmp"), NEVER), /The stage broke/);
    await store.begin([]);
    const next = await send(store, "a.tmp");
    assert.equal(next.path, "a.retry1.tmp");
    await store.sweep();
    assert.deepEqual(await paths(), ["a.retry1.tmp"]);
    await putFile(client, `${options.root}/a.tmp`, { content: "late", overwrite: true });
    assert.equal(await store.publish(next, "a"), "done");
    const life = new WebHdfsStore(options);
    await life.begin([]);
    await life.sweep();
    assert.deepEqual(await paths(), ["a"]);
    life.close();
  },
);

storeTest(
  "HDFS store never takes away a file with its final name, though it was tried under that",
  async ({ store, paths, brokenOnce }) => {
    await store.begin([]);
    await assert.rejects(store.put("a", brokenOnce("a"), NEVER), /The stage broke/);
    const next = await send(store, "a");
    await store.sweep();
    assert.equal(await store.publish(next, "a"), "done");
    await store.sweep();
    assert.deepEqual(await paths(), ["a"]);
  },
);

storeTest(
  "HDFS store keeps what was sent in another life and is to be published",
  async ({ store, options, paths }) => {
    const upload = await send(store, "a.tmp");
    const life = new WebHdfsStore(options);
    await life.begin([kept(upload)]);
    await life.sweep();
    assert.equal((await send(life, "a.tmp")).path, "a.retry1.tmp");
    assert.equal(await life.publish(upload, "a"), "done");
    assert.deepEqual(await paths(), ["a", "a.retry1.tmp"]);
    life.close();
  },
);

storeTest(
  "HDFS store lets a file grow that an earlier try has made, and refuses another",
  async ({ store, client, options }) => {
    const { appends } = store;
    await store.begin([]);
    await appends.create("a.tmp", false);
    await assert.rejects(appends.create("a.tmp", false), /"a\.tmp" is there already: does another sink/);
    await appends.create("a.tmp", true);
    await appends.append("a.tmp", [CONTENT]);
    await assert.rejects(appends.create("a.tmp", true), /"a\.tmp" is there already: does another sink/);
    assert.equal(await appends.length("a.tmp"), CONTENT.length);
    await store.sweep();
    assert.equal(await store.publish({ path: "a.tmp", bytes: CONTENT.length }, "a"), "done");
    appends.abandon("a.tmp");
    await putFile(client, `${options.root}/a.tmp`, { content: "" });
    await store.sweep();
    assert.equal(await appends.length("a.tmp"), undefined);
  },
);

storeTest(
  "HDFS store takes nothing away before it knows what is wanted",
  async ({ store, options, paths }) => {
    const upload = await send(store, "a.tmp");
    const life = new WebHdfsStore(options);
    await life.sweep();
    assert.deepEqual(await paths(), ["a.tmp"]);
    await life.begin([]);
    await life.sweep();
    assert.deepEqual(await paths(), []);
    assert.equal(await life.publish(upload, "a"), "gone");
    life.close();
  },
);

storeTest(
  "HDFS store leaves nothing of what a writer left behind that was killed",
  async ({ options, paths, read }) => {
    await runUntilKilled(PROGRAM, {
      argument: { way: "put", path: "a.tmp", bytes: 2_000_000, options },
      until: () => untilThere(paths, "a.tmp"),
    });
    const store = new WebHdfsStore(options);
    await store.begin([]);
    assert.equal(await store.publish(await send(store, "a.tmp"), "a"), "done");
    await store.sweep();
    assert.deepEqual(await paths(), ["a"]);
    assert.deepEqual(await read("a"), CONTENT);
    store.close();
  },
);

for (const [what, pattern] of [["rights", /AccessControlException/], ["quota", /DSQuotaExceeded/]] as const) {
  storeTest(
    `HDFS store leaves no name of a file that is refused for good, and says the same each time (${what})`,
    async ({ client, options, paths, env }) => {
      await client.mkdirs(options.root);
      if (what === "quota") await setQuota(env, options.root, 1);
      const user = what === "rights" ? "stranger" : options.user;
      const store = new WebHdfsStore({ ...options, user });
      const texts = new Set<string>();
      for (let tries = 0; tries < 3; tries++) {
        await assert.rejects(store.put("a.tmp", slicesOf(CONTENT), NEVER), (cause: Error) => {
          texts.add(cause.message);
          return pattern.test(cause.message);
        });
      }
      assert.equal(texts.size, 1);
      assert.deepEqual([await paths(), Deno.readTextFileSync(options.notesPath)], [[], "[]"]);
      store.close();
    },
  );
}

storeTest("HDFS store names the file and not the try when no answer comes", async ({ options }) => {
  using relay = new HttpRelay(options.nameNodes[0]!);
  const store = new WebHdfsStore({ ...options, nameNodes: [relay.endpoint] });
  await assert.rejects(store.put("a.tmp", brokenAfter(CONTENT), NEVER), /The stage broke/);
  relay.meddle(/op=CREATE/, "lose");
  await assert.rejects(send(store, "a.tmp"), /No CREATE of "\/bench \d+\/a\.tmp"/);
  store.close();
});

async function setQuota(env: Record<string, string>, path: string, bytes: number): Promise<void> {
  const query = new URLSearchParams({
    "op": "SETQUOTA",
    "user.name": env.HDFS_USER!,
    "storagespacequota": String(bytes),
  });
  const url = `http://${env.HDFS_WEBHDFS}/webhdfs/v1${encodeURI(path)}?${query}`;
  const answer = await fetch(url, { method: "PUT" });
  assert.ok(answer.ok, await answer.text());
}
