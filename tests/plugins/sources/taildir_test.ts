import assert from "node:assert/strict";
import { join } from "node:path";
import type { Position } from "sluice/plugin";
import taildir from "../../../plugins/sources/taildir.ts";
import { runSource, type SourceRun } from "../../support/run_source.ts";
import { until } from "../../support/until.ts";
import { longLine, sampleBytes } from "../../support/samples.ts";

const UTF8 = new TextEncoder();

interface Folder {
  readonly path: string;
  at(name: string): string;
  write(name: string, text: string | Uint8Array): void;
  append(name: string, text: string | Uint8Array): void;
}

/** Runs a test in a folder of its own; every source that it starts is stopped at the end. */
async function inFolder(
  test: (
    folder: Folder,
    start: (settings?: Record<string, unknown>, resume?: Position) => SourceRun,
  ) => Promise<void>,
): Promise<void> {
  const path = Deno.makeTempDirSync();
  const runs: SourceRun[] = [];
  const bytesOf = (text: string | Uint8Array) => typeof text === "string" ? UTF8.encode(text) : text;
  const at = (name: string) => join(path, name);
  const folder: Folder = {
    path,
    at,
    write: (name, text) => Deno.writeFileSync(at(name), bytesOf(text)),
    append: (name, text) => Deno.writeFileSync(at(name), bytesOf(text), { append: true }),
  };
  const start = (settings: Record<string, unknown> = {}, resume?: Position) => {
    const run = runSource(taildir, { paths: join(path, ".*\\.log"), ...settings }, resume ? { resume } : {});
    runs.push(run);
    return run;
  };
  try {
    await test(folder, start);
  } finally {
    await Promise.allSettled(runs.map((run) => run.stop()));
    Deno.removeSync(path, { recursive: true });
  }
}

Deno.test("taildir reads what is there, then what is added, without carriage returns", () =>
  inFolder(async (folder, start) => {
    folder.write("shop.log", "GET /cart 200\r\nGET /café 404\n\nPOST /log");
    const run = start();
    assert.deepEqual(await run.untilSize(3), ["GET /cart 200", "GET /café 404", ""]);
    folder.append("shop.log", "in 302\nDELETE /köln/7");
    assert.deepEqual((await run.untilSize(4)).slice(3), ["POST /login 302"]);
    folder.append("shop.log", " 204\n");
    assert.deepEqual((await run.untilSize(5)).slice(4), ["DELETE /köln/7 204"]);
    await run.stop();
  }));

Deno.test("taildir reads only files that match as a whole, older ones first", () =>
  inFolder(async (folder, start) => {
    for (const [name, seconds] of [["b.log", 100], ["a.log", 200], ["a.log.1", 50], ["c.txt", 10]] as const) {
      folder.write(name, `${name}\n`);
      Deno.utimeSync(folder.at(name), seconds, seconds);
    }
    const run = start();
    assert.deepEqual(await run.untilSize(2), ["b.log", "a.log"]);
    folder.write("new.log", "a file that came later\n");
    assert.equal((await run.untilSize(3))[2], "a file that came later");
  }));

Deno.test("taildir gives the headers of the group, the path and the offset of each line", () =>
  inFolder(async (folder, start) => {
    folder.write("web.log", "GET /\n\nGET /köln\nGET /3\n");
    const run = start({
      paths: [],
      filegroups: { web: folder.at("web\\.log"), app: folder.at("app\\.log") },
      headers: { web: { kind: "access", host: "shop-1" }, app: { kind: "application" } },
      byteOffsetHeader: true,
      fileHeader: true,
      fileHeaderKey: "path",
    });
    await run.untilSize(4);
    const events = run.batches.flatMap((batch) => [...batch].map(({ headers }) => headers));
    const same = { kind: "access", host: "shop-1", path: folder.at("web.log") };
    assert.deepEqual(events, ["0", "6", "7", "18"].map((byteoffset) => ({ ...same, byteoffset })));
  }));

Deno.test("taildir cuts batches only when asked, with a position for each piece", () =>
  inFolder(async (folder, start) => {
    folder.write("shop.log", "one\ntwo\nthree\nfour\nfive\n");
    const run = start({ batchSize: 2 });
    await run.untilSize(5);
    const offsets = run.batches.map(({ position }) => Object.values(position!)[0]);
    assert.deepEqual([run.batches.map(({ size }) => size), offsets], [[2, 2, 1], [8, 19, 24]]);
    await run.stop();
    const again = start({}, run.batches[0]!.position);
    assert.deepEqual(await again.untilSize(3), ["three", "four", "five"]);
  }));

Deno.test("taildir goes on behind the last safe position after a restart", () =>
  inFolder(async (folder, start) => {
    folder.write("shop.log", sampleBytes("access.log"));
    const first = start();
    const lines = new TextDecoder().decode(sampleBytes("access.log")).split("\n").slice(0, -1);
    assert.deepEqual(await first.untilSize(lines.length), lines.map((line) => line.replace(/\r$/, "")));
    await first.stop();
    folder.append("shop.log", "written while nobody looked\n");
    const second = start({}, first.position);
    assert.deepEqual(await second.untilSize(1), ["written while nobody looked"]);
  }));

Deno.test("taildir reads a file from its start when its inode now holds something else", () =>
  inFolder(async (folder, start) => {
    folder.write("shop.log", "yesterday's first line\nyesterday's second line\n");
    const first = start();
    await first.untilSize(2);
    await first.stop();
    folder.write("shop.log", "today's first line\ntoday's second line\nand it is longer than yesterday\n");
    const second = start({}, first.position);
    assert.equal((await second.untilSize(3))[0], "today's first line");
    folder.write("shop.log", "shorter\n");
    assert.equal((await second.untilSize(4))[3], "shorter");
    folder.write("shop.log", "rewritten at once to be longer than it was before\n");
    assert.equal((await second.untilSize(5))[4], "rewritten at once to be longer than it was before");
    assert.equal(second.context.lines.filter(({ text }) => text.includes("truncated")).length, 3);
  }));

Deno.test("taildir finishes a file that was renamed out of the pattern, also while it did not run", () =>
  inFolder(async (folder, start) => {
    folder.write("shop.log", "before the rotation\n");
    const first = start();
    await first.untilSize(1);
    Deno.renameSync(folder.at("shop.log"), folder.at("shop.log.1"));
    folder.append("shop.log.1", "late line of the old file\n");
    folder.write("shop.log", "first line of the new file\n");
    const seen = await first.untilSize(3);
    assert.deepEqual(seen.slice(1), ["late line of the old file", "first line of the new file"]);
    await first.stop();
    folder.append("shop.log", "last words\n");
    Deno.renameSync(folder.at("shop.log"), folder.at("shop.log.2"));
    folder.write("shop.log", "newest file\n");
    const second = start({}, first.position);
    assert.deepEqual((await second.untilSize(2)).toSorted(), ["last words", "newest file"]);
  }));

Deno.test("taildir emits an unfinished line of an idle file, and what comes later as an event of its own", () =>
  inFolder(async (folder, start) => {
    folder.write("shop.log", "whole\nhalf a li");
    const run = start({ idleTimeout: 50, pollInterval: 20 });
    assert.deepEqual(await run.untilSize(2), ["whole", "half a li"]);
    folder.append("shop.log", "ne\n");
    assert.deepEqual((await run.untilSize(3))[2], "ne");
  }));

Deno.test("taildir forgets a deleted file once it was read and is idle", () =>
  inFolder(async (folder, start) => {
    folder.write("gone.log", "read me\nand the res");
    folder.write("here.log", "another\n");
    const run = start({ idleTimeout: 100, pollInterval: 20 });
    await run.untilSize(2);
    const { dev, ino } = Deno.statSync(folder.at("gone.log"));
    Deno.removeSync(folder.at("gone.log"));
    await run.untilSize(3);
    folder.append("here.log", "a later position\n");
    await run.untilSize(4);
    assert.ok(`${dev}:${ino}` in (run.batches[2]!.position ?? {}));
    assert.deepEqual(Object.keys(run.position!).filter((key) => key.startsWith(`${dev}:${ino}`)), []);
  }));

Deno.test("taildir starts at the end of known files when asked, and does not skip more at a restart", () =>
  inFolder(async (folder, start) => {
    folder.write("shop.log", "old news\n");
    const first = start({ skipToEnd: true });
    await until("a position", () => first.position !== undefined);
    await first.stop();
    folder.append("shop.log", "fresh\n");
    const second = start({ skipToEnd: true }, first.position);
    assert.deepEqual(await second.untilSize(1), ["fresh"]);
    folder.write("other.log", "new files are read from their start\n");
    assert.equal((await second.untilSize(2))[1], "new files are read from their start");
  }));

Deno.test("taildir takes over the progress that Flume has saved", () =>
  inFolder(async (folder, start) => {
    folder.write("a.log", "seen by Flume\nnot seen\n");
    folder.write("b.log", "never seen\n");
    const inode = Deno.statSync(folder.at("a.log")).ino;
    const saved = JSON.stringify([{ inode, pos: 14, file: folder.at("a.log") }, {
      inode: 1,
      pos: 3,
      file: "/x",
    }]);
    folder.write("taildir_position.json", saved);
    const run = start({ positionFile: folder.at("taildir_position.json") });
    assert.deepEqual((await run.untilSize(2)).toSorted(), ["never seen", "not seen"]);
    assert.equal(Deno.readTextFileSync(folder.at("taildir_position.json")), saved);
    // Later the inode may be another file's, so what Flume knew of it no longer counts.
    const later = start({ positionFile: folder.at("taildir_position.json") }, { "0:1": 1 });
    assert.equal((await later.untilSize(3)).includes("seen by Flume"), true);
  }));

Deno.test("taildir cuts lines that are longer than the limit and keeps longer blocks whole below it", () =>
  inFolder(async (folder, start) => {
    folder.write("short.log", "abcdefghij\nkl\n");
    const run = start({ maxLineBytes: 4 });
    assert.deepEqual(await run.untilSize(4), ["abcd", "efgh", "ij", "kl"]);
    await run.stop();
    const line = longLine(3 << 20);
    folder.write(
      "long.log",
      new Uint8Array([...UTF8.encode("short\n"), ...line, 10, ...UTF8.encode("end\n")]),
    );
    const whole = start({ maxLineBytes: "8MiB", paths: folder.at("long\\.log") });
    assert.deepEqual((await whole.untilSize(3)).map((text) => text.length), [5, line.length, 3]);
    await whole.stop();
    const cut = start({ maxLineBytes: 1_500_000, paths: folder.at("long\\.log") });
    assert.deepEqual((await cut.untilSize(5)).map((text) => text.length), [
      5,
      1_500_000,
      1_500_000,
      line.length - 3_000_000,
      3,
    ]);
  }));

Deno.test("taildir passes bytes that are no text unchanged", () =>
  inFolder(async (folder, start) => {
    for (const name of ["invalid_utf8.log", "nul_bytes.log"] as const) folder.write(name, sampleBytes(name));
    const run = start();
    const expected = ["invalid_utf8.log", "nul_bytes.log"].map((name) =>
      Deno.readFileSync(folder.at(name)).filter((byte) => byte !== 13).length
    );
    const bytes = () => run.batches.reduce((sum, batch) => sum + batch.bodyBytes + batch.size, 0);
    await until("all bytes", () => bytes() === expected[0]! + expected[1]!);
  }));

Deno.test("taildir waits for a missing folder, passes over broken links and reports once", () =>
  inFolder(async (folder, start) => {
    folder.write("shop.log", "readable\n");
    Deno.symlinkSync(folder.at("nowhere"), folder.at("broken.log"));
    const run = start({ paths: [folder.at(".*\\.log"), join(folder.path, "missing", ".*")] });
    assert.deepEqual(await run.untilSize(1), ["readable"]);
    Deno.mkdirSync(folder.at("missing"));
    folder.write("missing/late.txt", "the folder came later\n");
    assert.equal((await run.untilSize(2))[1], "the folder came later");
    assert.equal(run.context.lines.filter(({ level }) => level === "warn").length, 1);
  }));

Deno.test("taildir reports a file that it may not read once, reads the others, and tries again", () =>
  inFolder(async (folder, start) => {
    folder.write("secret.log", "for some eyes only\n");
    folder.write("shop.log", "for all eyes\n");
    const { openSync } = Deno;
    let refusals = 0;
    // Whoever runs the tests may be allowed to read everything.
    Deno.openSync = (path, options) => {
      if (!String(path).endsWith("secret.log") || refusals === 2) return openSync(path, options);
      refusals++;
      throw new Deno.errors.PermissionDenied("Permission denied");
    };
    try {
      const run = start({ pollInterval: 20 });
      assert.deepEqual(await run.untilSize(1), ["for all eyes"]);
      assert.equal((await run.untilSize(2))[1], "for some eyes only");
      const errors = run.context.lines.filter(({ level }) => level === "error").map(({ text }) => text);
      assert.deepEqual(errors, ["File cannot be read; trying again: Permission denied"]);
      assert.equal(run.context.counters.get("EventReadFail"), 1);
    } finally {
      Deno.openSync = openSync;
    }
  }));

Deno.test("taildir ends with the cause when a batch is rolled back", () =>
  inFolder(async (folder, start) => {
    const run = start();
    run.answer = () => Promise.reject(new Error("Disk is on fire"));
    folder.write("shop.log", "lost and read again\n");
    await assert.rejects(run.ended, /Disk is on fire/);
    const again = start({}, run.position);
    assert.deepEqual(await again.untilSize(1), ["lost and read again"]);
  }));

Deno.test("taildir check wants files, known groups and a regular expression", () => {
  const base = { paths: [], filegroups: {}, headers: {}, maxLineBytes: 1 } as never as Record<
    string,
    unknown
  >;
  const texts = (change: Record<string, unknown>) =>
    taildir.check!({ ...base, ...change } as never).map(({ text }) => text);
  assert.match(texts({})[0]!, /No files/);
  assert.match(texts({ paths: ["/var/log/"] })[0]!, /names a folder only/);
  assert.match(texts({ paths: ["/var/log/(.log"] })[0]!, /regular expression/);
  assert.match(texts({ paths: ["/var/log/a"], headers: { web: {} } })[0]!, /no file group "web"/);
  assert.deepEqual(texts({ paths: ["/var/log/a"] }), []);
});
