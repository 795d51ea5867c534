import assert from "node:assert/strict";
import { type Codec, EventBatch } from "sluice/plugin";
import avroEvent from "../../../plugins/codecs/avro_event.ts";
import { testContext } from "../../support/context.ts";
import {
  copyFolder,
  deliver,
  killed,
  make,
  manifestOf,
  resumed,
  stateOf,
  threeDeliveries,
} from "./restarting.ts";
import { contents, replaceFileCalls, withFolder } from "./rolling.ts";

const signal = new AbortController().signal;

Deno.test("file_roll knows its position after an orderly stop and goes on in a new file", async () => {
  await withFolder(async (directory) => {
    const sink = await make({ directory });
    assert.equal(await sink.resume!(), undefined);
    await deliver(sink, "eins", { "in@1": 1, "in@2": "a" });
    await deliver(sink, "zwei", { "in@1": 2 });
    await deliver(sink, "ohne Position");
    await deliver(sink, "vergessen", { "in@2": null });
    await deliver(sink, "ein Stück", {});
    await sink.close!();
    const anew = await make({ directory });
    assert.deepEqual(await anew.resume!(), { "in@1": 2 });
    await deliver(anew, "drei", { "in@1": 3 });
    await anew.close!();
    const found = contents(directory);
    assert.deepEqual(Object.values(found), ["eins\nzwei\nohne Position\nvergessen\nein Stück\n", "drei\n"]);
    assert.ok(Object.keys(found).every((name) => /^\d+-1$/.test(name)));
  });
});

Deno.test("file_roll writes a file under its name in use and renames it once it is delivered", async () => {
  await withFolder(async (directory) => {
    const names = { "sink.inUsePrefix": ".", "sink.inUseSuffix": ".part", extension: "log", rollCount: 2 };
    const sink = await make({ directory, ...names });
    await deliver(sink, "eins");
    assert.match(Object.keys(contents(directory)).join(), /^\.\d+-1\.log\.part$/);
    await deliver(sink, "zwei");
    await sink.close!();
    assert.match(Object.keys(contents(directory)).join(), /^\d+-1\.log$/);
  });
});

Deno.test("file_roll gives a file another name when its own was taken meanwhile", async () => {
  await withFolder(async (directory) => {
    const sink = await make({ directory });
    await deliver(sink, "unser");
    const name = Object.keys(contents(directory))[0]!.replace(".tmp", "");
    Deno.writeTextFileSync(`${directory}/${name}`, "somebody else's");
    await sink.close!();
    assert.deepEqual(contents(directory), { [name]: "somebody else's", [`${name}.1`]: "unser\n" });
  });
});

Deno.test("file_roll removes a file of which nothing was delivered", async () => {
  await withFolder(async (directory) => {
    await killed(directory, { directory }, async (sink, keep) => {
      await sink.write(EventBatch.from([{ body: "zu früh" }]).with({ position: { in: 1 } }), signal);
      keep();
    });
    assert.equal(Object.keys(contents(directory)).length, 1);
    assert.deepEqual(await resumed({ directory }).then(({ position, texts }) => [position, texts]), [
      undefined,
      [],
    ]);
  });
});

Deno.test("file_roll tells of files that were removed or shortened by hand, and starts", async () => {
  await withFolder(async (directory) => {
    await threeDeliveries(directory);
    const path = `${directory}/${Object.keys(contents(directory))[0]}`;
    Deno.truncateSync(path, 8);
    copyFolder(directory, `${directory}/../short`);
    copyFolder(stateOf(directory), `${directory}/../then`);
    const short = await resumed({ directory });
    assert.deepEqual([short.position, short.texts], [{ "in@1": 3 }, ["event 1\n"]]);
    assert.deepEqual(short.lines.map(({ level, text }) => [level, text]), [[
      "warn",
      "A file is shorter than it was",
    ]]);
    for (const name of Object.keys(contents(directory))) Deno.removeSync(`${directory}/${name}`);
    Deno.removeSync(stateOf(directory), { recursive: true });
    Deno.renameSync(`${directory}/../then`, stateOf(directory));
    const gone = await resumed({ directory });
    assert.deepEqual([gone.position, gone.texts], [{ "in@1": 3 }, []]);
    assert.deepEqual(gone.lines.map(({ level, text }) => [level, text]), [["warn", "A file is gone"]]);
    assert.deepEqual((await resumed({ directory })).lines, []);
  });
});

Deno.test("file_roll puts the old directory in order when it is told to use another one", async () => {
  await withFolder(async (directory) => {
    await threeDeliveries(directory);
    const [name] = Object.keys(contents(directory));
    Deno.writeTextFileSync(`${directory}/${name}`, "event 4\n", { append: true });
    const other = `${directory}/../other`;
    const sink = await make({ directory: other });
    assert.deepEqual(await sink.resume!(), { "in@1": 3 });
    await deliver(sink, "event 4", { "in@1": 4 });
    await sink.close!();
    assert.deepEqual(contents(directory), { [name!.replace(".tmp", "")]: "event 1\nevent 2\nevent 3\n" });
    assert.deepEqual(Object.values(contents(other)), ["event 4\n"]);
  });
});

Deno.test("file_roll finishes what it wrote without syncs, and promises no position for it", async () => {
  await withFolder(async (directory) => {
    const settings = { directory, "sink.sync": "never" };
    const sink = await make(settings);
    await deliver(sink, "eins", { in: 1 });
    const [name = ""] = Object.keys(contents(directory));
    const kept = Deno.readFileSync(manifestOf(directory));
    await sink.close!();
    Deno.renameSync(`${directory}/${name.replace(".tmp", "")}`, `${directory}/${name}`);
    Deno.writeFileSync(manifestOf(directory), kept);
    const { position, found } = await resumed(settings);
    assert.deepEqual([position, found], [undefined, { [name.replace(".tmp", "")]: "eins\n" }]);
  });
});

Deno.test("file_roll takes a failed write out of files that it had to close for others", async () => {
  await withFolder(async (directory) => {
    const sink = await make({ directory, bucket: "%{kind}", maxOpenFiles: 1 });
    const batch = EventBatch.from([{ body: "a" }, { body: "b" }]).withHeader("kind", ["x", "y"]);
    await (await sink.write(batch.with({ position: { in: 1 } }), signal))!.delivered;
    {
      let writes = 0;
      using _failing = replaceFileCalls(({ writeSync }) => ({
        writeSync(this: Deno.FsFile, bytes) {
          if (new TextDecoder().decode(bytes) === "b\n" && ++writes === 1) throw new Error("No space left");
          return writeSync.call(this, bytes);
        },
      }));
      await assert.rejects(
        async () => await sink.write(batch.with({ position: { in: 2 } }), signal),
        /Cannot write/,
      );
    }
    await (await sink.write(batch.with({ position: { in: 2 } }), signal))!.delivered;
    await sink.close!();
    assert.equal(Object.values(contents(`${directory}/x`)).join(""), "a\na\n");
    assert.equal(Object.values(contents(`${directory}/y`)).join(""), "b\nb\n");
    assert.deepEqual((await resumed({ directory, bucket: "%{kind}" })).position, { in: 2 });
  });
});

Deno.test("file_roll shares a directory with another sink", async () => {
  await withFolder(async (directory) => {
    const sinks = await Promise.all(["one", "two"].map((name) => make({ directory }, { name })));
    for (const [index, sink] of sinks.entries()) await deliver(sink, `from ${index}`, { in: index });
    for (const sink of sinks) await sink.close!();
    assert.deepEqual(Object.values(contents(directory)).sort(), ["from 0\n", "from 1\n"]);
    const anew = await make({ directory }, { name: "two" });
    assert.deepEqual(await anew.resume!(), { in: 1 });
    await anew.close!();
  });
});

Deno.test("file_roll leaves a whole Avro container when it cuts one", async () => {
  await withFolder(async (directory) => {
    const settings = { directory, serializer: "avro_event" };
    await killed(directory, settings, async (sink, keep) => {
      for (let n = 1; n <= 3; n++) await deliver(sink, `event ${n}`, { in: n });
      await sink.write(EventBatch.from([{ body: "event 4" }]).with({ position: { in: 4 } }), signal);
      keep();
    });
    await resumed(settings);
    const [name = ""] = Object.keys(contents(directory));
    const bytes = Deno.readFileSync(`${directory}/${name}`);
    const decoder = avroEvent.create(
      { schemaType: "LITERAL", maxBlockBytes: 1 << 20 } as never,
      testContext() as never,
    );
    const { batch, consumedBytes } = await (decoder as Codec).decoder!().decode(bytes, true);
    assert.deepEqual([batch.size, consumedBytes], [3, bytes.length]);
  });
});
