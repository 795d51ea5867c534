import assert from "node:assert/strict";
import { ConfigError } from "sluice/plugin";
import { copyFolder } from "../../restarting.ts";
import { deliver, filesBelow, makeHdfs, withFolders } from "../making.ts";

/** Delivers an event into the stage, and leaves all as a kill would; gives the stage's folder and what makes a sink. */
async function withStaged(
  use: (stage: string, make: () => ReturnType<typeof makeHdfs>, out: string) => Promise<void>,
): Promise<void> {
  await withFolders(async ({ out, state: stateDir }) => {
    const make = () => makeHdfs({ path: `file://${out}` }, { stateDir });
    const first = await make();
    await deliver(first, "staged", { position: { in: 1 } });
    copyFolder(stateDir, `${stateDir}-kept`);
    await first.close!();
    for (const folder of [out, stateDir]) Deno.removeSync(folder, { recursive: true });
    Deno.renameSync(`${stateDir}-kept`, stateDir);
    Deno.mkdirSync(out);
    await use(`${stateDir}/hdfs/test/stage`, make, out);
  });
}

Deno.test("hdfs sink does not start without the disk of its stage, and sends what is there when it is back", async () => {
  await withStaged(async (stage, make, out) => {
    Deno.renameSync(stage, `${stage}-elsewhere`);
    Deno.mkdirSync(stage);
    const second = await make();
    await assert.rejects(() => second.resume!(), (cause) => {
      assert.ok(cause instanceof ConfigError);
      assert.match(cause.message, /^".*\/stage\/mark" is gone: mount .*, remove ".*\/stage\.marked"$/);
      return true;
    });
    await second.close!();
    Deno.removeSync(stage);
    Deno.renameSync(`${stage}-elsewhere`, stage);
    const third = await make();
    assert.deepEqual(await third.resume!(), { in: 1 });
    await third.close!();
    assert.deepEqual(Object.values(filesBelow(out)), ["staged\n"]);
  });
});

Deno.test("hdfs sink begins with an empty stage when somebody gives up what was in the old one", async () => {
  await withStaged(async (stage, make, out) => {
    Deno.removeSync(stage, { recursive: true });
    Deno.removeSync(`${stage}.marked`);
    const second = await make();
    assert.deepEqual(await second.resume!(), { in: 1 });
    await deliver(second, "danach");
    await second.close!();
    assert.deepEqual(Object.values(filesBelow(out)), ["danach\n"]);
  });
});

Deno.test("hdfs sink takes a stage for its own that has no mark yet", async () => {
  await withStaged(async (stage, make, out) => {
    for (const path of [`${stage}/mark`, `${stage}.marked`]) Deno.removeSync(path);
    const second = await make();
    await second.resume!();
    await second.close!();
    assert.deepEqual(Object.values(filesBelow(out)), ["staged\n"]);
    assert.ok(Deno.statSync(`${stage}/mark`).isDirectory);
  });
});

Deno.test("hdfs sink sends what is in a stage that has no mark and no room for one", async () => {
  await withStaged(async (stage, make, out) => {
    for (const path of [`${stage}/mark`, `${stage}.marked`]) Deno.removeSync(path);
    const { mkdirSync } = Deno;
    Deno.mkdirSync = (path, options) => {
      if (path === `${stage}/mark`) throw new Error("No space left on device (os error 28)");
      mkdirSync(path, options);
    };
    try {
      const second = await make();
      assert.deepEqual(await second.resume!(), { in: 1 });
      await second.close!();
      assert.match(
        second.context.lines.map(({ text }) => text).join(),
        /^The stage is not marked, .*No space/,
      );
    } finally {
      Deno.mkdirSync = mkdirSync;
    }
    assert.deepEqual(Object.values(filesBelow(out)), ["staged\n"]);
  });
});
