import assert from "node:assert/strict";
import { denoDisk, Journal, JournalError, readCheckpoint } from "../../journal/mod.ts";
import { frame, inFolder, openIn, put, readTexts, segmentNames, watchedDisk } from "./_opened.ts";

Deno.test("journal gives back what was put, in order, to each channel its own", () =>
  inFolder(async (folder) => {
    const journal = await openIn(folder);
    const a = await journal.addChannel("a");
    const b = await journal.addChannel("b");
    journal.append([frame("both", [a, b]), frame("only a", [a])]);
    await put(journal, "only b", [b]);
    assert.deepEqual(await readTexts(journal, a), ["both", "only a"]);
    assert.deepEqual(await readTexts(journal, b), ["both", "only b"]);
    assert.deepEqual([journal.state.channels.a!.size, journal.state.channels.b!.size], [2, 2]);
    await journal.close();
  }));

Deno.test("journal answers all appends that came during a sync with the next one", () =>
  inFolder(async (folder) => {
    let syncs = 0;
    const journal = await openIn(folder, { disk: watchedDisk({ sync: () => void syncs++ }) });
    const channel = await journal.addChannel("a");
    syncs = 0;
    const puts = Array.from({ length: 50 }, (_, index) => put(journal, `${index}`, [channel]));
    await Promise.all(puts);
    assert.equal(syncs, 1);
    assert.equal((await readTexts(journal, channel)).length, 50);
    await journal.close();
  }));

Deno.test("journal does not answer or show an append before its sync has ended", () =>
  inFolder(async (folder) => {
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let isHeld = false;
    const sync = () => {
      if (!isHeld) return;
      begun.resolve();
      return gate.promise;
    };
    const journal = await openIn(folder, { disk: watchedDisk({ sync }) });
    const channel = await journal.addChannel("a");
    isHeld = true;
    let isCommitted = false;
    const { committed } = journal.append([frame("x".repeat(100_000), [channel])]);
    committed.then(() => isCommitted = true);
    await begun.promise;
    assert.deepEqual(await readTexts(journal, channel), []);
    assert.equal(isCommitted, false);
    gate.resolve();
    await committed;
    assert.equal((await readTexts(journal, channel)).length, 1);
    await journal.close();
  }));

Deno.test("journal that syncs never answers without a sync", () =>
  inFolder(async (folder) => {
    let syncs = 0;
    const journal = await openIn(folder, { sync: "never", disk: watchedDisk({ sync: () => void syncs++ }) });
    const channel = await journal.addChannel("a");
    syncs = 0;
    await put(journal, "quick", [channel]);
    assert.equal(syncs, 0);
    assert.deepEqual(await readTexts(journal, channel), ["quick"]);
    await journal.close();
    assert.ok(syncs > 0);
  }));

Deno.test("journal opened again knows channels, sizes, cursors, positions and its id", () =>
  inFolder(async (folder) => {
    const first = await openIn(folder);
    const channel = await first.addChannel("a");
    const position = { "8:15": 4711, gone: "x" };
    await first.append([frame("one", [channel])], [{ source: "in", position }]).committed;
    await first.append([frame("two", [channel])], [{ source: "in", position: { gone: null } }]).committed;
    first.deliver("a", 1, 1);
    const state = structuredClone(first.state);
    await first.close();
    assert.deepEqual(state.positions, { in: { "8:15": 4711 } });
    const second = await openIn(folder);
    assert.deepEqual(second.faults, []);
    assert.equal(second.id, first.id);
    assert.deepEqual(second.state, state);
    assert.deepEqual(await readTexts(second, second.state.channels.a!), ["two"]);
    assert.equal(await put(second, "three", [channel]), 2);
    await second.close();
  }));

Deno.test("journal whose process was killed has all that was answered, without a word of complaint", () =>
  inFolder(async (folder) => {
    const program = `
      import { Journal } from ${JSON.stringify(import.meta.resolve("../../journal/mod.ts"))};
      const folder = ${JSON.stringify(folder)};
      const journal = await Journal.open({ folders: [folder + "/segments"], checkpointFolder: folder + "/checkpoint" });
      const { id } = await journal.addChannel("a");
      for (let n = 0; n < 300; n++) {
        const bytes = new Uint8Array(64 + 1000 * (n % 100)).fill(n, 64);
        await journal.append([{ bytes, count: 2, channels: [id] }]).committed;
      }
      journal.deliver("a", 10, 10);
      await journal.checkpoint();
      await journal.append([{ bytes: new Uint8Array(80), count: 1, channels: [id] }]).committed;
      Deno.kill(Deno.pid, "SIGKILL");`;
    const command = new Deno.Command(Deno.execPath(), { args: ["eval", program] });
    assert.equal((await command.output()).signal, "SIGKILL");
    const journal = await openIn(folder);
    assert.deepEqual(journal.faults, []);
    assert.equal(journal.committedSequence, 601);
    const { cursor, size } = journal.state.channels.a!;
    assert.deepEqual({ cursor, size }, { cursor: 10, size: 591 });
    assert.equal((await readTexts(journal, journal.state.channels.a!)).length, 296);
    await journal.close();
  }));

Deno.test("journal begins another segment when one is full, and reads on across them", () =>
  inFolder(async (folder) => {
    const journal = await openIn(folder, { segmentBytes: 64 * 1024 });
    const channel = await journal.addChannel("a");
    const texts = Array.from({ length: 40 }, (_, index) => `${index} `.repeat(3000));
    for (const text of texts) await put(journal, text, [channel]);
    assert.ok(segmentNames(folder).length > 4);
    assert.deepEqual(await readTexts(journal, channel), texts);
    assert.deepEqual(await readTexts(journal, channel, 33), texts.slice(33));
    await journal.close();
  }));

Deno.test("journal lays segments into its folders in turn", () =>
  inFolder(async (folder) => {
    const folders = [`${folder}/one`, `${folder}/two`];
    const journal = await openIn(folder, { folders, segmentBytes: 1000 });
    const channel = await journal.addChannel("a");
    for (let n = 0; n < 6; n++) await put(journal, "x".repeat(900), [channel]);
    const counts = folders.map((one) => denoDisk.list(one).filter((name) => name.endsWith(".seg")).length);
    assert.ok(counts.every((count) => count >= 3), `${counts}`);
    assert.equal((await readTexts(journal, channel)).length, 6);
    await journal.close();
  }));

Deno.test("journal folder in use is refused, and the error says by whom and what to do", () =>
  inFolder(async (folder) => {
    const journal = await openIn(folder);
    await assert.rejects(openIn(folder), (cause) => {
      assert.ok(cause instanceof JournalError);
      assert.match(cause.message, new RegExp(`in use by process ${Deno.pid}`));
      assert.match(cause.fix, /stop that process/);
      return true;
    });
    await journal.close();
    await (await openIn(folder)).close();
  }));

Deno.test("journal keeps a checkpoint in both folders from the beginning", () =>
  inFolder(async (folder) => {
    const journal = await openIn(folder, { backupCheckpointFolder: `${folder}/backup` });
    const channel = await journal.addChannel("a");
    await put(journal, "one", [channel]);
    assert.equal((await readCheckpoint(denoDisk, `${folder}/backup`))?.sequence, 0);
    await journal.checkpoint();
    for (const name of ["checkpoint", "backup"]) {
      const checkpoint = await readCheckpoint(denoDisk, `${folder}/${name}`);
      assert.equal(checkpoint?.sequence, 1);
      assert.equal(checkpoint?.state.channels.a?.size, 1);
    }
    await journal.close();
  }));

Deno.test("journal refuses what cannot be a frame, and appends after its end", () =>
  inFolder(async (folder) => {
    const journal = await openIn(folder);
    const channel = await journal.addChannel("a");
    assert.throws(() => journal.append([frame("none", [channel], 0)]), RangeError);
    assert.throws(() => journal.append([]), RangeError);
    assert.throws(() => journal.deliver("a", 1, 1), /only those below 0 are committed/);
    await journal.close();
    assert.throws(() => journal.append([frame("late", [channel])]), JournalError);
    await assert.rejects(() => Journal.open({ folders: [], checkpointFolder: folder }), RangeError);
  }));

Deno.test("journal keeps what was away when it was opened without its segments, as on a disk that was not mounted", () =>
  inFolder(async (folder) => {
    const first = await openIn(folder);
    const channel = await first.addChannel("a");
    const texts = Array.from({ length: 50 }, (_, index) => `kept ${index}`);
    for (const text of texts) await put(first, text, [channel]);
    await first.close();
    await Deno.rename(`${folder}/segments`, `${folder}/away`);
    const between = await openIn(folder);
    await put(between, "between", [channel]);
    await between.close();
    await Deno.remove(`${folder}/segments`, { recursive: true });
    await Deno.rename(`${folder}/away`, `${folder}/segments`);
    const back = await openIn(folder);
    assert.deepEqual(await readTexts(back, channel), [...texts, "! 1"]);
    await back.close();
  }));
