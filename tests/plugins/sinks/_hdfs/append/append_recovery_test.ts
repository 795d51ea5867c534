import assert from "node:assert/strict";
import { AppendName } from "../../../../../plugins/sinks/_hdfs/append/append_name.ts";
import { finishAppended } from "../../../../../plugins/sinks/_hdfs/append/append_recovery.ts";
import { LocalStore } from "../../../../../plugins/sinks/_hdfs/stores/local_store.ts";
import { testContext } from "../../../../support/context.ts";
import { filesBelow } from "../making.ts";
import { DyingDisk } from "../../dying_disk.ts";
import { Unsynced } from "../../unsynced.ts";
import { inFolder } from "../../../../trials/trial_folder.ts";

const NAME = new AppendName({ stem: "f", end: "", inUse: "f.tmp" });
const LEFT = {
  name: NAME,
  file: { bytes: 6, isFinished: false },
  keepsTail: false,
  target: "hdfs nn http://nn:9870",
};
const ELSEWHERE = { ...LEFT, name: AppendName.parse("f\t\tf.tmp\thdfs other http://other:9870") };

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

Deno.test("an empty file stays away when power fails after a start that could not force its removal to disk", async () => {
  await inFolder("removed", async (folder) => {
    const nothing = { ...LEFT, file: { bytes: 0, isFinished: false } };
    const store = new LocalStore(folder);
    const unsynced = new Unsynced();
    await Deno.writeTextFile(`${folder}/f.tmp`, "");
    {
      using _refusing = new DyingDisk(Infinity, () => 0, unsynced);
      await assert.rejects(finishAppended(nothing, store, testContext()), /Cannot remove ".*f\.tmp"/);
    }
    {
      using _obeying = new DyingDisk(Infinity, () => 1, unsynced);
      await finishAppended(nothing, store, testContext());
    }
    unsynced.cut(() => 0);
    assert.deepEqual(filesBelow(folder), {});
  });
});

Deno.test("a file that was begun at another target, and is not at this one, is not given up", async () => {
  await inFolder("elsewhere", async (folder) => {
    const store = new LocalStore(folder);
    await assert.rejects(
      finishAppended(ELSEWHERE, store, testContext()),
      /^DeliveryError: "f\.tmp" was begun at "hdfs other http:\/\/other:9870" and is not here: set hdfs\.path/,
    );
    const nothing = { ...ELSEWHERE, file: { bytes: 0, isFinished: false } };
    await finishAppended(nothing, store, testContext());
    // As somebody puts it there for whom the other target is lost.
    await Deno.writeTextFile(`${folder}/f.tmp`, "");
    await finishAppended(ELSEWHERE, store, testContext());
    assert.deepEqual(filesBelow(folder), {});
    await Deno.writeTextFile(`${folder}/f.tmp`, "whole\nhal");
    await finishAppended(ELSEWHERE, store, testContext());
    assert.deepEqual(filesBelow(folder), { f: "whole\n" });
    // Its name was given, and that not noted.
    await finishAppended(ELSEWHERE, store, testContext());
    assert.deepEqual(filesBelow(folder), { f: "whole\n" });
  });
});

Deno.test("a file that is gone holds up no start where its target is this one, or was not noted", async () => {
  await inFolder("gone", async (folder) => {
    for (const target of ["", "\thdfs nn http://nn:9870"]) {
      const name = AppendName.parse(`f\t\tf.tmp${target}`);
      assert.equal(String(name), `f\t\tf.tmp${target}`);
      const context = testContext();
      await finishAppended({ ...LEFT, name }, new LocalStore(folder), context);
      assert.match(context.lines.map(({ text }) => text).join(), /^A file is gone/);
    }
  });
});

Deno.test("a file that was to have a name which another's turned out to have leaves that one alone", async () => {
  const startWith = async (isCreated: boolean, name = AppendName.parse("f\t\tf\thdfs nn http://nn:9870")) => {
    let found = {};
    await inFolder("bare", async (folder) => {
      await Deno.writeTextFile(`${folder}/f`, "another's\n");
      const file = { bytes: 0, isFinished: false, isCreated };
      await finishAppended({ ...LEFT, name, file }, new LocalStore(folder), testContext());
      found = filesBelow(folder);
    });
    return found;
  };
  assert.deepEqual(await startWith(false), { f: "another's\n" });
  assert.deepEqual(await startWith(true), {});
  // An earlier version did not note what it had made.
  assert.deepEqual(await startWith(false, AppendName.parse("f\t\tf")), {});
});
