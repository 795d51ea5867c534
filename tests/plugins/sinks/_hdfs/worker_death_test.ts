import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { type Clock, systemClock } from "sluice/plugin";
import { until } from "../../../support/until.ts";
import { deliver, filesBelow, makeHdfs, withFolders } from "./making.ts";

/** Waits are not what is tested here. */
const HASTY: Clock = { ...systemClock, sleep: (ms, stop) => systemClock.sleep(ms / 100, stop) };
const DYING = `data:text/javascript,${
  encodeURIComponent('onmessage = () => { throw new Error("no room left"); }')
}`;

Deno.test("hdfs sink sends a file again whose worker has died, and says so", async () => {
  const RealWorker = globalThis.Worker;
  const programs: string[] = [];
  globalThis.Worker = class extends RealWorker {
    constructor(program: string | URL, options?: WorkerOptions) {
      super(programs.push(String(program)) === 1 ? DYING : program, options);
    }
  };
  try {
    await withFolders(async ({ out, state }) => {
      const settings = { path: `file://${out}`, fileType: "CompressedStream", codeC: "gzip", rollCount: 2 };
      const sink = await makeHdfs(settings, { stateDir: state, clock: HASTY });
      await sink.resume?.();
      await deliver(sink, "a");
      await deliver(sink, "b");
      const finished = () => Object.keys(filesBelow(out)).filter((name) => name.endsWith(".gz"));
      await until("the file was there", () => finished().length === 1);
      await sink.close?.();
      const [name] = finished();
      assert.equal(gunzipSync(await Deno.readFile(`${out}/${name}`)).toString(), "a\nb\n");
      const warnings = sink.context.lines.filter(({ level }) => level === "warn").map(({ text }) => text);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, /^Trying again: .*The worker that made the file has ended.*no room left/);
    });
  } finally {
    globalThis.Worker = RealWorker;
  }
  assert.equal(programs.length, 2);
});
