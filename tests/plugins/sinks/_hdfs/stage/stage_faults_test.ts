import assert from "node:assert/strict";
import { type Codec, type Context, EventBatch, type Position, systemClock } from "sluice/plugin";
import text from "../../../../../plugins/codecs/text.ts";
import { Buckets } from "../../../../../plugins/sinks/_hdfs/buckets.ts";
import { plainStream } from "../../../../../plugins/sinks/_hdfs/formats/format_stream.ts";
import { LocalStore } from "../../../../../plugins/sinks/_hdfs/stores/local_store.ts";
import { StageSink, type StageSinkParts } from "../../../../../plugins/sinks/_hdfs/stage/stage_sink.ts";
import { type LogLine, testContext } from "../../../../support/context.ts";
import { until } from "../../../../support/until.ts";
import { deliver, filesBelow, withFolders } from "../making.ts";
import { ShakyStore } from "../shaky_store.ts";

const HOST = { name: "here", address: "127.0.0.1", fqdn: "here" };
const ROLLS = { rollIntervalMs: 0, rollBytes: 0, rollEvents: 1, idleMs: 0, isExact: true };

interface Made {
  readonly sink: StageSink;
  readonly store: ShakyStore;
  readonly context: Context & { readonly lines: LogLine[] };
}

type Folders = { readonly out: string; readonly state: string };

/** A sink that makes a file of each event, below a folder of its header `kind`. */
function makeStage(
  { out, state }: Folders,
  change: Partial<StageSinkParts> & { stop?: AbortSignal } = {},
): Made {
  // Waits of the backoff are not what is tested here.
  const clock = {
    now: () => Date.now(),
    sleep: (ms: number, stop?: AbortSignal) => systemClock.sleep(ms / 100, stop),
  };
  const context = testContext({ stateDir: state, clock, stopSignal: change.stop });
  const store = new ShakyStore(new LocalStore(out));
  const names = {
    path: "%{kind}",
    filePrefix: "f",
    inUsePrefix: "",
    inUseSuffix: ".tmp",
    end: "",
    headerSlashes: "encode",
  } as const;
  const codec = text.create({ appendNewline: true } as never, context) as Codec;
  const sink = new StageSink({
    context,
    store,
    buckets: new Buckets({ ...names, isAlwaysApart: true, useLocalTimeStamp: false, host: HOST }, clock),
    format: plainStream(codec),
    formats: {
      text: "",
      transformOf: () => Promise.resolve(undefined),
      close: () => {},
    } as unknown as StageSinkParts["formats"],
    target: "file",
    rolls: { ...ROLLS, maxOpenFiles: 10 },
    slots: 2,
    closeTries: 0,
    retryMs: 1000,
    stageBytes: 0,
    ...change,
  });
  return { sink, store, context };
}

const bodiesBelow = (folder: string) => Object.values(filesBelow(folder)).sort();
const send = (sink: StageSink, body: string, kind = "k") => deliver(sink, body, { headers: { kind } });
const stagedBelow = (folder: string) => Object.keys(filesBelow(`${folder}/hdfs/test/stage`)).length;

for (const name of ["put", "publish"] as const) {
  for (const fate of ["refused", "unknown"] as const) {
    Deno.test(`hdfs stage has each file once when ${name} is ${fate} again and again`, async () => {
      await withFolders(async (folders) => {
        const { sink, store, context } = makeStage(folders);
        store.fateOf = (call) => call.name === name && call.count % 3 !== 0 ? fate : "done";
        for (const body of ["1", "2", "3", "4"]) await send(sink, body);
        await until("all files", () => stagedBelow(folders.state) === 0);
        await sink.close();
        assert.deepEqual(bodiesBelow(folders.out), ["1\n", "2\n", "3\n", "4\n"]);
        assert.ok(context.lines.some(({ text }) => text.startsWith("Trying again:")));
        assert.equal(context.lines.findLast(({ text }) => /Recovered|Trying/.test(text))?.text, "Recovered");
      });
    });
  }
}

Deno.test("hdfs stage sends a file again that somebody took away before it had its name", async () => {
  await withFolders(async (folders) => {
    const { sink, store } = makeStage(folders);
    store.fateOf = ({ name, count, path }) => {
      if (name === "publish" && count === 1) Deno.removeSync(`${folders.out}/${path}.tmp`);
      return "done";
    };
    await send(sink, "1");
    await until("the file", () => stagedBelow(folders.state) === 0);
    await sink.close();
    assert.deepEqual(bodiesBelow(folders.out), ["1\n"]);
  });
});

Deno.test("hdfs stage takes a file for published that was fetched before the answer came", async () => {
  await withFolders(async (folders) => {
    const { sink, store } = makeStage(folders);
    const fetched: string[] = [];
    store.fateOf = ({ name, count, path }) => {
      if (name !== "publish" || count > 2) return "done";
      if (count === 1) return "unknown";
      fetched.push(Deno.readTextFileSync(`${folders.out}/${path}`));
      Deno.removeSync(`${folders.out}/${path}`);
      return "done";
    };
    await send(sink, "1");
    await until("the file to leave", () => stagedBelow(folders.state) === 0);
    await sink.close();
    assert.deepEqual([fetched, bodiesBelow(folders.out)], [["1\n"], []]);
  });
});

Deno.test("hdfs stage gives a file the next name when its own is taken, and replaces nothing", async () => {
  await withFolders(async (folders) => {
    const { sink, store } = makeStage(folders);
    store.fateOf = ({ name, count, path }) => {
      if (name === "publish" && count === 1) {
        Deno.writeTextFileSync(`${folders.out}/${path}`, "somebody else's");
      }
      return "done";
    };
    await send(sink, "1");
    await until("the file", () => stagedBelow(folders.state) === 0);
    await sink.close();
    const [[first, theirs] = [], [second, ours] = []] = Object.entries(filesBelow(folders.out));
    assert.deepEqual([theirs, ours, second], ["somebody else's", "1\n", `${first}-1`]);
  });
});

Deno.test("hdfs stage goes on with other files when one is refused for good", async () => {
  await withFolders(async (folders) => {
    const { sink, store, context } = makeStage(folders);
    const denied = Object.assign(new Error("AccessControlException"), { canRetry: false });
    let isDenied = true;
    store.fateOf = ({ path }) => isDenied && path.startsWith("closed/") ? denied : "done";
    await send(sink, "1", "closed");
    for (const body of ["2", "3", "4"]) await send(sink, body, "open");
    await until("the other files", () => bodiesBelow(folders.out).length === 3);
    assert.ok(context.lines.some(({ text }) => text === "Trying again: AccessControlException"));
    assert.ok(!context.lines.some(({ text }) => text === "Recovered"));
    isDenied = false;
    await until("the first file", () => stagedBelow(folders.state) === 0);
    await sink.close();
    assert.deepEqual(bodiesBelow(folders.out), ["1\n", "2\n", "3\n", "4\n"]);
    assert.ok(context.lines.some(({ text }) => text === "Recovered"));
  });
});

Deno.test("hdfs stage lets writes wait while it is full, and a stop take them back", async () => {
  await withFolders(async (folders) => {
    const stopping = new AbortController();
    const { sink, store } = makeStage(folders, { stageBytes: 300, stop: stopping.signal });
    store.fateOf = () => "refused";
    let written = 0;
    const feed = async () => {
      for (; written < 20; written++) await send(sink, String(written));
    };
    let hasEnded = false;
    const feeding = feed().finally(() => hasEnded = true);
    feeding.catch(() => {});
    const staged = () => Object.values(filesBelow(`${folders.state}/hdfs/test/stage`)).join("").length;
    await until("the stage to be full", () => staged() >= 300);
    assert.ok(!hasEnded);
    stopping.abort();
    await assert.rejects(feeding, /The stage holds \d+ of 300 bytes/);
    assert.ok(written > 1 && written < 8, `${written} were written`);
    await sink.close();
    const { sink: next } = makeStage(folders);
    await next.resume();
    await until("what was staged", () => stagedBelow(folders.state) === 0);
    await next.close();
    assert.equal(bodiesBelow(folders.out).length, written);
  });
});

Deno.test("hdfs stage that stays full refuses writes where another sink of a group can take them", async () => {
  await withFolders(async (folders) => {
    let nowMs = 0;
    const clock = {
      now: () => nowMs += 1000,
      sleep: (ms: number, stop?: AbortSignal) => systemClock.sleep(ms / 100, stop),
    };
    const context = testContext({ stateDir: folders.state, clock, hasSubstitutes: true });
    const { sink, store } = makeStage(folders, { stageBytes: 1, context });
    store.fateOf = () => "refused";
    await send(sink, "1");
    await assert.rejects(send(sink, "2"), /The stage holds \d+ of 1 bytes/);
    await sink.close();
  });
});

Deno.test("hdfs stage finishes open files when they alone fill it", async () => {
  await withFolders(async (folders) => {
    const { sink } = makeStage(folders, {
      stageBytes: 200,
      rolls: { ...ROLLS, rollEvents: 0, maxOpenFiles: 10 },
    });
    for (let n = 0; n < 30; n++) await send(sink, "x".repeat(50));
    await sink.close();
    assert.equal(bodiesBelow(folders.out).join("").length, 30 * 51);
    assert.ok(bodiesBelow(folders.out).length > 1);
  });
});

Deno.test("hdfs stage leaves a file to the next start after closeTries, and says so", async () => {
  await withFolders(async (folders) => {
    const { sink, store, context } = makeStage(folders, { closeTries: 2, retryMs: 100 });
    store.fateOf = ({ name }) => name === "publish" ? "refused" : "done";
    await deliver(sink, "1", { headers: { kind: "k" }, position: { in: 1 } });
    await until("it to give up", () => context.lines.some(({ level }) => level === "error"));
    assert.match(context.lines.find(({ level }) => level === "error")!.text, /^Not published after 2 tries/);
    await sink.close();
    const { sink: next } = makeStage(folders);
    assert.deepEqual(await next.resume() as Position, { in: 1 });
    await until("the file", () => stagedBelow(folders.state) === 0);
    await next.close();
    assert.deepEqual(bodiesBelow(folders.out), ["1\n"]);
  });
});

Deno.test("hdfs stage stops within its patience while its target does not answer", async () => {
  await withFolders(async (folders) => {
    const { sink, store, context } = makeStage(folders);
    const silent = Promise.withResolvers<"refused">();
    store.fateOf = () => silent.promise;
    await send(sink, "1");
    const closing = sink.close();
    setTimeout(() => silent.resolve("refused"), 300);
    await closing;
    assert.ok(context.lines.some(({ text }) => text.startsWith("Files stay in the stage")));
    assert.equal(stagedBelow(folders.state), 1);
  });
});

Deno.test("hdfs stage takes a batch whose events go into many files back as a whole when one cannot be opened", async () => {
  await withFolders(async (folders) => {
    const { sink } = makeStage(folders, {
      rolls: { ...ROLLS, rollEvents: 3, maxOpenFiles: 1 },
    });
    const batch = EventBatch.from(["1", "2", "3", "4", "5"].map((body) => ({ body }))).withHeader(
      "kind",
      "k",
    );
    const { openSync } = Deno;
    let opens = 0;
    Deno.openSync = (path, options) => {
      if (options?.createNew && ++opens === 2) throw new Error("Too many open files");
      return openSync(path, options);
    };
    try {
      await sink.resume();
      await assert.rejects(
        async () => await sink.write(batch, new AbortController().signal),
        /Cannot create a file/,
      );
    } finally {
      Deno.openSync = openSync;
    }
    await (await sink.write(batch, new AbortController().signal))!.delivered;
    await sink.close();
    assert.deepEqual(bodiesBelow(folders.out), ["1\n2\n3\n", "4\n5\n"]);
  });
});

Deno.test("hdfs stage tells of small files and the setting that makes them, once in a while", async () => {
  await withFolders(async (folders) => {
    const { sink, store, context } = makeStage(folders);
    store.blockBytes = 100;
    for (const body of ["1", "2", "3", "0123456789"]) await send(sink, body);
    await sink.close();
    const told = context.lines.filter(({ text }) => text.startsWith("Files are much smaller"));
    const text = "Files are much smaller than a block: hdfs.rollCount closes them";
    assert.deepEqual(told.map(({ text }) => text), [text]);
    const names = [
      "PublishedFileCount",
      "PublishedByteCount",
      "SmallFileCount",
      "StagedFiles",
      "StagedBytes",
    ];
    assert.deepEqual(names.map((name) => context.counters.get(name)), [4, 17, 3, 0, 0]);
  });
});
