import assert from "node:assert/strict";
import { systemClock } from "sluice/plugin";
import type { DeliveryWay } from "../../../../../plugins/sinks/_hdfs/stage/delivery_way.ts";
import { StagedFile } from "../../../../../plugins/sinks/_hdfs/stage/staged_file.ts";
import { Uploader } from "../../../../../plugins/sinks/_hdfs/stage/uploader.ts";
import { testContext } from "../../../../support/context.ts";
import { until } from "../../../../support/until.ts";

const LARGE_BYTES = 17 * 1024 * 1024;

/** An uploader whose waits are short, and what becomes of its files. */
class Bench {
  readonly published: string[] = [];
  readonly tries = new Map<string, number>();
  readonly waitsMs: number[] = [];
  fateOf: (file: StagedFile) => Promise<number> = () => Promise.resolve(1);
  readonly context = testContext({
    clock: {
      now: () => Date.now(),
      sleep: (ms, signal) => {
        this.waitsMs.push(ms);
        return systemClock.sleep(ms / 1000, signal);
      },
    },
  });
  readonly uploader = new Uploader({
    context: this.context,
    way: {
      go: (file: StagedFile) => {
        this.tries.set(file.name, this.triesOf(file.name) + 1);
        return this.fateOf(file);
      },
    } as unknown as DeliveryWay,
    slots: 4,
    closeTries: 0,
    retryMs: 180_000,
    known: new Map(),
    onPublished: ({ name }) => void this.published.push(name),
  });

  triesOf(name: string): number {
    return this.tries.get(name) ?? 0;
  }

  /** A file that is complete. */
  add(name: string): void {
    const file = fileOf(name);
    file.complete(1);
    this.uploader.add(file);
  }
}

function fileOf(name: string): StagedFile {
  return new StagedFile({ name, path: name, growingPath: `${name}.open`, sinceMs: 0 });
}

Deno.test("uploader asks a target again that was away for a moment, while a growing file is sent ahead", async () => {
  const bench = new Bench();
  const { uploader } = bench;
  const growing = fileOf("growing");
  const sent = Promise.withResolvers<number>();
  bench.fateOf = (file) => {
    if (file === growing) return sent.promise;
    return bench.triesOf(file.name) === 1 && file.name === "1"
      ? Promise.reject(new Error("Connection reset"))
      : Promise.resolve(1);
  };
  growing.grow(LARGE_BYTES);
  uploader.grown(growing);
  bench.add("1");
  await until("the file that failed once", () => bench.published.includes("1"));
  bench.add("2");
  await until("one that came later", () => bench.published.includes("2"));
  assert.deepEqual([bench.triesOf("growing"), uploader.activeCount], [1, 1]);
  growing.complete(LARGE_BYTES);
  sent.resolve(1);
  await uploader.close(() => {});
  assert.deepEqual(bench.published, ["1", "2", "growing"]);
});
