import assert from "node:assert/strict";
import { Manifest } from "../../../../plugins/sinks/_rolling/manifest.ts";
import { withFolder } from "../rolling.ts";

Deno.test("manifest of a disk that is almost full takes no more room than it needs", async () => {
  await withFolder(async (folder) => {
    const real = Deno.FsFile.prototype.writeSync;
    Deno.FsFile.prototype.writeSync = function (bytes) {
      const some = bytes.subarray(0, 4096);
      if (bytes.length > 100_000 || this.seekSync(0, Deno.SeekMode.Current) >= 4096) {
        real.call(this, some);
        throw new Error("No space left on device (os error 28)");
      }
      return real.call(this, bytes);
    };
    try {
      const manifest = new Manifest(folder);
      await manifest.replace({ position: { in: 1 } });
      assert.ok(Deno.statSync(manifest.path).size < 4096);
      for (let count = 2; count < 200; count++) await manifest.commit({ position: { in: count } });
      manifest.close();
    } finally {
      Deno.FsFile.prototype.writeSync = real;
    }
    const again = new Manifest(folder);
    assert.deepEqual([again.state.position, again.reading.damages], [{ in: 199 }, []]);
    again.close();
  });
});
