import assert from "node:assert/strict";
import { systemClock } from "sluice/plugin";
import type { DeliveryWay } from "../../../../../plugins/sinks/_hdfs/stage/delivery_way.ts";
import { StagedFile } from "../../../../../plugins/sinks/_hdfs/stage/staged_file.ts";
import { Uploader } from "../../../../../plugins/sinks/_hdfs/stage/uploader.ts";
import { testContext } from "../../../../support/context.ts";
import { until } from "../../../../support/until.ts";

/** How often the end of an uploader looks whether it is through. */
const LOOK_MS = 20;
const LARGE_BYTES = 17 * 1024 * 1024;

/** An uploader whose waits are short, and what becomes of its files. */
class Bench {
  readonly published: string[] = [];
  readonly tries = new Map<string, number>();
  readonly waitsMs: number[] = [];
  aheadMs = 0;
  fateOf: (file: StagedFile) => Promise<number> = () => Promise.resolve(1);
  readonly context = testContext({
    clock: {
      now: () => Date.now() + this.aheadMs,
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

Deno.test("uploader asks less and less often for files that are refused by themselves, and tells their reason once", async () => {
  const bench = new Bench();
  bench.fateOf = ({ name }) => Promise.reject(refusal("DSQuotaExceededException", name, true));
  const names = ["1", "2", "3", "4", "5"];
  for (const name of names) bench.add(name);
  await until("some tries", () => names.every((name) => bench.triesOf(name) >= 5));
  bench.fateOf = () => Promise.resolve(1);
  await until("all files", () => bench.published.length === names.length);
  await bench.uploader.close(() => {});
  const longestMs = Math.max(...bench.waitsMs);
  assert.ok(longestMs > 100_000 && longestMs <= 300_000, `it waited ${longestMs} ms at most`);
  const texts = bench.context.lines.map(({ text }) => text);
  assert.deepEqual(texts, ["Trying again: DSQuotaExceededException of 1", "Recovered"]);
});

Deno.test("uploader shows another file's reason once the one that it named has got through", async () => {
  const bench = new Bench();
  bench.fateOf = ({ name }) =>
    name === "1" && bench.triesOf("1") > 1
      ? Promise.resolve(1)
      : Promise.reject(refusal("AccessControlException", name));
  for (const name of ["1", "2"]) bench.add(name);
  await until("the other's reason", () => bench.context.lines.length > 1);
  await bench.uploader.close(() => {});
  const texts = bench.context.lines.map(({ text }) => text);
  assert.deepEqual(texts, ["1", "2"].map((name) => `Trying again: AccessControlException of ${name}`));
});

Deno.test("uploader shows what still holds a file once the target is back", async () => {
  const bench = new Bench();
  const gate = Promise.withResolvers<void>();
  bench.fateOf = async ({ name }) => {
    if (name === "refused") throw refusal("AccessControlException", name);
    if (bench.triesOf(name) === 1) throw new Error("Connection reset");
    await gate.promise;
    return 1;
  };
  bench.add("refused");
  await until("the refusal", () => bench.context.lines.length > 0);
  bench.add("2");
  await until("the next try", () => bench.triesOf("2") === 2);
  bench.fateOf = () => new Promise(() => {});
  gate.resolve();
  await until("one file", () => bench.published.length === 1);
  const texts = bench.context.lines.map(({ text }) => text);
  assert.deepEqual(texts.at(-2), "Trying again: Connection reset");
  assert.deepEqual(texts.at(-1), "Trying again: AccessControlException of refused");
  await bench.uploader.close(() => {});
});

for (const word of ["InvalidToken", "SignatureDoesNotMatch"]) {
  Deno.test(`uploader asks for one file only while nobody gets in (${word})`, async () => {
    const bench = new Bench();
    bench.fateOf = ({ name }) => Promise.reject(refusal(word, name));
    const names = ["1", "2", "3", "4", "5", "6"];
    for (const name of names) bench.add(name);
    await until("some tries", () => Math.max(...bench.tries.values()) >= 5);
    assert.deepEqual(names.map((name) => bench.triesOf(name)).filter((tries) => tries > 1).length, 1);
    bench.fateOf = () => Promise.resolve(1);
    await until("all files", () => bench.published.length === names.length);
    await bench.uploader.close(() => {});
  });
}

Deno.test("uploader sends the others at a stop though some files are refused by themselves", async () => {
  const bench = new Bench();
  const looks = () => bench.waitsMs.filter((ms) => ms === LOOK_MS).length;
  const closing = Promise.withResolvers<void>();
  bench.fateOf = async ({ name }) => {
    await closing.promise;
    if (Number(name) <= 4) throw refusal("AccessControlException", name);
    const seen = looks();
    await until("the stop to look", () => looks() > seen + 1);
    return 1;
  };
  const names = Array.from({ length: 10 }, (_, index) => String(index + 1));
  for (const name of names) bench.add(name);
  const closed = bench.uploader.close(() => {});
  closing.resolve();
  await closed;
  assert.deepEqual(bench.published, names.slice(4));
});

Deno.test("uploader leaves to its successor what is not on its way, and what takes long", async () => {
  const bench = new Bench();
  Object.assign(bench.context, { hasSuccessor: true });
  const quick = Promise.withResolvers<number>();
  const givenUp = Promise.withResolvers<number>();
  bench.fateOf = ({ name }) => name === "1" ? quick.promise : givenUp.promise;
  for (let count = 1; count <= 100; count++) bench.add(String(count));
  const closed = bench.uploader.close(() => givenUp.reject(new Error("The store is closed")));
  quick.resolve(1);
  await until("the first file", () => bench.published.length === 1);
  bench.aheadMs = 11_000;
  await closed;
  assert.deepEqual([bench.published, bench.tries.size], [["1"], 4]);
});

Deno.test("uploader sends all after all when there is no successor any more", async () => {
  const bench = new Bench();
  Object.assign(bench.context, { hasSuccessor: true });
  const gate = Promise.withResolvers<number>();
  bench.fateOf = () => gate.promise;
  for (let count = 1; count <= 10; count++) bench.add(String(count));
  const closed = bench.uploader.close(() => {});
  Object.assign(bench.context, { hasSuccessor: false });
  gate.resolve(1);
  await closed;
  assert.equal(bench.published.length, 10);
});

/** As targets throw it, with the file in its text. */
function refusal(word: string, name: string, canRetry = false): Error {
  const facts = word.endsWith("Exception") ? { exception: word } : { code: word };
  return Object.assign(new Error(`${word} of ${name}`), { ...facts, canRetry });
}
