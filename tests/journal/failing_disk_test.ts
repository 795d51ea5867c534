import assert from "node:assert/strict";
import { JournalError, type JournalFault } from "../../journal/mod.ts";
import { frame, inFolder, openIn, put, readTexts, segmentNames, watchedDisk } from "./_opened.ts";

const large = (text: string) => text.repeat(100_000 / text.length);

function diskFull(): Error {
  return Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
}

Deno.test("append that cannot be written is refused, and works without a new open when there is room", () =>
  inFolder(async (folder) => {
    let isFull = false;
    const disk = watchedDisk({
      write: () => {
        if (isFull) throw diskFull();
      },
    });
    const journal = await openIn(folder, { disk });
    const channel = await journal.addChannel("a");
    await put(journal, "first", [channel]);
    isFull = true;
    assert.throws(() => journal.append([frame(large("lost "), [channel])]), (cause) => {
      assert.ok(cause instanceof JournalError);
      assert.match(cause.message, /^Cannot write 100064 bytes at byte \d+ of /);
      assert.match(cause.fix, /make room/);
      return true;
    });
    await assert.rejects(put(journal, "small and lost", [channel]), JournalError);
    assert.equal(journal.committedSequence, 1);
    isFull = false;
    assert.equal(await put(journal, large("second "), [channel]), 1);
    await journal.close();
    const again = await openIn(folder);
    assert.deepEqual(await readTexts(again, channel), ["first", large("second ")]);
    assert.deepEqual(again.faults, []);
    await again.close();
  }));

Deno.test("group of which a part was written is never read", () =>
  inFolder(async (folder) => {
    let writesLeft = Infinity;
    const disk = watchedDisk({
      write: () => {
        if (writesLeft-- <= 0) throw new Error("Input/output error (os error 5)");
      },
    });
    const journal = await openIn(folder, { disk });
    const channel = await journal.addChannel("a");
    await put(journal, "kept", [channel]);
    writesLeft = 2;
    const group = ["one", "two", "three"].map((text) => frame(large(`${text} `), [channel]));
    assert.throws(() => journal.append(group), /Cannot write/);
    writesLeft = Infinity;
    await put(journal, "next", [channel]);
    assert.deepEqual(await readTexts(journal, channel), ["kept", "next"]);
    await journal.close();
  }));

Deno.test("appends whose sync failed are written to another segment and answered", () =>
  inFolder(async (folder) => {
    let isFailing = false;
    const faults: JournalFault[] = [];
    const disk = watchedDisk({
      sync: () => {
        if (!isFailing) return;
        isFailing = false;
        throw new Error("Input/output error (os error 5)");
      },
    });
    const journal = await openIn(folder, { disk, onFault: (fault) => void faults.push(fault) });
    const channel = await journal.addChannel("a");
    await put(journal, "before", [channel]);
    isFailing = true;
    await Promise.all([put(journal, "one", [channel]), put(journal, large("two "), [channel])]);
    await put(journal, "after", [channel]);
    assert.deepEqual(faults.map(({ kind }) => kind), ["sync-failed"]);
    assert.deepEqual(segmentNames(folder), ["00000000000000000000.seg", "00000000000000000001.seg"]);
    const texts = ["before", "one", large("two "), "after"];
    assert.deepEqual(await readTexts(journal, channel), texts);
    await journal.close();
    const again = await openIn(folder);
    assert.deepEqual(await readTexts(again, channel), texts);
    assert.equal(again.state.channels.a!.size, 4);
    assert.deepEqual(again.faults, []);
    await again.close();
  }));

Deno.test("appends are refused while every sync fails, and never read", () =>
  inFolder(async (folder) => {
    let isFailing = false;
    const disk = watchedDisk({
      sync: () => {
        if (isFailing) throw new Error("Input/output error (os error 5)");
      },
    });
    const journal = await openIn(folder, { disk });
    const channel = await journal.addChannel("a");
    await put(journal, "before", [channel]);
    isFailing = true;
    await assert.rejects(put(journal, "lost", [channel]), /Input\/output error/);
    await assert.rejects(put(journal, "lost", [channel]), /Input\/output error/);
    assert.equal(journal.committedSequence, 1);
    isFailing = false;
    assert.equal(await put(journal, "after", [channel]), 1);
    assert.deepEqual(await readTexts(journal, channel), ["before", "after"]);
    assert.equal(journal.state.channels.a!.size, 2);
    await journal.close();
    const again = await openIn(folder);
    assert.deepEqual(await readTexts(again, channel), ["before", "after"]);
    await again.close();
  }));

Deno.test("append is refused before the disk is full, notes are not", () =>
  inFolder(async (folder) => {
    let free = 1_000_000;
    const disk = watchedDisk({ freeBytes: () => free });
    const journal = await openIn(folder, { disk, minFreeBytes: 500_000 });
    const channel = await journal.addChannel("a");
    await put(journal, "fits", [channel]);
    free = 400_000;
    assert.throws(
      () => journal.append([frame("too much", [channel])]),
      /400000 bytes free, and 500000 are to stay free/,
    );
    await journal.append([], [{ source: "in", position: { file: 1 } }]).committed;
    journal.deliver("a", 1, 1);
    await journal.checkpoint();
    free = 1_000_000;
    await put(journal, "fits again", [channel]);
    await journal.close();
  }));

Deno.test("checkpoint that cannot be written is reported, and the journal goes on", () =>
  inFolder(async (folder) => {
    let isFailing = false;
    const faults: string[] = [];
    const disk = watchedDisk({
      write: (path) => {
        if (isFailing && path.includes("checkpoint")) throw diskFull();
      },
    });
    const journal = await openIn(folder, { disk, onFault: ({ kind }) => void faults.push(kind) });
    const channel = await journal.addChannel("a");
    isFailing = true;
    await assert.rejects(journal.checkpoint(), /No space left/);
    await put(journal, "one", [channel]);
    await journal.close();
    assert.deepEqual(faults, ["checkpoint-failed"]);
    const again = await openIn(folder);
    assert.deepEqual(await readTexts(again, channel), ["one"]);
    await again.close();
  }));
