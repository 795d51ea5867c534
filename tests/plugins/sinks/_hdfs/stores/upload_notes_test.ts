import assert from "node:assert/strict";
import { LeftNames } from "../../../../../plugins/sinks/_hdfs/stores/left_names.ts";
import { UploadNotes } from "../../../../../plugins/sinks/_hdfs/stores/upload_notes.ts";
import { inFolder } from "../../../../trials/trial_folder.ts";

Deno.test("a try whose name could not be noted leaves it to the next one", async () => {
  await inFolder("notes", (folder) => {
    const names = new LeftNames(`${folder}/away/names.json`);
    for (let tries = 0; tries < 2; tries++) {
      assert.throws(() => names.choose("a.tmp"), /Cannot write ".*names\.json"/);
    }
    Deno.mkdirSync(`${folder}/away`);
    assert.equal(names.choose("a.tmp"), "a.tmp");
    return Promise.resolve();
  });
});

Deno.test("a name is left without an error when its disk takes nothing, and the next life watches it", async () => {
  await inFolder("notes", (folder) => {
    const path = `${folder}/names.json`;
    const names = new LeftNames(path);
    names.choose("a.tmp");
    // In place of the file that is to be renamed.
    Deno.mkdirSync(`${path}.new`);
    names.leave("a.tmp");
    names.leave("b.tmp");
    assert.deepEqual(new UploadNotes(path).suspects, ["a.tmp"]);
    Deno.removeSync(`${path}.new`);
    names.choose("c.tmp");
    assert.deepEqual(new UploadNotes(path).suspects, ["a.tmp", "b.tmp", "c.tmp"]);
    return Promise.resolve();
  });
});
