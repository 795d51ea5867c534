import assert from "node:assert/strict";
import { join } from "node:path";
import type { Position } from "sluice/plugin";
import spooldir from "../../../plugins/sources/spooldir.ts";
import { drop, inSpoolFolder, names, untilNames } from "../../support/spool_folder.ts";
import { until } from "../../support/until.ts";

Deno.test("spooldir reads files whole, oldest first, and renames them", () =>
  inSpoolFolder(async (folder, start) => {
    drop(join(folder, "b.txt"), "oldest\nfile\r\n", 100);
    drop(join(folder, "c.txt"), "newest, without a newline at its end", 300);
    drop(join(folder, "a.txt"), "same age\n", 200);
    drop(join(folder, "d.txt"), "as this one\n", 200);
    const run = start({ fileHeader: true, basenameHeader: true, basenameHeaderKey: "name" });
    assert.deepEqual(await run.untilSize(5), [
      "oldest",
      "file\r",
      "same age",
      "as this one",
      "newest, without a newline at its end",
    ]);
    await untilNames(folder, ["a.txt.COMPLETED", "b.txt.COMPLETED", "c.txt.COMPLETED", "d.txt.COMPLETED"]);
    assert.deepEqual(run.batches[0]!.event(0).headers, { file: join(folder, "b.txt"), name: "b.txt" });
    drop(join(folder, "late.txt"), "late\n");
    assert.equal((await run.untilSize(6))[5], "late");
  }));

for (const [order, expected] of [["youngest", "c a b"], ["random", "a b c"]] as const) {
  Deno.test(`spooldir reads files in ${order} order`, () =>
    inSpoolFolder(async (folder, start) => {
      drop(join(folder, "a"), "a\n", 200);
      drop(join(folder, "b"), "b\n", 100);
      drop(join(folder, "c"), "c\n", 300);
      const seen = await start({ consumeOrder: order }).untilSize(3);
      assert.deepEqual(order === "random" ? seen.toSorted() : seen, expected.split(" "));
    }));
}

Deno.test("spooldir takes only the files that it should, and only visible folders", () =>
  inSpoolFolder(async (folder, start) => {
    for (const sub of ["deep", "deep/er", ".hidden"]) Deno.mkdirSync(join(folder, sub));
    for (const name of ["a.log", "a.tmp", "b.txt", "x.COMPLETED", "y.ASIDE", "z.ASIDE.2", ".dot.log"]) {
      drop(join(folder, name), `${name}\n`);
    }
    for (const name of ["deep/c.log", "deep/er/d.log", ".hidden/e.log"]) {
      drop(join(folder, name), `${name}\n`);
    }
    const settings = {
      includePattern: ".*\\.(log|tmp)",
      ignorePattern: "([^ ]*\\.tmp)",
      recursiveDirectorySearch: true,
    };
    const run = start(settings);
    assert.deepEqual((await run.untilSize(3)).toSorted(), ["a.log", "deep/c.log", "deep/er/d.log"]);
    await untilNames(join(folder, "deep/er"), ["d.log.COMPLETED"]);
    await run.stop();
    assert.equal(run.size, 3);
  }));

Deno.test("spooldir deletes or tracks finished files when asked", () =>
  inSpoolFolder(async (folder, start) => {
    drop(join(folder, "a.txt"), "delete me\n");
    const first = start({ deletePolicy: "immediate" });
    await first.untilSize(1);
    await untilNames(folder, []);
    await first.stop();
    Deno.mkdirSync(join(folder, "sub"));
    drop(join(folder, "sub/b.txt"), "track me\n");
    const settings = { trackingPolicy: "tracker_dir", trackerDir: "marks", recursiveDirectorySearch: true };
    const second = start(settings);
    await second.untilSize(1);
    await until("the mark", () => {
      try {
        return names(join(folder, "marks/sub")).join() === "b.txt.COMPLETED";
      } catch {
        return false;
      }
    });
    await second.stop();
    const third = start(settings);
    drop(join(folder, "c.txt"), "only this\n");
    assert.deepEqual(await third.untilSize(1), ["only this"]);
    assert.deepEqual(names(join(folder, "sub")), ["b.txt"]);
  }));

Deno.test("spooldir gives an empty file as one empty event", () =>
  inSpoolFolder(async (folder, start) => {
    drop(join(folder, "empty.txt"), "");
    const run = start();
    assert.deepEqual(await run.untilSize(1), [""]);
    await untilNames(folder, ["empty.txt.COMPLETED"]);
  }));

Deno.test("spooldir marks a file only when its last event is safe", () =>
  inSpoolFolder(async (folder, start) => {
    const safe = Promise.withResolvers<void>();
    drop(join(folder, "a.txt"), "one\ntwo\nthree\n");
    const run = start({ batchSize: 2 });
    run.answer = (batch) => batch.size === 1 ? safe.promise : undefined;
    await run.untilSize(3);
    drop(join(folder, "b.txt"), "next\nfile\n");
    await run.untilSize(5);
    await untilNames(folder, ["a.txt", "b.txt.COMPLETED"]);
    safe.resolve();
    await untilNames(folder, ["a.txt.COMPLETED", "b.txt.COMPLETED"]);
    drop(join(folder, "c.txt"), "and\nforget\n");
    await run.untilSize(7);
    await until("two forgotten files", () => Object.keys(run.position!).join() === "c.txt");
  }));

Deno.test("spooldir goes on in the middle of a file, and marks one that was finished before the crash", () =>
  inSpoolFolder(async (folder, start) => {
    drop(join(folder, "a.txt"), "one\ntwo\nthree\nfour\nfive\n", 100);
    drop(join(folder, "b.txt"), "six\n", 200);
    const first = start({ batchSize: 2 });
    let answered = 0;
    first.answer = () => ++answered > 2 ? new Promise<void>(() => {}) : undefined;
    await first.untilSize(6);
    await first.stop();
    const second = start({}, first.position);
    assert.deepEqual(await second.untilSize(2), ["five", "six"]);
    await untilNames(folder, ["a.txt.COMPLETED", "b.txt.COMPLETED"]);
    await second.stop();
    Deno.renameSync(join(folder, "b.txt.COMPLETED"), join(folder, "b.txt"));
    const third = start({}, second.position);
    await untilNames(folder, ["a.txt.COMPLETED", "b.txt.COMPLETED"]);
    drop(join(folder, "b.txt"), "another file under a name that was read\n");
    assert.deepEqual(await third.untilSize(1), ["another file under a name that was read"]);
  }));

Deno.test("spooldir loses and repeats nothing when it is stopped mid-way again and again", () =>
  inSpoolFolder(async (folder, start) => {
    const expected = Array.from({ length: 9000 }, (_, index) => `order ${index} to köln`);
    for (let file = 0; file < 6; file++) {
      drop(
        join(folder, `part-${file}`),
        expected.slice(file * 1500, (file + 1) * 1500).join("\n") + "\n",
        100 + file,
      );
    }
    const delivered: string[] = [];
    let position: Position | undefined;
    for (let accept = 1; delivered.length < expected.length; accept += 3) {
      const run = start({ batchSize: 61 }, position);
      let left = accept;
      run.answer = (batch) => {
        if (left-- <= 0) return new Promise<void>(() => {});
        for (let index = 0; index < batch.size; index++) delivered.push(batch.text(index));
      };
      await until("the batches of this run", () => left <= 0 || delivered.length === expected.length);
      await run.stop();
      position = run.position;
    }
    assert.deepEqual(delivered, expected);
  }));

Deno.test("spooldir sets a reused name and a changed file aside, reports them and goes on", () =>
  inSpoolFolder(async (folder, start) => {
    drop(join(folder, "a.txt"), "first of its name\n");
    const run = start();
    await run.untilSize(1);
    await untilNames(folder, ["a.txt.COMPLETED"]);
    drop(join(folder, "a.txt"), "second of its name\n");
    assert.equal((await run.untilSize(2))[1], "second of its name");
    await untilNames(folder, ["a.txt.ASIDE", "a.txt.COMPLETED"]);
    const safe = Promise.withResolvers<void>();
    run.answer = () => safe.promise;
    drop(join(folder, "b.txt"), "changes\n");
    await run.untilSize(3);
    Deno.writeTextFileSync(join(folder, "b.txt"), "later\n", { append: true });
    safe.resolve();
    await untilNames(folder, ["a.txt.ASIDE", "a.txt.COMPLETED", "b.txt.ASIDE"]);
    drop(join(folder, "c.txt"), "still alive\n");
    assert.equal((await run.untilSize(4))[3], "still alive");
    const errors = run.context.lines.filter(({ level }) => level === "error").map(({ text }) => text);
    assert.match(errors.join("\n"), /name was used before[^]*it changed while/);
    assert.equal(run.context.counters.get("GenericProcessingFail"), 2);
  }));

Deno.test("spooldir waits for a file that is still being written", () =>
  inSpoolFolder(async (folder, start) => {
    const run = start({ quietTime: 150 });
    const path = join(folder, "slow.txt");
    for (let piece = 0; piece < 8; piece++) {
      Deno.writeTextFileSync(path, `piece ${piece}\n`, { append: true });
      const { mtime } = Deno.statSync(path);
      await until("some time", () => Date.now() - mtime!.getTime() > 30);
    }
    await run.untilSize(8);
    await untilNames(folder, ["slow.txt.COMPLETED"]);
  }));

Deno.test("spooldir ends with a clear error when its folder is missing", () =>
  inSpoolFolder(async (folder, start) => {
    const run = start({ spoolDir: join(folder, "missing") });
    await assert.rejects(run.ended, /Cannot list the spool folder ".*missing": it does not exist; create it/);
  }));

Deno.test("spooldir check refuses unknown charsets and policies that do not go together", () => {
  const good = { inputCharset: "GBK", fileSuffix: ".done", asideSuffix: ".ASIDE", deletePolicy: "immediate" };
  const keys = (change: Record<string, string>) =>
    spooldir.check!({ ...good, trackingPolicy: "rename", ...change } as never).map(({ key }) => key);
  assert.deepEqual(keys({}), []);
  assert.deepEqual(keys({ inputCharset: "klingon" }), ["inputCharset"]);
  assert.deepEqual(keys({ fileSuffix: "" }), ["fileSuffix"]);
  assert.deepEqual(keys({ trackingPolicy: "tracker_dir" }), ["trackingPolicy"]);
});
