import assert from "node:assert/strict";
import { ConfigError } from "sluice/plugin";
import { encodeFrame } from "../../../plugins/sinks/_rolling/manifest_format.ts";
import { deliver, make, manifestOf, resumed, stateOf, threeDeliveries } from "./restarting.ts";
import { contents, replaceFileCalls, withFolder } from "./rolling.ts";

Deno.test("file_roll cuts off what was not delivered, wherever it was killed in the last frame of its manifest", async () => {
  await withFolder(async (directory) => {
    await threeDeliveries(directory);
    const manifest = Deno.readFileSync(manifestOf(directory));
    const text = new TextDecoder("latin1").decode(manifest);
    const [start, end] = [text.lastIndexOf("SFR1"), text.lastIndexOf("}") + 1];
    const [name = ""] = Object.keys(contents(directory));
    for (let kept = start; kept <= end; kept++) {
      const torn = manifest.slice().fill(kept % 2 === 0 ? 0 : 0x53, kept, end);
      Deno.writeFileSync(manifestOf(directory), torn);
      for (const found of Object.keys(contents(directory))) Deno.removeSync(`${directory}/${found}`);
      Deno.writeTextFileSync(`${directory}/${name}`, "event 1\nevent 2\nevent 3\nevent 4\nev");
      const { position, texts } = await resumed({ directory });
      const count = kept === end ? 3 : 2;
      assert.deepEqual(position, { "in@1": count }, `cut at ${kept}`);
      assert.deepEqual(texts, ["event 1\nevent 2\nevent 3\n".slice(0, 8 * count)], `cut at ${kept}`);
    }
  });
});

Deno.test("file_roll cuts nothing when its manifest is damaged, and says so", async () => {
  await withFolder(async (directory) => {
    await threeDeliveries(directory);
    const manifest = Deno.readFileSync(manifestOf(directory));
    const second = new TextDecoder("latin1").decode(manifest).indexOf('"in@1":2');
    manifest[second] = 0;
    Deno.writeFileSync(manifestOf(directory), manifest);
    const [name] = Object.keys(contents(directory));
    Deno.writeTextFileSync(`${directory}/${name}`, "event 4\n", { append: true });
    const { position, texts, lines } = await resumed({ directory });
    assert.deepEqual([position, texts], [{ "in@1": 3 }, ["event 1\nevent 2\nevent 3\nevent 4\n"]]);
    assert.deepEqual(lines.map(({ level }) => level), ["error"]);
    assert.match(lines[0]!.text, /manifest is damaged/);
  });
});

Deno.test("file_roll rejects a round whose manifest does not reach the disk, and takes it back", async () => {
  await withFolder(async (directory) => {
    const sink = await make({ directory });
    await deliver(sink, "sicher", { in: 1 });
    {
      let syncs = 0;
      using _failing = replaceFileCalls(({ syncData }) => ({
        syncData(this: Deno.FsFile) {
          return ++syncs === 2 ? Promise.reject(new Error("Input/output error")) : syncData.call(this);
        },
      }));
      await assert.rejects(deliver(sink, "unsicher", { in: 2 }), /Cannot force ".*manifest" to disk/);
    }
    await assert.rejects(deliver(sink, "danach", { in: 3 }), /Cannot force ".*manifest" to disk/);
    await sink.close!();
    const { position, texts } = await resumed({ directory });
    assert.deepEqual([position, texts], [{ in: 1 }, ["sicher\n"]]);
  });
});

Deno.test("file_roll keeps its manifest small", async () => {
  await withFolder(async (directory) => {
    const sink = await make({ directory });
    const long = "x".repeat(100_000);
    for (let n = 1; n <= 12; n++) await deliver(sink, `event ${n}`, { in: n, long: `${long}${n}` });
    assert.ok(Deno.statSync(manifestOf(directory)).size < 600_000);
    await sink.close!();
    assert.deepEqual((await resumed({ directory })).position, { in: 12, long: `${long}12` });
  });
});

Deno.test("file_roll refuses a manifest that another process uses, that is newer, or that has no folder to be in", async () => {
  await withFolder(async (directory) => {
    const sink = await make({ directory });
    await deliver(sink, "da");
    const second = await make({ directory });
    await assert.rejects(second.resume!(), (error: Error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(
        error.message,
        /^Folder ".*file_roll\/test" is in use by another process: stop that one, or/,
      );
      return true;
    });
    await sink.close!();
    assert.equal(await second.resume!(), undefined);
    await second.close!();
    Deno.writeFileSync(manifestOf(directory), encodeFrame({ version: 2 }));
    await assert.rejects(second.resume!(), (error: Error) => {
      assert.match(error.message, /^Cannot use ".*manifest"; move it away/);
      assert.match(String(error.cause), /Its format is version 2, and this program reads 1/);
      return true;
    });
    Deno.removeSync(stateOf(directory), { recursive: true });
    Deno.writeTextFileSync(stateOf(directory), "in the way");
    const third = await make({ directory });
    await assert.rejects(deliver(third, "nirgends"), /Cannot use the folder ".*": make it writable, or give/);
    assert.deepEqual(Object.values(contents(directory)), ["da\n"]);
  });
});
