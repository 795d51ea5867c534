import assert from "node:assert/strict";
import { SentNotes } from "../../../../../plugins/sinks/_hdfs/stage/sent_notes.ts";
import { inFolder } from "../../../../trials/trial_folder.ts";
import { DyingDisk } from "../../dying_disk.ts";
import { Unsynced } from "../../unsynced.ts";

const NOTE = { upload: { path: "a.tmp", bytes: 1 }, finalPath: "a" };

Deno.test("a note that was read is there after a power cut, though its writer was killed before it was on disk", async () => {
  await inFolder("notes", async (folder) => {
    const notes = () => new SentNotes(`${folder}/sent`, { stage: folder, target: "here" });
    const unsynced = new Unsynced();
    const first = notes();
    {
      // Opened, written, forced to disk, named; the folder is not forced to disk any more.
      using _disk = new DyingDisk(5, () => 0.99, unsynced);
      await assert.rejects(first.write("1", NOTE));
    }
    {
      using _disk = new DyingDisk(Infinity, () => 0.99, unsynced);
      assert.deepEqual([...(await notes().read()).keys()], ["1"]);
    }
    unsynced.cut(() => 0);
    assert.deepEqual(await notes().read(), new Map([["1", NOTE]]));
  });
});

Deno.test("a note holds for its cluster with another NameNode beside the one that it knew, and for no other cluster", async () => {
  await inFolder("targets", async (folder) => {
    const notesOf = (target: string) => new SentNotes(`${folder}/sent`, { stage: folder, target });
    await notesOf("hdfs lake http://nn1:9870").write("1", NOTE);
    const pair = await notesOf("hdfs lake http://nn0:9870 http://nn1:9870").read();
    assert.deepEqual(pair, new Map([["1", NOTE]]));
    assert.deepEqual(await notesOf("hdfs lake http://elsewhere:9870").read(), new Map());
  });
});
