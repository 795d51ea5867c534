import assert from "node:assert/strict";
import { errorText } from "sluice/plugin";
import { type Folder, inFolder, numbered, numbersOf, put, range, take, takeNumbers } from "./_channels.ts";

function writeKeys(folder: Folder, ...names: string[]): string {
  const path = `${folder.path}/keys`;
  const line = (name: string) => `${name} ${name.charCodeAt(0).toString(16).repeat(32)}\n`;
  Deno.writeTextFileSync(path, names.map(line).join(""));
  return path;
}

/** The segments as text, to look for what should not be there. */
function stored(folder: Folder): string {
  const names = Array.from(Deno.readDirSync(`${folder.path}/journal`), ({ name }) => name);
  return names.filter((name) => name.endsWith(".seg"))
    .map((name) => new TextDecoder("latin1").decode(Deno.readFileSync(`${folder.path}/journal/${name}`)))
    .join("");
}

Deno.test("file channel with zstd stores less, and gives the same", async () => {
  await inFolder(async (folder) => {
    const settings = { compression: "zstd" };
    const channel = await folder.open("main", settings);
    const emptyBytes = folder.segmentBytes();
    await put(channel, numbered(0, 500, 1000));
    assert.ok(folder.segmentBytes() - emptyBytes < 100_000);
    assert.deepEqual(numbersOf((await take(channel)).batch), range(0, 500));
    await channel.close();
    const again = await folder.open("main", settings);
    assert.deepEqual(await takeNumbers(again, 500), range(0, 500));
  });
});

Deno.test("file channel with a key file stores nothing in the clear, and reads old keys after a new one", async () => {
  await inFolder(async (folder) => {
    const settings = { "encryption.keyFile": writeKeys(folder, "a", "b"), compression: "zstd" };
    const channel = await folder.open("main", settings);
    await put(channel, numbered(0, 20, 50));
    await channel.close();
    assert.ok(!stored(folder).includes("xxxxxxxx"));
    const renewed = await folder.open("main", { ...settings, "encryption.activeKey": "b" });
    await put(renewed, numbered(20, 40, 50));
    assert.ok(!stored(folder).includes("xxxxxxxx"));
    assert.deepEqual(await takeNumbers(renewed, 40), range(0, 40));
  });
});

Deno.test("file channel with a key of the wrong length says so, and makes no journal", async () => {
  await inFolder(async (folder) => {
    const path = `${folder.path}/keys`;
    Deno.writeTextFileSync(path, "# keys\nshort 00ff\n");
    await assert.rejects(
      folder.open("main", { "encryption.keyFile": path }),
      (thrown: Error) =>
        /^Channel "main" cannot open its journal; .*line 2.* not 32$/.test(errorText(thrown)),
    );
    assert.deepEqual(Array.from(Deno.readDirSync(folder.path), ({ name }) => name), ["keys"]);
    await assert.rejects(
      folder.open("main", { "encryption.keyFile": `${path}.none` }),
      /Cannot read the key file/,
    );
  });
});
