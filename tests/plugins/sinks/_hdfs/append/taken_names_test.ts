import assert from "node:assert/strict";
import { LocalAppends } from "../../../../../plugins/sinks/_hdfs/stores/local_appends.ts";
import { OtherFileError } from "../../../../../plugins/sinks/_hdfs/stores/store.ts";
import { replaceFileCalls } from "../../rolling.ts";
import { deliver, filesBelow, makeHdfs, withFolders } from "../making.ts";

const SETTINGS = { durable: "append", appendInterval: 1 };

Deno.test("hdfs sink that appends tells of a name that is another's, and ends, also when its own disk is full by then", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const settings = { ...SETTINGS, path: `file://${out}` };
    const sink = await makeHdfs(settings, { stateDir });
    const { create } = LocalAppends.prototype;
    let isFull = false;
    {
      using _full = replaceFileCalls(({ writeSync }) => ({
        writeSync(this: Deno.FsFile, bytes) {
          if (isFull) throw new Error("No space left on device (os error 28)");
          return writeSync.call(this, bytes);
        },
      }));
      LocalAppends.prototype.create = (path) => {
        isFull = true;
        return Promise.reject(new OtherFileError(path));
      };
      try {
        await assert.rejects(
          deliver(sink, "1"),
          (cause: Error) => /is there already/.test(String(cause.cause)),
        );
        await sink.close!();
      } finally {
        LocalAppends.prototype.create = create;
      }
    }
    const next = await makeHdfs(settings, { stateDir });
    await deliver(next, "1");
    await next.close!();
    assert.deepEqual(Object.values(filesBelow(out)), ["1\n"]);
  });
});
