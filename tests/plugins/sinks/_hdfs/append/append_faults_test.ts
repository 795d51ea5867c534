import assert from "node:assert/strict";
import { type Clock, EventBatch, systemClock } from "sluice/plugin";
import { LocalAppends } from "../../../../../plugins/sinks/_hdfs/stores/local_appends.ts";
import { until } from "../../../../support/until.ts";
import { deliver, filesBelow, makeHdfs, withFolders } from "../making.ts";

/** Puts another call in the place of one of a store that appends, until the result is disposed of. */
function replaceCall<K extends "append" | "truncate" | "recover">(
  name: K,
  make: (real: LocalAppends[K]) => (this: LocalAppends, ...args: Parameters<LocalAppends[K]>) => unknown,
): Disposable {
  const real = LocalAppends.prototype[name];
  Object.assign(LocalAppends.prototype, { [name]: make(real) });
  return { [Symbol.dispose]: () => void Object.assign(LocalAppends.prototype, { [name]: real }) };
}

/** A clock that runs so many times as fast. */
function hastyClock(factor: number): Clock {
  const startMs = Date.now();
  return {
    now: () => startMs + (Date.now() - startMs) * factor,
    sleep: (ms, stop) => systemClock.sleep(ms / factor, stop),
  };
}

const batchOf = (body: string) => EventBatch.from([{ body }]);
const SETTINGS = { durable: "append", appendInterval: 1, rollCount: 3 };

Deno.test("hdfs sink cuts off an append of which nobody knows whether it was done, and repeats nothing", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const settings = { ...SETTINGS, path: `file://${out}` };
    const stop = new AbortController();
    const sink = await makeHdfs(settings, { stateDir, stopSignal: stop.signal });
    await deliver(sink, "1", { position: { in: 1 } });
    {
      stop.abort();
      using _losing = replaceCall("append", (real) =>
        async function (path, parts) {
          await real.call(this, path, parts);
          throw new Error("No answer");
        });
      await assert.rejects(() => deliver(sink, "2", { position: { in: 2 } }), /Cannot append to ".*\.tmp"/);
      await assert.rejects(() => deliver(sink, "3", { position: { in: 3 } }));
      await sink.close!();
    }
    assert.deepEqual(Object.values(filesBelow(out)), ["1\n2\n"]);
    const next = await makeHdfs(settings, { stateDir });
    assert.deepEqual(await next.resume!(), { in: 1 });
    for (const n of [2, 3]) await deliver(next, String(n), { position: { in: n } });
    await next.close!();
    assert.deepEqual(Object.values(filesBelow(out)), ["1\n", "2\n3\n"]);
  });
});

Deno.test("hdfs sink goes on by itself when appends fail for a while, cuts off what they left, and tells why", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const sink = await makeHdfs({ ...SETTINGS, path: `file://${out}` }, { stateDir });
    await deliver(sink, "1");
    let appends = 0;
    let asked = 0;
    using _losing = replaceCall("append", (real) =>
      async function (path, parts) {
        await real.call(this, path, parts);
        if (++appends < 3) throw new Error(`No answer ${appends}`);
      });
    using _held = replaceCall("recover", () => () => Promise.resolve(++asked > 1));
    await deliver(sink, "2");
    const told = sink.context.lines.filter(({ level }) => level === "warn").map(({ text }) => text);
    assert.equal(told.length, 3, told.join("\n"));
    assert.match(told.join("\n"), /No answer 1\n.*still held for a writer.*\n.*No answer 2/);
    assert.equal(sink.context.lines.at(-1)!.text, "Recovered");
    await deliver(sink, "3");
    await sink.close!();
    assert.deepEqual(Object.values(filesBelow(out)), ["1\n2\n3\n"]);
  });
});

Deno.test("hdfs sink in a group refuses what its target does not take for ten seconds, and goes on later", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const settings = { ...SETTINGS, path: `file://${out}` };
    const clock = hastyClock(100);
    const sink = await makeHdfs(settings, { stateDir, clock, hasSubstitutes: true });
    await deliver(sink, "1", { position: { in: 1 } });
    {
      using _failing = replaceCall("append", () => () => Promise.reject(new Error("ConnectionLost")));
      const startMs = clock.now();
      await assert.rejects(deliver(sink, "2"), (cause: Error) => /ConnectionLost/.test(String(cause.cause)));
      assert.ok(clock.now() - startMs >= 10_000);
      await assert.rejects(deliver(sink, "2"));
      await sink.close!();
      using _held = replaceCall("recover", () => () => Promise.resolve(false));
      const next = await makeHdfs(settings, { stateDir, clock, hasSubstitutes: true });
      await assert.rejects(() => next.resume!(), /still held for a writer/);
      await next.close!();
    }
    const next = await makeHdfs(settings, { stateDir, clock, hasSubstitutes: true });
    assert.deepEqual(await next.resume!(), { in: 1 });
    await deliver(next, "2");
    await next.close!();
    assert.deepEqual(Object.values(filesBelow(out)), ["1\n", "2\n"]);
  });
});

Deno.test("hdfs sink fails, for the next start to look, when somebody cut a file that it appends to", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const sink = await makeHdfs({ ...SETTINGS, path: `file://${out}` }, { stateDir });
    await deliver(sink, "1");
    using _failing = replaceCall("append", () => (path) => {
      for (const { name } of Deno.readDirSync(out)) Deno.truncateSync(`${out}/${name}`, 1);
      return Promise.reject(new Error(`Broken: ${path}`));
    });
    await assert.rejects(deliver(sink, "2"), (cause: Error) => /has 1 of 2 bytes/.test(String(cause.cause)));
    await sink.close!();
  });
});

Deno.test("hdfs sink fails, and goes on in another file, when somebody removed one that it appends to", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const settings = { ...SETTINGS, path: `file://${out}` };
    const sink = await makeHdfs(settings, { stateDir });
    await deliver(sink, "1", { position: { in: 1 } });
    {
      using _failing = replaceCall("append", () => () => {
        for (const { name } of Deno.readDirSync(out)) Deno.removeSync(`${out}/${name}`);
        return Promise.reject(new Error("Broken"));
      });
      await assert.rejects(
        deliver(sink, "2"),
        (cause: Error) => /is gone: somebody/.test(String(cause.cause)),
      );
      await sink.close!();
    }
    const next = await makeHdfs(settings, { stateDir });
    assert.deepEqual(await next.resume!(), { in: 1 });
    await deliver(next, "2");
    await next.close!();
    assert.deepEqual(Object.values(filesBelow(out)), ["2\n"]);
  });
});

Deno.test("hdfs sink that appends shows what it holds without being written to", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const clock = hastyClock(50);
    const sink = await makeHdfs({ ...SETTINGS, path: `file://${out}` }, { stateDir, clock });
    for (const body of ["1", "2", "3"]) await deliver(sink, body);
    await until("the gauges to be right", () => {
      const { OpenFiles, UnconfirmedBytes, FilesBeingNamed } = sink.context.counters.snapshot();
      return [OpenFiles, UnconfirmedBytes, FilesBeingNamed].every((value) => value === 0);
    });
    await sink.close!();
  });
});

Deno.test("hdfs sink waits for a file that the server still holds for a writer that is gone, and tells why", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const settings = { ...SETTINGS, path: `file://${out}` };
    const stop = new AbortController();
    const first = await makeHdfs(settings, { stateDir, stopSignal: stop.signal });
    await deliver(first, "1", { position: { in: 1 } });
    {
      stop.abort();
      using _failing = replaceCall("append", () => () => Promise.reject(new Error("ConnectionLost")));
      await assert.rejects(() => deliver(first, "2", { position: { in: 2 } }));
      await first.close!();
    }
    let asked = 0;
    using _held = replaceCall("recover", () => () => Promise.resolve(++asked > 2));
    const clock = hastyClock(100);
    const next = await makeHdfs(settings, { stateDir, clock });
    assert.deepEqual(await next.resume!(), { in: 1 });
    assert.ok(next.context.lines.some(({ text }) => /still held for a writer/.test(text)));
    assert.ok(next.context.lines.some(({ text }) => text === "Recovered"));
    await next.close!();
    assert.deepEqual(Object.values(filesBelow(out)), ["1\n"]);
  });
});

Deno.test("hdfs sink lets writes wait while appends are slow, and sends many events in one", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const gate = Promise.withResolvers<void>();
    let appends = 0;
    using _slow = replaceCall("append", (real) =>
      async function (path, parts) {
        if (++appends === 1) await gate.promise;
        return await real.call(this, path, parts);
      });
    const settings = { ...SETTINGS, path: `file://${out}`, rollCount: 0, appendSize: 1000 };
    const sink = await makeHdfs(settings, { stateDir });
    let written = 0;
    const feed = async () => {
      for (; written < 100; written++) {
        const answer = await sink.write(
          batchOf(`${written} ${"x".repeat(95)}`),
          new AbortController().signal,
        );
        answer!.delivered.catch(() => {});
      }
    };
    const feeding = feed();
    await until("writes to wait", () => written >= 20);
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
    assert.ok(written <= 22, `${written} were written while nothing was sent`);
    gate.resolve();
    await feeding;
    await sink.close!();
    assert.equal(Object.values(filesBelow(out)).join("").split("\n").length, 101);
    assert.ok(appends < 60, `${appends} appends for 100 events`);
  });
});

for (
  const [what, change, told] of [
    ["removed", (path: string) => Deno.removeSync(path), /^A file is gone/],
    ["cut", (path: string) => Deno.truncateSync(path, 1), /^A file has another length/],
  ] as const
) {
  Deno.test(`hdfs sink lets go of a file that somebody has ${what} before it got its name, and says so`, async () => {
    await withFolders(async ({ out, state: stateDir }) => {
      const sink = await makeHdfs({ ...SETTINGS, rollCount: 0, path: `file://${out}` }, { stateDir });
      let appends = 0;
      using _losing = replaceCall("append", (real) =>
        async function (path, parts) {
          await real.call(this, path, parts);
          if (++appends === 1) throw new Error("No answer");
        });
      await deliver(sink, "1");
      for (const { name } of Deno.readDirSync(out)) change(`${out}/${name}`);
      const { lines } = sink.context;
      const count = lines.length;
      await sink.close!();
      const texts = lines.slice(count).map(({ text }) => text);
      assert.equal(texts.length, 1, texts.join("\n"));
      assert.match(texts[0]!, told);
    });
  });
}
