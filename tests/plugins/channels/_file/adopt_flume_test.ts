import assert from "node:assert/strict";
import { adoptFlumeChannel } from "../../../../plugins/channels/_file/adopt_flume.ts";
import { FlumeLogWriter } from "../../../support/flume_logs.ts";

/** Runs with as many data folders as are wanted. */
async function inFolders(count: number, body: (folders: string[]) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  const folders = Array.from({ length: count }, (_, index) => `${root}/${index}`);
  for (const folder of folders) await Deno.mkdir(folder);
  try {
    await body(folders);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function bodiesOf({ events }: ReturnType<typeof adoptFlumeChannel>, from = 0): Promise<string[]> {
  const bodies: string[] = [];
  for await (const batch of events?.read(from) ?? []) {
    for (let index = 0; index < batch.size; index++) bodies.push(batch.text(index));
  }
  return bodies;
}

Deno.test("Flume's channel holds what was put and not taken, in the order of the commits", () =>
  inFolders(1, async (folders) => {
    const log = new FlumeLogWriter(folders[0]!, 1);
    const taken = log.put(1, "taken");
    log.put(2, "second");
    log.put(1, "third");
    log.commit(2, "put");
    log.commit(1, "put");
    log.take(3, taken);
    log.commit(3, "take");
    log.save();
    const adoption = adoptFlumeChannel(folders);
    assert.deepEqual(await bodiesOf(adoption), ["second", "third"]);
    assert.deepEqual(await bodiesOf(adoption, 1), ["third"]);
    assert.deepEqual(adoption.warnings, []);
  }));

Deno.test("transaction of Flume's channel without a commit, or rolled back, never was", () =>
  inFolders(1, async (folders) => {
    const log = new FlumeLogWriter(folders[0]!, 1);
    const first = log.put(1, "stays");
    log.commit(1, "put");
    log.put(2, "put and rolled back");
    log.rollback(2);
    log.put(3, "put and not committed");
    log.take(4, first);
    log.rollback(4);
    log.take(5, first);
    log.save();
    assert.deepEqual(await bodiesOf(adoptFlumeChannel(folders)), ["stays"]);
  }));

Deno.test("transaction of Flume's channel may go over two logs, and a take may stand in a log of another folder", () =>
  inFolders(2, async (folders) => {
    const first = new FlumeLogWriter(folders[0]!, 1);
    const second = new FlumeLogWriter(folders[1]!, 2);
    const third = new FlumeLogWriter(folders[0]!, 3);
    first.put(1, "a");
    const taken = second.put(2, "taken");
    second.commit(2, "put");
    first.take(3, taken);
    first.commit(3, "take");
    third.put(1, "b");
    third.commit(1, "put");
    for (const log of [first, second, third]) log.save();
    await Deno.writeFile(`${folders[1]}/log-4`, new Uint8Array(0));
    assert.deepEqual(await bodiesOf(adoptFlumeChannel(folders)), ["a", "b"]);
  }));

Deno.test("damaged event of Flume's channel is left out and told, one that the integrity tool has struck out is not", () =>
  inFolders(1, async (folders) => {
    const log = new FlumeLogWriter(folders[0]!, 1);
    log.put(1, "damaged", { checksum: 1 });
    const struck = log.put(1, "struck out");
    log.put(1, "good");
    log.commit(1, "put");
    log.skip(struck);
    log.save();
    const adoption = adoptFlumeChannel(folders);
    assert.deepEqual(await bodiesOf(adoption), ["good"]);
    assert.deepEqual(adoption.warnings, [`${log.path}, byte 0: the event is damaged and left out`]);
  }));

Deno.test("torn end of a log of Flume's channel is told, and what stands before it is taken over", () =>
  inFolders(1, async (folders) => {
    const log = new FlumeLogWriter(folders[0]!, 1);
    log.put(1, "good");
    log.commit(1, "put");
    log.raw(127, 0x7F, 0xFF, 0xFF, 0xFF, 1, 2, 3);
    log.save();
    const adoption = adoptFlumeChannel(folders);
    assert.deepEqual(await bodiesOf(adoption), ["good"]);
    assert.match(
      adoption.warnings[0]!,
      /log-1, byte \d+: no entry begins here; what follows in this log is not read/,
    );
  }));

Deno.test("Flume's channel that is encrypted is refused, and one without logs holds nothing", () =>
  inFolders(2, async ([one, other]) => {
    assert.deepEqual(adoptFlumeChannel([one!]).events, undefined);
    const log = new FlumeLogWriter(other!, 1);
    log.save({ isEncrypted: true });
    assert.throws(() => adoptFlumeChannel([other!]), /log-1" is encrypted and cannot be read/);
    await Promise.resolve();
  }));

Deno.test("thousands of events of Flume's channel come in batches", () =>
  inFolders(1, async (folders) => {
    const log = new FlumeLogWriter(folders[0]!, 1);
    const wanted = Array.from({ length: 2500 }, (_, index) => `event ${index}`);
    for (const body of wanted) log.put(1, body);
    log.commit(1, "put");
    log.save();
    const { events } = adoptFlumeChannel(folders);
    const sizes = (await Array.fromAsync(events!.read(0))).map(({ size }) => size);
    assert.deepEqual(sizes, [1000, 1000, 500]);
    assert.deepEqual(await bodiesOf(adoptFlumeChannel(folders)), wanted);
  }));
