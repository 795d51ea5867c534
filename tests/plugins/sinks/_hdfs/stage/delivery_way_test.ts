import assert from "node:assert/strict";
import { DeliveryWay } from "../../../../../plugins/sinks/_hdfs/stage/delivery_way.ts";
import { SentNotes } from "../../../../../plugins/sinks/_hdfs/stage/sent_notes.ts";
import { encodeStagedHead } from "../../../../../plugins/sinks/_hdfs/stage/staged_head.ts";
import { StagedFile } from "../../../../../plugins/sinks/_hdfs/stage/staged_file.ts";
import { LocalStore } from "../../../../../plugins/sinks/_hdfs/stores/local_store.ts";
import { testContext } from "../../../../support/context.ts";
import { inFolder } from "../../../../trials/trial_folder.ts";
import { ShakyStore } from "../shaky_store.ts";

Deno.test("what the target has too late, when the sink has ended, is not noted as sent", async () => {
  await inFolder("late", async (folder) => {
    const path = `${folder}/1`;
    const staged = encodeStagedHead({ stem: "a", end: "", inUse: "a.tmp", format: "" });
    await Deno.writeFile(path, new Uint8Array([...staged, 1]));
    const file = new StagedFile({ name: "1", path, growingPath: path, sinceMs: 0 });
    file.complete(staged.length + 1);
    const end = new AbortController();
    const store = new ShakyStore(new LocalStore(folder));
    const notes = new SentNotes(`${folder}/sent`, { stage: folder, target: "here" });
    const put = store.put.bind(store);
    store.put = async (...args) => {
      const upload = await put(...args);
      end.abort(new Error("The sink ends"));
      return upload;
    };
    const way = new DeliveryWay({
      store,
      notes,
      log: testContext().log,
      transformOf: () => Promise.resolve(undefined),
    });
    await assert.rejects(way.go(file, new Map(), end.signal), /The sink ends/);
    assert.deepEqual(await notes.read(), new Map());
    assert.ok((await Deno.stat(path)).isFile);
  });
});
