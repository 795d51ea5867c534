import assert from "node:assert/strict";
import { WebHdfsStore } from "../../../../../plugins/sinks/_hdfs/stores/web_hdfs_store.ts";
import { patternBytes, silentAfter, slicesOf } from "../../../../support/byte_slices.ts";
import { putFile } from "../../../../support/hdfs.ts";
import { HttpRelay } from "../../../../support/http_relay.ts";
import { runUntilKilled } from "../../../../support/killed_program.ts";
import { startTlsFront } from "../../../../support/tls_front.ts";
import { until } from "../../../../support/until.ts";
import { OWN_AUTHORITY, OWN_IDENTITY } from "../authority.ts";
import { CONTENT, kept, NEVER, send, storeTest, untilThere } from "./web_store.ts";

const PROGRAM = new URL("./web_program.ts", import.meta.url);

storeTest(
  "HDFS store sends a whole file, and gives it its name in one step",
  async ({ store, paths, read }) => {
    assert.equal(store.blockBytes, undefined);
    const upload = await send(store, "day=1/ä b%.tmp");
    assert.deepEqual(await paths(), ["day=1/ä b%.tmp"]);
    assert.equal(upload.bytes, CONTENT.length);
    assert.equal(store.blockBytes, 134_217_728);
    assert.equal(await store.publish(kept(upload), "day=1/ä b%"), "done");
    assert.deepEqual(await paths(), ["day=1/ä b%"]);
    assert.deepEqual(await read("day=1/ä b%"), CONTENT);
  },
);

storeTest(
  "HDFS store publishes again what it has published, never over another file",
  async ({ store, paths }) => {
    const first = await send(store, "a.tmp");
    assert.deepEqual([await store.publish(first, "a"), await store.publish(kept(first), "a")], [
      "done",
      "done",
    ]);
    const second = await send(store, "a.tmp");
    assert.equal(await store.publish(second, "a"), "taken");
    assert.deepEqual(await paths(), ["a", "a.tmp"]);
    assert.deepEqual([await store.publish(second, "a-1"), await store.publish(second, "a-1")], [
      "done",
      "done",
    ]);
    const third = await send(store, "a.tmp");
    await store.discard(third);
    await store.discard(third);
    // Their length is the same, yet neither is this one.
    assert.deepEqual([await store.publish(third, "a"), await store.publish(third, "b")], ["gone", "gone"]);
    assert.deepEqual(await paths(), ["a", "a-1"]);
  },
);

storeTest(
  "HDFS store tells files by their length where the server gives them no number",
  async ({ store }) => {
    const { id: _, ...first } = await send(store, "a.tmp", patternBytes(10));
    assert.deepEqual([await store.publish(first, "a"), await store.publish(first, "a")], ["done", "done"]);
    const { id: __, ...second } = await send(store, "a.tmp", patternBytes(11));
    assert.deepEqual([await store.publish(second, "a"), await store.publish(second, "b")], ["taken", "done"]);
    assert.equal(await store.publish(second, "a"), "gone");
  },
);

storeTest(
  "HDFS store publishes under the same name, and in a folder that is not there",
  async ({ store, paths }) => {
    const same = await send(store, "a");
    assert.deepEqual([await store.publish(same, "a"), await store.publish(same, "a")], ["done", "done"]);
    const moved = await send(store, "tmp/b", new Uint8Array(0));
    assert.equal(await store.publish(moved, "day=2/h=1/b"), "done");
    assert.deepEqual(await paths(), ["a", "day=2/h=1/b"]);
  },
);

storeTest(
  "HDFS store does not put a file into a folder that has its final name",
  async ({ store, client, options }) => {
    assert.equal(await store.publish(await send(store, "known.tmp"), "known"), "done");
    await client.mkdirs(`${options.root}/a`);
    assert.equal(await store.publish(await send(store, "a.tmp"), "a"), "taken");
    assert.deepEqual(await Array.fromAsync(client.list(`${options.root}/a`)), []);
  },
);

storeTest("HDFS store asks the NameNode three times for a file", async ({ options }) => {
  using relay = new HttpRelay(options.nameNodes[0]!);
  const store = new WebHdfsStore({ ...options, nameNodes: [relay.endpoint] });
  assert.equal(await store.publish(await send(store, "a.tmp"), "a"), "done");
  relay.lines.length = 0;
  const upload = await send(store, "b.tmp");
  assert.equal(await store.publish(upload, "b"), "done");
  const asked = () => relay.lines.map((line) => /op=(\w+)/.exec(line)?.[1]);
  assert.deepEqual(asked(), ["CREATE", "GETFILESTATUS", "RENAME"]);
  assert.equal(await store.publish(upload, "b"), "done");
  assert.deepEqual(asked().slice(3), ["GETFILESTATUS", "GETFILESTATUS", "GETFILESTATUS"]);
  store.close();
});

storeTest("HDFS store knows the size of blocks when a file has only been appended to", async ({ store }) => {
  await store.appends.create("a.tmp", false);
  await store.appends.append("a.tmp", [CONTENT]);
  assert.equal(await store.publish({ path: "a.tmp", bytes: CONTENT.length }, "a"), "done");
  assert.equal(store.blockBytes, 134_217_728);
});

for (const meddling of ["lose answer", "lose", "ignore"] as const) {
  storeTest(
    `HDFS store settles a rename whose fate is unknown by a look (${meddling})`,
    async ({ options, paths }) => {
      using relay = new HttpRelay(options.nameNodes[0]!);
      const store = new WebHdfsStore({ ...options, nameNodes: [relay.endpoint], callTimeoutMs: 3000 });
      for (const name of ["a", "b"]) {
        const upload = await send(store, "a.tmp");
        relay.meddle(/op=RENAME/, meddling);
        assert.equal(await store.publish(upload, name), "done");
      }
      assert.deepEqual(await paths(), ["a", "b"]);
      store.close();
    },
  );
}

storeTest(
  "HDFS store leaves a file whose rename fails where it was, for another try",
  async ({ options, paths }) => {
    using relay = new HttpRelay(options.nameNodes[0]!);
    const store = new WebHdfsStore({ ...options, nameNodes: [relay.endpoint] });
    const upload = await send(store, "a.tmp");
    relay.meddle(/op=RENAME/, "lose", 3);
    await assert.rejects(store.publish(upload, "a"), /does not rename "a\.tmp" to "a"/);
    assert.deepEqual(await paths(), ["a.tmp"]);
    assert.equal(await store.publish(upload, "a"), "done");
    store.close();
  },
);

storeTest(
  "HDFS store sends a file anew after its source broke, or was given up while it was silent",
  async ({ store, paths, read, brokenOnce }) => {
    await assert.rejects(store.put("a.tmp", brokenOnce("a.tmp"), NEVER), /The stage broke/);
    const stop = new AbortController();
    const stopped = assert.rejects(store.put("a.tmp", silentAfter(CONTENT), stop.signal), /Enough/);
    await untilThere(paths, "a.retry1.tmp");
    stop.abort(new Error("Enough"));
    await stopped;
    await assert.rejects(store.put("a.tmp", slicesOf(CONTENT), stop.signal), /Enough/);
    assert.equal(await store.publish(await send(store, "a.tmp"), "a"), "done");
    await store.begin([]);
    await store.sweep();
    assert.deepEqual(await paths(), ["a"]);
    assert.deepEqual(await read("a"), CONTENT);
  },
);

storeTest(
  "HDFS store fails when another writer takes the file away",
  async ({ store, client, options, paths }) => {
    async function* interrupted() {
      yield* slicesOf(CONTENT);
      await untilThere(paths, "a.tmp");
      await putFile(client, `${options.root}/a.tmp`, { content: "another's", overwrite: true });
    }
    await assert.rejects(
      store.put("a.tmp", interrupted(), NEVER),
      /does not have any open files|another writer/,
    );
  },
);

storeTest(
  "HDFS store goes on at the known length after a writer that extended was killed",
  async ({ store, options, read }) => {
    const { appends } = store;
    await appends.create("a.tmp", false);
    await appends.append("a.tmp", [CONTENT]);
    await runUntilKilled(PROGRAM, {
      argument: { way: "append", path: "a.tmp", bytes: 1_000_000, options },
      until: () =>
        until("the file to be open", async () => !await appends.truncate("a.tmp", CONTENT.length), 20_000),
    });
    await until("the file to be free", () => appends.recover("a.tmp"), 30_000);
    assert((await appends.length("a.tmp"))! >= CONTENT.length);
    await until("the file to be cut", () => appends.truncate("a.tmp", CONTENT.length), 30_000);
    await appends.append("a.tmp", [new Uint8Array([1]), new Uint8Array([2, 3])]);
    const bytes = (await appends.length("a.tmp"))!;
    assert.equal(bytes, CONTENT.length + 3);
    assert.equal(await store.publish({ path: "a.tmp", bytes }, "a"), "done");
    assert.deepEqual(await read("a"), Uint8Array.from([...CONTENT, 1, 2, 3]));
    assert.equal(await appends.length("a.tmp"), undefined);
  },
);

storeTest(
  "HDFS store sends by TLS to whom the given authority vouches for, and to nobody else",
  async ({ options, env, read }) => {
    await using front = startTlsFront(env.HDFS_WEBHDFS!, OWN_IDENTITY);
    const secured = { ...options, nameNodes: [front.endpoint] };
    const tls = { trustsAll: false, checksName: true, authorities: [OWN_AUTHORITY] };
    const store = new WebHdfsStore({ ...secured, tls });
    assert.equal(await store.publish(await send(store, "a.tmp"), "a"), "done");
    assert.deepEqual(await read("a"), CONTENT);
    const stranger = new WebHdfsStore(secured);
    await assert.rejects(send(stranger, "b.tmp"), /No TLS connection.*add it or its authority/);
  },
);

storeTest(
  "HDFS store that was closed ends what is under way, and begins nothing more",
  async ({ options, paths }) => {
    const store = new WebHdfsStore(options);
    const ended = assert.rejects(store.put("a.tmp", slowly(), NEVER), /given up|closed/);
    await untilThere(paths, "a.tmp");
    store.close();
    await ended;
    await assert.rejects(send(store, "b.tmp"), /client is closed/);
  },
);

/** Some bytes each time that the loop has turned, without end. */
async function* slowly(): AsyncGenerator<Uint8Array> {
  while (true) {
    yield CONTENT.subarray(0, 300_000);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
