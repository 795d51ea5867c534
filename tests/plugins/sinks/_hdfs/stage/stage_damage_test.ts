import assert from "node:assert/strict";
import { copyFolder } from "../../restarting.ts";
import { deliver, filesBelow, makeHdfs, withFolders } from "../making.ts";

/** Overwrites all that a manifest says of one of its files. */
function forget(path: string, name: string): void {
  const bytes = Deno.readFileSync(path);
  const text = new TextDecoder("latin1").decode(bytes);
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    bytes.fill(0x3f, at, at + name.length);
  }
  Deno.writeFileSync(path, bytes);
}

Deno.test("hdfs sink sends a file that its damaged manifest does not name, also when the first start after that fails", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const settings = { path: `file://${out}/%{kind}` };
    const first = await makeHdfs(settings, { stateDir });
    for (const kind of ["a", "b", "c"]) await deliver(first, kind, { headers: { kind } });
    const own = `${stateDir}/hdfs/test`;
    // As a kill would leave it.
    copyFolder(stateDir, `${stateDir}-kept`);
    await first.close!();
    for (const folder of [out, stateDir]) Deno.removeSync(folder, { recursive: true });
    Deno.renameSync(`${stateDir}-kept`, stateDir);
    Deno.mkdirSync(out);
    const [a = "", b = ""] = Object.keys(filesBelow(`${own}/stage`)).sort();
    forget(`${own}/manifest`, a.replace(".open", ""));
    const { renameSync } = Deno;
    Deno.renameSync = (from, to) => {
      if (String(from).endsWith(b)) throw new Error("Input/output error (os error 5)");
      renameSync(from, to);
    };
    try {
      const second = await makeHdfs(settings, { stateDir });
      await assert.rejects(second.resume!(), /Cannot put ".*" in order/);
      await second.close!();
    } finally {
      Deno.renameSync = renameSync;
    }
    const third = await makeHdfs(settings, { stateDir });
    await third.resume!();
    await third.close!();
    assert.deepEqual(Object.values(filesBelow(out)), ["a\n", "b\n", "c\n"]);
  });
});
