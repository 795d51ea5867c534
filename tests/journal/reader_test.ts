import assert from "node:assert/strict";
import { FRAME_HEAD_BYTES, type Journal, makeSeal, parseKeyFile } from "../../journal/mod.ts";
import { frame, inFolder, openIn, put, readTexts } from "./_opened.ts";

/** Around what is read in one piece, and around what is read for itself. */
const LENGTHS = [0, 1, 63, 64, 65, 1000, 65_535, 65_536, 65_537, 262_079, 262_080, 262_144, 1_000_000];

function textOf(length: number): string {
  return `${length} `.repeat(length).slice(0, length);
}

Deno.test("reader gives frames of every length, whatever lies between them", () =>
  inFolder(async (folder) => {
    const journal = await openIn(folder);
    const a = await journal.addChannel("a");
    const b = await journal.addChannel("b");
    const lengths = [...LENGTHS, ...LENGTHS.toReversed(), ...LENGTHS.flatMap((length) => [length, 10])];
    for (const length of lengths) journal.append([frame(textOf(length), [a]), frame(textOf(length), [b])]);
    await put(journal, "end", [a, b]);
    const expected = [...lengths.map(textOf), "end"];
    for (const channel of [a, b]) assert.ok(sameTexts(await readTexts(journal, channel), expected));
    const from = 2 * (lengths.length - 3);
    assert.ok(sameTexts(await readTexts(journal, b, from), expected.slice(-4)));
    await journal.close();
  }));

function sameTexts(found: readonly string[], expected: readonly string[]): boolean {
  return found.length === expected.length && found.every((text, index) => text === expected[index]);
}

Deno.test("reader uses the room that it is given, and asks for little more than the payload", () =>
  inFolder(async (folder) => {
    const journal = await openIn(folder);
    const a = await journal.addChannel("a");
    for (const length of [10, 100_000]) {
      const sequence = await put(journal, textOf(length), [a]);
      const block = new Uint8Array(200_000);
      const reader = journal.reader(a.id, sequence);
      const read = await reader.next((bytes) => {
        assert.ok(bytes >= length && bytes <= length + FRAME_HEAD_BYTES);
        return block;
      });
      reader.close();
      assert.ok(read && !("fault" in read));
      assert.equal(read.payload.buffer, block.buffer);
      assert.equal(read.payload.length, length);
    }
    await journal.close();
  }));

Deno.test("reader that has read all goes on when more is committed, also into other segments", () =>
  inFolder(async (folder) => {
    const journal = await openIn(folder, { segmentBytes: 3000 });
    const a = await journal.addChannel("a");
    const reader = journal.reader(a.id, 0);
    const room = (bytes: number) => new Uint8Array(bytes);
    for (let n = 0; n < 30; n++) {
      assert.equal(await reader.next(room), undefined);
      await put(journal, `${n} `.repeat(300), [a]);
      const read = await reader.next(room);
      assert.ok(read && !("fault" in read));
      assert.equal(read.sequence, n);
    }
    reader.close();
    await journal.close();
  }));

Deno.test("sealed journal opens with its key, and is refused without one before anything is touched", () =>
  inFolder(async (folder) => {
    const key = "k1 ".concat("00112233445566778899aabbccddeeff".repeat(2));
    const seal = makeSeal({ compression: "zstd", keys: parseKeyFile(key, "keys") });
    const journal = await openIn(folder, { seal });
    const a = await journal.addChannel("a");
    for (let n = 0; n < 5; n++) await put(journal, `secret ${n} `.repeat(100), [a]);
    await readAgain(journal);
    await assert.rejects(openIn(folder), /key id/);
    const again = await openIn(folder, { seal });
    await readAgain(again);
    await again.close();

    async function readAgain(opened: Journal): Promise<void> {
      const texts = await readTexts(opened, opened.state.channels.a!);
      assert.deepEqual(texts, Array.from({ length: 5 }, (_, n) => `secret ${n} `.repeat(100)));
      if (opened === journal) await killed(opened, folder);
    }
  }));

/** Ends a journal as a crash does: without a checkpoint that spares the next open the last frames. */
async function killed(journal: Journal, folder: string): Promise<void> {
  const before = await Deno.readFile(`${folder}/checkpoint/checkpoint`);
  await journal.close();
  await Deno.writeFile(`${folder}/checkpoint/checkpoint`, before);
}
