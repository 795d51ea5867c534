import assert from "node:assert/strict";
import type { Channel, TakeTransaction } from "sluice/plugin";
import { denoDisk, type Disk, Journal } from "../../../journal/mod.ts";
import { Member } from "../../../plugins/channels/_file/member.ts";
import { SharedJournal } from "../../../plugins/channels/_file/shared_journal.ts";
import { WaitingPuts } from "../../../plugins/channels/_file/waiting_puts.ts";
import { until } from "../../support/until.ts";
import {
  type Folder,
  inFolder,
  NEVER,
  numbered,
  numbersOf,
  put,
  range,
  take,
  takeNumbers,
} from "./_channels.ts";

/** A disk that takes nothing while it is told to fail. */
class FailingDisk {
  isFailing = false;

  readonly disk: Disk = {
    ...denoDisk,
    open: (path, mode) => {
      this.#check();
      const file = denoDisk.open(path, mode);
      return {
        path,
        write: (bytes, offset) => {
          this.#check();
          file.write(bytes, offset);
        },
        read: (into, offset) => file.read(into, offset),
        sync: async () => {
          this.#check();
          await file.sync();
        },
        truncate: (bytes) => file.truncate(bytes),
        size: () => file.size(),
        close: () => file.close(),
      };
    },
  };

  #check(): void {
    if (this.isFailing) throw new Error("Input/output error (os error 5)");
  }
}

type MemberOptions = ConstructorParameters<typeof Member>[0];
type TestedChannel = Channel & { readonly context: ReturnType<Folder["context"]> };

/** A channel on a disk that can fail. */
async function openOn(disk: Disk, windowBytes: number, folder: Folder): Promise<TestedChannel> {
  const journalFolder = `${folder.path}/journal`;
  const folders = { folders: [journalFolder], checkpointFolder: journalFolder };
  const journal = await Journal.open({ ...folders, disk, maxLingerMs: 0 });
  const context = folder.context("main");
  await journal.addChannel("main");
  const waiting = new WaitingPuts(context.clock);
  const shared = new SharedJournal(journal, waiting);
  const settings = { capacity: 1000, windowBytes, keepAliveMs: 10 } as MemberOptions["settings"];
  const onRoom = () => waiting.admit();
  const { pool, openings } = shared;
  const member = new Member({ journal, pool, openings, settings, context, hasPositions: true, onRoom });
  const channel: TestedChannel = {
    capacity: 1000,
    context,
    get size() {
      return member.out.size;
    },
    put: (batch) => shared.put([{ channel, batch }]),
    take: (options) => member.out.take(options),
    close: async () => {
      await shared.remove(channel);
      await journal.close();
    },
  };
  shared.add(channel, member);
  return channel;
}

for (const [manner, windowBytes] of [["from memory", 1 << 20], ["that lags", 1024]] as const) {
  Deno.test(`file channel with a sink ${manner} gives nothing of what a failing disk refused, and all of the rest`, async () => {
    await inFolder(async (folder) => {
      const failing = new FailingDisk();
      const channel = await openOn(failing.disk, windowBytes, folder);
      try {
        await failAndRecover(channel, failing);
      } finally {
        failing.isFailing = false;
        await channel.close();
      }
    });
  });
}

async function failAndRecover(channel: TestedChannel, failing: FailingDisk): Promise<void> {
  await put(channel, numbered(0, 5, 300));
  failing.isFailing = true;
  const refused = [5, 10].map((at) => put(channel, numbered(at, at + 5, 300)));
  for (const one of refused) await assert.rejects(one);
  await assert.rejects(put(channel, numbered(15, 900, 300)));
  failing.isFailing = false;
  await until("the disk to work again", async () => {
    return await put(channel, numbered(20, 25, 300)).then(() => true, () => false);
  });
  for (let at = 25; at < 40; at += 5) await put(channel, numbered(at, at + 5, 300));
  assert.equal(channel.size, 25);
  assert.deepEqual(await takeNumbers(channel, 25), [...range(0, 5), ...range(20, 40)]);
  assert.equal(channel.size, 0);
  const { counters } = channel.context;
  assert.ok(counters.get("EventPutErrorCount") >= 3);
  assert.equal(counters.get("Unhealthy"), 0);
  const more = put(channel, numbered(40, 45));
  assert.deepEqual(await takeNumbers(channel, 5), range(40, 45));
  await more;
}

/** Alters the first byte of a text somewhere in the segments. */
function damage(folder: Folder, text: string): void {
  for (const { name } of Deno.readDirSync(`${folder.path}/journal`)) {
    if (!name.endsWith(".seg")) continue;
    const path = `${folder.path}/journal/${name}`;
    const bytes = Deno.readFileSync(path);
    const at = new TextDecoder("latin1").decode(bytes).indexOf(text);
    if (at < 0) continue;
    bytes[at] = 0x21;
    Deno.writeFileSync(path, bytes);
    return;
  }
  assert.fail(`"${text}" is in no segment`);
}

Deno.test("file channel reports damaged events with file and offset, counts them, and delivers the rest", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main");
    for (let at = 0; at < 15; at += 5) await put(channel, numbered(at, at + 5));
    await channel.close();
    damage(folder, "7 ");
    const context = folder.context("main");
    const again = await folder.open("main", {}, context);
    const taken: TakeTransaction[] = [await take(again), await take(again)];
    assert.deepEqual(taken.flatMap(({ batch }) => numbersOf(batch)), [...range(0, 5), ...range(10, 15)]);
    for (const one of taken) await one.commit();
    assert.equal(again.size, 0);
    assert.equal(context.counters.get("EventDamagedCount"), 5);
    const line = context.lines.find(({ level }) => level === "error");
    assert.match(line!.text, /Cannot deliver 5 events/);
    assert.match(String(line!.properties!.path), /\.seg$/);
    assert.equal(typeof line!.properties!.offset, "number");
    await again.close();
    assert.equal((await folder.open("main")).size, 0);
  });
});

Deno.test("file channel that loses its last events to damage is empty, and goes on", async () => {
  await inFolder(async (folder) => {
    const channel = await folder.open("main");
    await put(channel, numbered(1000, 1005));
    await channel.close();
    damage(folder, "1003 ");
    const again = await folder.open("main");
    const waiting = again.take({ maxEvents: 10, signal: NEVER });
    await until("the damage to be passed by", () => again.size === 0);
    await put(again, numbered(5, 10));
    assert.deepEqual(numbersOf((await waiting).batch), range(5, 10));
  });
});
