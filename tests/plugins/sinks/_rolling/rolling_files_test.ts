import assert from "node:assert/strict";
import { EventBatch, PoisonError } from "sluice/plugin";
import { LocalShelf } from "../../../../plugins/sinks/_rolling/local_shelf.ts";
import { Place } from "../../../../plugins/sinks/_rolling/place.ts";
import { startManifest } from "../../../../plugins/sinks/_rolling/recovery.ts";
import { RollingFiles } from "../../../../plugins/sinks/_rolling/rolling_files.ts";
import { testContext } from "../../../support/context.ts";
import { contents, withFolder } from "../rolling.ts";

const SETTINGS = {
  rollIntervalMs: 0,
  rollBytes: 0,
  rollEvents: 2,
  idleMs: 0,
  isExact: true,
  maxOpenFiles: 10,
  sync: "interval",
  syncIntervalMs: 1,
} as const;
const encode = (batch: EventBatch) => {
  if (batch.text(0) === "poison") throw new PoisonError("Refused", [0]);
  return [...batch].map(({ body }) => body);
};

Deno.test("rolling files tell of each one that a refused batch had filled and that is removed again", async () => {
  await withFolder(async (directory) => {
    const context = testContext({ stateDir: `${directory}/../state` });
    const place = Place.make({ directory, inUsePrefix: "", inUseSuffix: ".open" });
    const [removed, finished]: [string[], string[]] = [[], []];
    let count = 0;
    const files = new RollingFiles(SETTINGS, {
      context,
      shelf: new LocalShelf(place),
      watch: {
        grown: () => {},
        finished: (path) => void finished.push(path),
        removed: (path) => void removed.push(path),
      },
      start: () => startManifest({ folder: context.stateDir, place, keepsPosition: true, log: context.log }),
      split: (batch) => [{ bucket: "", batch }],
      newFile: () => ({ encoder: { encode }, nextPath: () => `f${++count}` }),
    });
    const write = async (...bodies: string[]) =>
      await (await files.write(EventBatch.from(bodies.map((body) => ({ body })))))!.delivered;
    await assert.rejects(write("1", "2", "3", "4", "poison"), PoisonError);
    assert.deepEqual(removed, ["f1", "f2"]);
    await write("1", "2", "3", "4");
    await files.close();
    assert.deepEqual(contents(directory), { f4: "12", f5: "34" });
    assert.deepEqual([removed, finished], [["f1", "f2", "f3"], ["f4", "f5"]]);
  });
});

Deno.test("rolling files keep other lives away until all that a life began has ended", async () => {
  await withFolder(async (directory) => {
    const context = testContext({ stateDir: `${directory}/../state` });
    const place = Place.make({ directory, inUsePrefix: "", inUseSuffix: ".open" });
    const begin = () =>
      startManifest({ folder: context.stateDir, place, keepsPosition: true, log: context.log });
    let refusal: unknown;
    const files = new RollingFiles(SETTINGS, {
      context,
      shelf: new LocalShelf(place),
      start: begin,
      split: (batch) => [{ bucket: "", batch }],
      newFile: () => ({ encoder: { encode }, nextPath: () => "f" }),
      written: async () => refusal = await begin().catch((cause) => cause),
    });
    await files.resume();
    await files.close();
    assert.match(String(refusal), /in use by another process/);
    (await begin()).close();
  });
});
