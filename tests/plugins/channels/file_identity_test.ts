import assert from "node:assert/strict";
import type { Channel, EventBatch } from "sluice/plugin";
import { Journal } from "../../../journal/mod.ts";
import { bodiesOf, inFolder, numbered, put, take } from "./_channels.ts";

/** Takes all that is there in pieces and gives it back; answers what identifies each event. */
async function identities(channel: Channel, maxEvents: number): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const takes = [];
  while (found.size < channel.size) {
    const taken = await take(channel, maxEvents);
    takes.push(taken);
    note(taken.batch, found);
  }
  for (const taken of takes.reverse()) await taken.rollback();
  return found;
}

function note(batch: EventBatch, found: Map<string, string>): void {
  const { stream, runs } = batch.identity!;
  const numbers = runs.flatMap(({ first, count, timeMs }) =>
    Array.from({ length: count }, (_, index) => `${stream}/${first + index}/${timeMs}`)
  );
  assert.equal(numbers.length, batch.size);
  bodiesOf(batch).forEach((body, at) => found.set(body, numbers[at]!));
}

Deno.test("file channel gives each event the same identity from memory, from the disk, and in every cut", async () => {
  await inFolder(async (folder) => {
    const [main, other] = [await folder.open("main"), await folder.open("other")];
    for (let from = 0; from < 300; from += 10) {
      await put(main, numbered(from, from + 10));
      await put(other, numbered(from, from + 3));
    }
    const known = await identities(main, 7);
    assert.equal(known.size, 300);
    assert.equal(new Set(known.values()).size, 300);
    assert.deepEqual(await identities(main, 64), known);
    const others = await identities(other, 10);
    assert.equal(new Set([...known.values(), ...others.values()]).size, 390);
    const copy = folder.crashed();
    try {
      const again = await copy.open("main");
      assert.deepEqual(await identities(again, 11), known);
      await put(again, numbered(1000, 1010));
      assert.equal(new Set((await identities(again, 50)).values()).size, 310);
    } finally {
      await copy.end();
    }
  });
});

Deno.test("file channel claims no event of its own between two runs of a batch", async () => {
  await inFolder(async (folder) => {
    const [main, other] = [await folder.open("main"), await folder.open("other")];
    for (let from = 0; from < 50; from += 5) {
      await put(main, numbered(from, from + 5));
      await put(other, numbered(from, from + 2));
    }
    const { batch } = await take(main, 50);
    const { runs } = batch.identity!;
    assert.ok(runs.length > 1, "frames of the other channel lie between");
    for (const [at, { after, first }] of runs.entries()) {
      const before = runs[at - 1];
      assert.equal(after, before ? before.first + before.count : first);
    }
  });
});

Deno.test("file channel that was given up and is added again has another stream: it holds other events", async () => {
  await inFolder(async (folder) => {
    const [main, other] = [await folder.open("main"), await folder.open("other")];
    await put(main, numbered(0, 5));
    await put(other, numbered(5, 10));
    await put(main, numbered(10, 15));
    const known = (await take(main, 20)).batch.identity!;
    for (const channel of [main, other]) await channel.close();
    const journal = await Journal.open({
      folders: [`${folder.path}/journal`],
      checkpointFolder: `${folder.path}/journal`,
    });
    await journal.removeChannel("main");
    await journal.close();
    const again = await folder.open("main", { from: "earliest" });
    assert.equal(again.size, 15);
    assert.notEqual((await take(again, 20)).batch.identity!.stream, known.stream);
  });
});

Deno.test("copies of a journal that both go on never give two events one identity, and keep that of what they share", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main");
    await put(channel, numbered(0, 5));
    await channel.close();
    const known = new Map<string, string>();
    for (const copy of [folder.crashed(), folder.crashed()]) {
      try {
        const again = await copy.open("main");
        await put(again, numbered(5, 10));
        for (const [body, identity] of await identities(again, 3)) {
          if (parseInt(body) < 5) assert.equal(identity, known.get(body) ?? identity);
          else assert.ok(![...known.values()].includes(identity), `${body} is ${identity}`);
          known.set(body, identity);
        }
      } finally {
        await copy.end();
      }
    }
  });
});

Deno.test("file channel keeps the identities of events from several openings, none of which shares a take", async () => {
  await inFolder(async (folder) => {
    let known = new Map<string, string>();
    for (let opening = 0; opening < 70; opening++) {
      const channel = await folder.open("main");
      await put(channel, numbered(opening, opening + 1));
      const found = await identities(channel, 100);
      // The oldest of very many openings may lose their names: then events come twice, and none is lost.
      for (const [body, identity] of [...known].slice(-60)) assert.equal(found.get(body), identity);
      assert.equal(new Set(found.values()).size, opening + 1);
      known = found;
      await channel.close();
    }
  });
});
