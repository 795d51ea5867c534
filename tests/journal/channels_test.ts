import assert from "node:assert/strict";
import { frame, inFolder, openIn, put, readTexts, segmentNames } from "./_opened.ts";

Deno.test("channel added at the end reads what comes; from the earliest, all that is kept", () =>
  inFolder(async (folder) => {
    const journal = await openIn(folder);
    const old = await journal.addChannel("old");
    await put(journal, "before", [old]);
    const late = await journal.addChannel("late");
    const all = await journal.addChannel("all", "earliest");
    assert.equal(all.size, 1);
    await put(journal, "for late", [late]);
    await put(journal, "for all", [all]);
    assert.deepEqual(await readTexts(journal, late), ["for late"]);
    assert.deepEqual(await readTexts(journal, all), ["before", "for all"]);
    assert.deepEqual(await journal.addChannel("late", "earliest"), journal.state.channels.late);
    await journal.close();
  }));

Deno.test("channel added or moved to a time reads what was put from then on", () =>
  inFolder(async (folder) => {
    let nowMs = 1000;
    const journal = await openIn(folder, { now: () => nowMs, segmentBytes: 500 });
    const a = await journal.addChannel("a");
    for (; nowMs <= 9000; nowMs += 1000) await put(journal, `at ${nowMs}`, [a]);
    assert.ok(segmentNames(folder).length > 2);
    assert.equal(await journal.sequenceAt(0), 0);
    assert.equal(await journal.sequenceAt(4500), 4);
    assert.equal(await journal.sequenceAt(99_000), 9);
    const b = await journal.addChannel("b", { timeMs: 8000 });
    assert.deepEqual(await readTexts(journal, b), ["at 8000", "at 9000"]);
    const moved = await journal.moveChannel("a", { timeMs: 6001 });
    assert.deepEqual({ cursor: moved.cursor, epoch: moved.epoch, size: moved.size }, {
      cursor: 6,
      epoch: 1,
      size: 3,
    });
    await journal.close();
  }));

Deno.test("rewound channel has another epoch, its size counted anew, also after the next open", () =>
  inFolder(async (folder) => {
    const first = await openIn(folder);
    const a = await first.addChannel("a");
    const b = await first.addChannel("b");
    for (let n = 0; n < 5; n++) await first.append([frame(`${n}`, n % 2 ? [b] : [a], 10)]).committed;
    first.deliver("a", 50, 30);
    assert.equal(first.state.channels.a!.size, 0);
    const moved = await first.moveChannel("a", { sequence: 25 });
    assert.deepEqual({ ...moved }, { id: 0, epoch: 1, since: 0, cursor: 25, size: 15 });
    await first.close();
    const second = await openIn(folder);
    assert.deepEqual(second.state.channels.a, moved);
    assert.deepEqual(await readTexts(second, moved), ["2", "4"]);
    await assert.rejects(second.moveChannel("c", { sequence: 0 }), /no channel "c"/);
    await second.close();
  }));

Deno.test("cursor in the middle of a frame gives that frame again", () =>
  inFolder(async (folder) => {
    const journal = await openIn(folder);
    const a = await journal.addChannel("a");
    await journal.append([frame("ten", [a], 10), frame("two", [a], 2)]).committed;
    journal.deliver("a", 7, 7);
    const read = await journal.reader(a.id, 7).next((bytes) => new Uint8Array(bytes));
    assert.ok(read && !("fault" in read));
    assert.deepEqual([read.sequence, read.count], [0, 10]);
    assert.equal(journal.state.channels.a!.size, 5);
    await journal.close();
  }));

Deno.test("delivered segments go, the one that is written to stays", () =>
  inFolder(async (folder) => {
    const journal = await openIn(folder, { segmentBytes: 2000 });
    const a = await journal.addChannel("a");
    const b = await journal.addChannel("b");
    for (let n = 0; n < 10; n++) await put(journal, "x".repeat(1500), [a, b]);
    journal.deliver("a", 10, 10);
    await journal.checkpoint();
    assert.ok(segmentNames(folder).length >= 10, "channel b has not delivered");
    journal.deliver("b", 10, 10);
    await journal.checkpoint();
    assert.equal(segmentNames(folder).length, 1);
    assert.ok(journal.firstSequence >= 9, `${journal.firstSequence}`);
    await journal.close();
  }));

Deno.test("removed channel holds nothing back, and positions outlive the last channel", () =>
  inFolder(async (folder) => {
    const first = await openIn(folder, { segmentBytes: 2000 });
    const a = await first.addChannel("a");
    for (let n = 0; n < 5; n++) await put(first, "x".repeat(1500), [a]);
    await first.append([], [{ source: "in", position: { file: 5 } }]).committed;
    await first.removeChannel("a");
    await first.checkpoint();
    assert.equal(segmentNames(folder).length, 1);
    await first.close();
    const second = await openIn(folder);
    assert.deepEqual(second.state, { channels: {}, positions: { in: { file: 5 } } });
    await second.close();
  }));

Deno.test("retention keeps delivered segments for a time, or up to a size", () =>
  inFolder(async (folder) => {
    let nowMs = 0;
    const retention = { ms: 60_000, bytes: 7000 };
    const journal = await openIn(folder, { segmentBytes: 2000, retention, now: () => nowMs });
    const a = await journal.addChannel("a");
    for (let n = 0; n < 10; n++) await put(journal, "x".repeat(1500), [a]);
    journal.deliver("a", 10, 10);
    await journal.checkpoint();
    const kept = segmentNames(folder).length;
    assert.ok(kept >= 4 && kept <= 6, `${kept} segments`);
    assert.ok((await journal.moveChannel("a", { sequence: 0 })).size < 10);
    journal.deliver("a", 10, 10);
    nowMs = 61_000;
    await journal.checkpoint();
    assert.equal(segmentNames(folder).length, 1);
    await journal.close();
  }));

Deno.test("journal has room for 64 channels and says what to do about one more", () =>
  inFolder(async (folder) => {
    const journal = await openIn(folder, { sync: "never" });
    for (let n = 0; n < 64; n++) assert.equal((await journal.addChannel(`c${n}`)).id, n);
    await assert.rejects(journal.addChannel("one more"), /64 channels already/);
    await journal.removeChannel("c17");
    assert.equal((await journal.addChannel("one more")).id, 17);
    await journal.close();
  }));
