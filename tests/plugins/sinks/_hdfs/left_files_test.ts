import assert from "node:assert/strict";
import type { Context } from "sluice/plugin";
import { sharedServerTest } from "../../../servers/mod.ts";
import { connectHdfs, readFile } from "../../../support/hdfs.ts";
import { HttpRelay } from "../../../support/http_relay.ts";
import { until } from "../../../support/until.ts";
import { deliver, filesBelow, type MadeHdfs, makeHdfs } from "./making.ts";

// What an earlier life left at the target is either wanted or in the way, and only a whole start tells which.

const hdfsTest = sharedServerTest("hdfs");
let count = 0;

/** A folder of HDFS, and sinks for it with one state. */
interface Bench {
  make(settings?: Record<string, unknown>, change?: Partial<Context>): Promise<MadeHdfs>;
  /** The setting for a NameNode to which every rename gets lost. */
  readonly forgetful: { readonly nameNodes: readonly string[] };
  /** The sink's part of the state folder. */
  readonly ownState: string;
  /** The setting for what passes for another cluster. */
  readonly elsewhere: { readonly nameNodes: readonly string[] };
  names(): Promise<string[]>;
  remove(name: string): Promise<unknown>;
  /** Name → text. */
  files(): Promise<Record<string, string>>;
}

function leftTest(name: string, body: (bench: Bench) => Promise<void>): void {
  hdfsTest(name, async ({ env }) => {
    const folder = `/left ${++count}`;
    const client = connectHdfs(env.HDFS_WEBHDFS!);
    const stateDir = await Deno.makeTempDir();
    using relay = new HttpRelay(`http://${env.HDFS_WEBHDFS}`);
    relay.meddle(/op=RENAME/, "lose", 1000);
    const forgetful = { nameNodes: [relay.endpoint] };
    const elsewhere = { nameNodes: [`http://localhost:${env.HDFS_WEBHDFS!.split(":")[1]}`] };
    const remove = (name: string) => client.remove(`${folder}/${name}`);
    const nameNodes = [`http://${env.HDFS_WEBHDFS}`];
    const target = { path: `${env.HDFS_URI}${folder}`, nameNodes, user: env.HDFS_USER };
    const make = (settings = {}, change = {}) =>
      makeHdfs({ ...target, callTimeout: 5000, ...settings }, { stateDir, ...change });
    const names = async () => (await Array.fromAsync(client.list(folder))).map(({ name }) => name);
    const files = async () => {
      const read = async (name: string) =>
        new TextDecoder().decode(await readFile(client, `${folder}/${name}`));
      return Object.fromEntries(
        await Promise.all((await names()).map(async (name) => [name, await read(name)])),
      );
    };
    try {
      const { context } = await make();
      await body({
        make,
        forgetful,
        elsewhere,
        names,
        remove,
        ownState: `${stateDir}/hdfs/${context.name}`,
        files,
      });
    } finally {
      client.close();
      await Deno.remove(stateDir, { recursive: true });
    }
  });
}

/** Starts a sink in vain, as a full disk makes it: its manifest cannot be written. */
async function startInVain({ make, ownState }: Bench, settings: Record<string, unknown>): Promise<void> {
  Deno.mkdirSync(`${ownState}/manifest.new`);
  const sink = await make(settings);
  await assert.rejects(sink.resume!());
  await sink.close!();
  Deno.removeSync(`${ownState}/manifest.new`);
}

leftTest("hdfs sink takes nothing away at a start that fails (durable: stage)", async (bench) => {
  const { make, forgetful, ownState, names, files } = bench;
  const first = await make({ rollCount: 1, ...forgetful });
  await deliver(first, "the only copy", { position: { in: 1 } });
  await until("the file to be sent", () => Array.from(Deno.readDirSync(`${ownState}/sent`)).length > 0);
  await first.close!();
  await startInVain(bench, { rollCount: 1 });
  assert.deepEqual(Object.values(await files()), ["the only copy\n"]);
  const last = await make({ rollCount: 1 });
  assert.deepEqual(await last.resume!(), { in: 1 });
  await until("the file to have its name", async () => !/\.tmp/.test((await names()).join()));
  await last.close!();
  assert.deepEqual(Object.values(await files()), ["the only copy\n"]);
});

leftTest("hdfs sink takes nothing away at a start that fails (durable: append)", async (bench) => {
  const { make, forgetful, files } = bench;
  const settings = { durable: "append", appendInterval: 1, closeTries: 1, retryInterval: 0 };
  const first = await make({ ...settings, ...forgetful });
  await deliver(first, "the only copy", { position: { in: 1 } });
  await first.close!();
  assert.match(Object.keys(await files()).join(), /\.tmp$/);
  const late = await make({ ...settings, ...forgetful }, { hasSubstitutes: true });
  await assert.rejects(late.resume!());
  await late.close!();
  await startInVain(bench, settings);
  assert.deepEqual(Object.values(await files()), ["the only copy\n"]);
  const last = await make(settings);
  assert.deepEqual(await last.resume!(), { in: 1 });
  await last.close!();
  assert.deepEqual(Object.values(await files()), ["the only copy\n"]);
  assert.doesNotMatch(Object.keys(await files()).join(), /\.tmp/);
});

leftTest("hdfs sink sends to a new target what had no name at the one before", async (bench) => {
  const { make, forgetful, elsewhere, ownState, names, files, remove } = bench;
  const first = await make({ rollCount: 1, ...forgetful });
  await deliver(first, "the only copy", { position: { in: 1 } });
  await until("the file to be sent", () => Array.from(Deno.readDirSync(`${ownState}/sent`)).length > 0);
  await first.close!();
  await remove((await names())[0]!);
  const next = await make({ rollCount: 1, ...elsewhere });
  await next.resume!();
  await until("the file", async () => (await names()).some((name) => !name.endsWith(".tmp")));
  await next.close!();
  assert.deepEqual(Object.values(await files()), ["the only copy\n"]);
});

leftTest("hdfs sink does not take what it appended to at another target for fetched", async (bench) => {
  const { make, forgetful, elsewhere, names, files, remove } = bench;
  const settings = { durable: "append", appendInterval: 1, closeTries: 1, retryInterval: 0 };
  const first = await make({ ...settings, ...forgetful });
  await deliver(first, "the only copy", { position: { in: 1 } });
  await first.close!();
  const [[name, text] = ["", ""]] = Object.entries(await files());
  await remove(name);
  const next = await make({ ...settings, ...elsewhere });
  await assert.rejects(next.resume!(), /was begun at "hdfs .* set hdfs\.path and hdfs\.nameNodes back/);
  await next.close!();
  assert.deepEqual([name.endsWith(".tmp"), text, await names()], [true, "the only copy\n", []]);
});

leftTest("hdfs sink sends others when a staged file cannot be made into one", async (bench) => {
  const { make, names, ownState } = bench;
  const stage = `${ownState}/stage`;
  const head = { stem: "left 0/a.1", end: "", inUse: "left 0/a.1.tmp", format: "no settings" };
  Deno.writeTextFileSync(`${stage}/1-000000001`, `${JSON.stringify(head)}\nrows`);
  const sink = await make({ rollCount: 1 });
  await deliver(sink, "eins", { position: { in: 1 } });
  await deliver(sink, "zwei", { position: { in: 2 } });
  const isNamed = (name: string) => !name.endsWith(".tmp");
  await until("the others", async () => (await names()).filter(isNamed).length === 2);
  await sink.close!();
  assert.deepEqual(Object.keys(filesBelow(stage)), ["1-000000001"]);
});

leftTest("hdfs sink leaves finished files alone that never had another name", async ({ make, files }) => {
  const settings = { durable: "append", appendInterval: 1, emptyInUseSuffix: true };
  for (const [life, text] of ["eins", "zwei", "drei"].entries()) {
    const sink = await make(settings);
    await sink.resume!();
    await deliver(sink, text, { position: { in: life } });
    await sink.close!();
  }
  assert.deepEqual(Object.values(await files()).sort(), ["drei\n", "eins\n", "zwei\n"]);
});

leftTest("hdfs sink leaves files in use alone that its manifest no longer knows", async (bench) => {
  const { make, forgetful, ownState, files } = bench;
  const settings = { durable: "append", appendInterval: 1, closeTries: 1, retryInterval: 0 };
  const first = await make({ ...settings, ...forgetful });
  await deliver(first, "delivered", { position: { in: 1 } });
  await first.close!();
  Deno.removeSync(`${ownState}/manifest`);
  const next = await make(settings);
  assert.equal(await next.resume!(), undefined);
  await next.close!();
  assert.deepEqual(Object.values(await files()), ["delivered\n"]);
});

leftTest("two hdfs sinks with one path and prefix lose nothing, and repeat nothing", async (bench) => {
  const { make, files } = bench;
  const other = await Deno.makeTempDir();
  const clock = { now: () => 1_700_000_000_000, sleep: sleepFor };
  const settings = { rollCount: 2, threadsPoolSize: 4 };
  const sinks = [await make(settings, { clock }), await make(settings, { clock, stateDir: other })];
  const wanted: string[] = [];
  for (let event = 0; event < 20; event++) {
    for (const [sink, made] of sinks.entries()) {
      wanted.push(`${sink} ${event}`);
      await deliver(made, `${sink} ${event}`, { position: { in: event } });
    }
  }
  await Promise.all(sinks.map((sink) => sink.close!()));
  await Deno.remove(other, { recursive: true });
  const there = Object.values(await files()).join("").trimEnd().split("\n");
  assert.deepEqual(there.sort(), wanted.sort());
});

/** Time goes on, though the clock does not show it. */
async function sleepFor(ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal?.addEventListener("abort", () => resolve(), { once: true });
  if (signal?.aborted) resolve();
  await promise;
  clearTimeout(timer);
}
