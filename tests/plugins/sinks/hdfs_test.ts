import assert from "node:assert/strict";
import { errorText, EventBatch, PoisonError, systemClock } from "sluice/plugin";
import { sharedServerTest } from "../../servers/mod.ts";
import { connectHdfs, runHdfsCli } from "../../support/hdfs.ts";
import { until } from "../../support/until.ts";
import { readTree } from "./_hdfs/hdfs_tree.ts";
import { copyFolder } from "./restarting.ts";
import { deliver, makeHdfs, withFolders } from "./_hdfs/making.ts";

const hdfsTest = sharedServerTest("hdfs");
const signal = new AbortController().signal;
const MIB = 1024 * 1024;

/** Settings for a folder of the server that no other test uses. */
function settingsFor(env: Record<string, string>, folder: string): Record<string, unknown> {
  return {
    path: `${env.HDFS_URI}${folder}`,
    nameNodes: env.HDFS_WEBHDFS!.split(",").map((at) => `http://${at}`),
    user: "root",
  };
}

hdfsTest(
  "hdfs sink writes files of exactly so many events, named and put into folders as Flume does",
  async ({ env }) => {
    await withFolders(async ({ state: stateDir }) => {
      const startMs = Date.now();
      const settings = {
        ...settingsFor(env, "/flume/%Y%m%d/%{kind}"),
        timeZone: "UTC",
        rollCount: 3,
        filePrefix: "logs-",
      };
      const sink = await makeHdfs(settings, { stateDir });
      const timestamp = String(Date.UTC(2023, 10, 15, 3));
      const batch = EventBatch.from(Array.from({ length: 7 }, (_, n) => ({ body: `event ${n}` })))
        .withHeader("timestamp", timestamp).withHeader("kind", "a/b").with({ position: { in: 7 } });
      await (await sink.write(batch, signal))!.delivered;
      await sink.close!();
      const tree = await readTree(connectHdfs(env.HDFS_WEBHDFS!), "/flume");
      const names = Object.keys(tree).map((path) => /^20231115\/a%2Fb\/logs-\.(\d+)$/.exec(path)?.[1]).map(
        Number,
      );
      const [first = NaN] = names;
      assert.ok(first > startMs && first <= Date.now() + 1, `the counter begins with ${first}`);
      assert.deepEqual(names, [first, first + 1, first + 2]);
      assert.deepEqual(Object.values(tree), [
        "event 0\nevent 1\nevent 2\n",
        "event 3\nevent 4\nevent 5\n",
        "event 6\n",
      ]);
    });
  },
);

hdfsTest(
  "hdfs sink sends a file ahead while it grows, and shows it only when it is whole",
  async ({ env }) => {
    await withFolders(async ({ state: stateDir }) => {
      const sink = await makeHdfs(settingsFor(env, "/ahead"), { stateDir });
      const client = connectHdfs(env.HDFS_WEBHDFS!);
      const body = "x".repeat(MIB - 1);
      const write = async (count: number) => {
        const answer = await sink.write(
          EventBatch.from(Array.from({ length: count }, () => ({ body }))),
          signal,
        );
        await answer!.delivered;
      };
      await write(20);
      await until("the file to be sent ahead", async () => {
        for await (const { name } of client.list("/ahead")) return name.endsWith(".tmp");
        return false;
      });
      await write(12);
      await sink.close!();
      const [[name, text] = ["", ""], ...others] = Object.entries(await readTree(client, "/ahead"));
      assert.match(name, /^FlumeData\.\d+$/);
      assert.deepEqual([text.length, others.length], [32 * MIB, 0]);
    });
  },
);

hdfsTest("hdfs sink has time to send its files with a callTimeout of 0", async ({ env }) => {
  await withFolders(async ({ state: stateDir }) => {
    const sink = await makeHdfs({ ...settingsFor(env, "/patient"), callTimeout: 0 }, { stateDir });
    await deliver(sink, "eins");
    await sink.close!();
    const tree = await readTree(connectHdfs(env.HDFS_WEBHDFS!), "/patient");
    assert.deepEqual(Object.values(tree), ["eins\n"]);
  });
});

hdfsTest(
  "hdfs sink goes on with what an earlier one staged while the NameNode was away",
  async (server) => {
    await withFolders(async ({ state: stateDir }) => {
      const settings = { ...settingsFor(server.env, "/away"), rollCount: 1, callTimeout: 5000 };
      await server.control("stop namenode1");
      const sink = await makeHdfs(settings, { stateDir });
      await deliver(sink, "eins", { position: { in: 1 } });
      await until(
        "the reason to be shown",
        () => sink.context.lines.some(({ text }) => /ConnectionLost|connect/i.test(text)),
      );
      await deliver(sink, "zwei", { position: { in: 2 } });
      await sink.close!();
      assert.ok(sink.context.lines.some(({ text }) => text.startsWith("Files stay in the stage")));
      await server.control("start namenode1");
      const anew = await makeHdfs(settings, { stateDir });
      assert.deepEqual(await anew.resume!(), { in: 2 });
      const client = connectHdfs(server.env.HDFS_WEBHDFS!);
      const isNamed = ({ name }: { name: string }) => !name.endsWith(".tmp");
      const files = async () => (await Array.fromAsync(client.list("/away"))).filter(isNamed);
      await until("the files", async () => (await files()).length === 2);
      await anew.close!();
      assert.deepEqual(Object.values(await readTree(client, "/away")), ["eins\n", "zwei\n"]);
    });
  },
);

hdfsTest(
  "hdfs sink that appends refuses events whose header chose a folder without a right to it, until there is one",
  async ({ env }) => {
    await withFolders(async ({ state: stateDir }) => {
      const client = connectHdfs(env.HDFS_WEBHDFS!);
      await client.mkdirs("/rights/closed");
      const letAll = async (path: string) => {
        const query = "op=SETPERMISSION&permission=777&user.name=root";
        await (await fetch(`http://${env.HDFS_WEBHDFS}/webhdfs/v1${path}?${query}`, { method: "PUT" })).body
          ?.cancel();
      };
      await letAll("/rights");
      const settings = { ...settingsFor(env, "/rights/%{kind}"), user: "alice", durable: "append" };
      let nowMs = Date.now();
      const clock = { ...systemClock, now: () => nowMs };
      const sink = await makeHdfs(settings, { stateDir, clock });
      const batch = EventBatch.from(
        ["open", "closed", "open", "closed"].map((kind, n) => ({ body: `event ${n}`, headers: { kind } })),
      );
      const isRefusal = (cause: unknown) =>
        cause instanceof PoisonError && cause.indexes.join() === "1,3" &&
        /takes no files in "rights\/closed": .*Permission denied: user=alice/.test(errorText(cause));
      await assert.rejects(async () => await sink.write(batch, signal), isRefusal);
      await (await sink.write(batch.filter((index) => index % 2 === 0), signal))!.delivered;
      await letAll("/rights/closed");
      await assert.rejects(async () => await sink.write(batch, signal), isRefusal);
      nowMs += 10_000;
      await (await sink.write(batch, signal))!.delivered;
      await sink.close!();
      assert.deepEqual(Object.values(await readTree(client, "/rights")), [
        "event 1\nevent 3\n",
        "event 0\nevent 2\nevent 0\nevent 2\n",
      ]);
      client.close();
    });
  },
);

hdfsTest("hdfs sink writes a compressed SequenceFile that Hadoop reads", async ({ env }) => {
  await withFolders(async ({ state: stateDir }) => {
    const settings = {
      ...settingsFor(env, "/sequence"),
      fileType: "SequenceFile",
      writeFormat: "Text",
      codeC: "gzip",
    };
    const sink = await makeHdfs(settings, { stateDir });
    await deliver(sink, "eins", { headers: { timestamp: "1700000000000" } });
    await deliver(sink, "zwei", { headers: { timestamp: "1700000000001" } });
    await sink.close!();
    const [name] = Object.keys(await readTree(connectHdfs(env.HDFS_WEBHDFS!), "/sequence"));
    const text = await runHdfsCli(env, ["dfs", "-text", `/sequence/${name}`]);
    assert.equal(text, "1700000000000\teins\n1700000000001\tzwei\n");
  });
});

hdfsTest(
  "hdfs sink cuts back a file that it appended to before it was killed, and gives it its name",
  async ({ env }) => {
    await withFolders(async ({ state: stateDir }) => {
      const settings = { ...settingsFor(env, "/grown"), durable: "append", appendInterval: 1, codeC: "" };
      const client = connectHdfs(env.HDFS_WEBHDFS!);
      const sink = await makeHdfs(settings, { stateDir });
      await deliver(sink, "eins", { position: { in: 1 } });
      await deliver(sink, "zwei", { position: { in: 2 } });
      assert.deepEqual(Object.values(await readTree(client, "/grown")), ["eins\nzwei\n"]);
      // What it appends from now on is not in the manifest that the next one finds.
      copyFolder(stateDir, `${stateDir}-kept`);
      await deliver(sink, "drei", { position: { in: 3 } });
      const [[inUse = ""] = []] = Object.entries(await readTree(client, "/grown"));
      assert.match(inUse, /^FlumeData\.\d+\.[0-9a-f]{6}\.tmp$/);
      const next = await makeHdfs(settings, { stateDir: `${stateDir}-kept` });
      assert.deepEqual(await next.resume!(), { in: 2 });
      await deliver(next, "drei", { position: { in: 3 } });
      await next.close!();
      const tree = await readTree(client, "/grown");
      assert.deepEqual(Object.values(tree), ["eins\nzwei\n", "drei\n"]);
      assert.ok(Object.keys(tree).every((name) => /^FlumeData\.\d+$/.test(name)), Object.keys(tree).join());
      await sink.close!();
    });
  },
);

hdfsTest(
  "hdfs sink appends one gzip stream after the other, and Hadoop reads them as one",
  async ({ env }) => {
    await withFolders(async ({ state: stateDir }) => {
      const kind = { fileType: "CompressedStream", codeC: "gzip", durable: "append", appendInterval: 1 };
      const sink = await makeHdfs({ ...settingsFor(env, "/members"), ...kind }, { stateDir });
      for (const body of ["eins", "zwei", "drei"]) await deliver(sink, body);
      await sink.close!();
      const [name] = Object.keys(await readTree(connectHdfs(env.HDFS_WEBHDFS!), "/members"));
      assert.equal(await runHdfsCli(env, ["dfs", "-text", `/members/${name}`]), "eins\nzwei\ndrei\n");
    });
  },
);
