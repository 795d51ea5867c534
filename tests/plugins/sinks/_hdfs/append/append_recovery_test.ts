import assert from "node:assert/strict";
import { AppendName } from "../../../../../plugins/sinks/_hdfs/append/append_name.ts";
import { finishAppended } from "../../../../../plugins/sinks/_hdfs/append/append_recovery.ts";
import { LocalStore } from "../../../../../plugins/sinks/_hdfs/stores/local_store.ts";
import { testContext } from "../../../../support/context.ts";
import { filesBelow } from "../making.ts";
import { inFolder } from "../../../../trials/trial_folder.ts";

const NAME = new AppendName({ stem: "f", end: "", inUse: "f.tmp" });
const LEFT = { name: NAME, file: { bytes: 6, isFinished: false }, keepsTail: false };

Deno.test("an empty file that a late request made again under the in-use name gets no final name", async () => {
  await inFolder("late", async (folder) => {
    await Deno.writeTextFile(`${folder}/f`, "whole\n");
    await Deno.writeTextFile(`${folder}/f.tmp`, "");
    await finishAppended(LEFT, new LocalStore(folder), testContext());
    assert.deepEqual(filesBelow(folder), { f: "whole\n" });
  });
});

Deno.test("a file that was killed in the middle is cut to what was delivered and gets its name", async () => {
  await inFolder("cut", async (folder) => {
    await Deno.writeTextFile(`${folder}/f.tmp`, "whole\nhal");
    await finishAppended(LEFT, new LocalStore(folder), testContext());
    assert.deepEqual(filesBelow(folder), { f: "whole\n" });
  });
});
