import assert from "node:assert/strict";
import { type Clock, systemClock } from "sluice/plugin";
import { LocalStore } from "../../../../../plugins/sinks/_hdfs/stores/local_store.ts";
import { slicesOf } from "../../../../support/byte_slices.ts";
import { until } from "../../../../support/until.ts";
import { withFolder } from "../../rolling.ts";
import { deliver, filesBelow, makeHdfs, withFolders } from "../making.ts";

/** Waits are not what is tested here. */
const HASTY: Clock = { ...systemClock, sleep: (ms, stop) => systemClock.sleep(ms / 100, stop) };
const NEVER = new AbortController().signal;

/** A store of a folder that a link leads to, so that another folder, or another disk, can take its place. */
async function withLink(use: (store: LocalStore, folders: Folders) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const root = Deno.realPathSync(folder);
    const home = `${root}/home`;
    Deno.mkdirSync(`${root}/disk`);
    Deno.symlinkSync(`${root}/disk`, home);
    await use(LocalStore.open(home), { root, home });
  });
}

interface Folders {
  readonly root: string;
  readonly home: string;
}

const bodiesBelow = (folder: string) => Object.values(filesBelow(folder)).sort();
const send = (store: LocalStore, path = "day=1/a.tmp") => store.put(path, slicesOf(new Uint8Array(3)), NEVER);

Deno.test("a file whose disk was taken away is not gone, and gets its name when the disk is back", async () => {
  await withLink(async (store, { root, home }) => {
    const upload = await send(store);
    Deno.removeSync(home);
    await assert.rejects(store.publish(upload, "day=1/a"), /Folder ".*\/home" is gone: .* mount its disk/);
    Deno.symlinkSync(`${root}/disk`, home);
    assert.equal(await store.publish(upload, "day=1/a"), "done");
  });
});

Deno.test("a file is not gone where another disk is than had it, unless nobody noted which", async () => {
  await withLink(async (store, { home }) => {
    const { id = "", ...upload } = await send(store);
    Deno.removeSync(`${home}/day=1`, { recursive: true });
    const [number, disk] = id.split(" ");
    assert.match(disk!, /^\d+:\d+$/);
    const elsewhere = store.publish({ ...upload, id: `${number} 0:0` }, "day=1/a");
    await assert.rejects(elsewhere, (cause: Error & { canRetry?: boolean }) => {
      assert.match(cause.message, /day=1\/a\.tmp" was on another disk than is there now: mount that one$/);
      return cause.canRetry === false;
    });
    // As earlier versions noted it.
    assert.equal(await store.publish({ ...upload, id: number! }, "day=1/a"), "gone");
  });
});

Deno.test("a file is gone that was fetched, though its disk has got another number since", async () => {
  await withLink(async (store, { home }) => {
    const upload = await send(store);
    const renumbered = { ...upload, id: upload.id!.replace(/ \d+:/, " 0:") };
    assert.equal(await store.publish(renumbered, "day=1/a"), "done");
    Deno.removeSync(`${home}/day=1/a`);
    assert.equal(await store.publish(renumbered, "day=1/a"), "gone");
  });
});

Deno.test("hdfs sink goes on with other files while one folder of a local disk takes none", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const sink = await makeHdfs({ path: `file://${out}/%{kind}`, rollCount: 1 }, { stateDir, clock: HASTY });
    Deno.writeTextFileSync(`${out}/odd`, "somebody else's");
    for (const kind of ["odd", "a", "b"]) await deliver(sink, kind, { headers: { kind } });
    await until(
      "the other files",
      () => bodiesBelow(out).includes("a\n") && bodiesBelow(out).includes("b\n"),
    );
    Deno.removeSync(`${out}/odd`);
    await until("the file that was refused", () => bodiesBelow(out).includes("odd\n"));
    await sink.close!();
    assert.deepEqual(bodiesBelow(out), ["a\n", "b\n", "odd\n"]);
  });
});

Deno.test("a file that was staged for another home goes where it was to go, or holds up no other", async () => {
  await withFolder(async (folder) => {
    const root = Deno.realPathSync(folder);
    const store = LocalStore.open("/", `${root}/new`);
    const path = `${root}/newer/day=1/a`.slice(1);
    assert.equal(await store.publish(await send(store, `${path}.tmp`), path), "done");
    assert.deepEqual(filesBelow(root), { "newer/day=1/a": "\0\0\0" });
    const nowhere = `nowhere ${crypto.randomUUID()}`;
    const gone = `Folder "/${nowhere}" is gone: make it again, or mount its disk`;
    await assert.rejects(send(store, `${nowhere}/day=1/a.tmp`), {
      message: `${gone}; the file was staged for another hdfs.path`,
      canRetry: false,
    });
    const upload = { path: `${nowhere}/day=1/a.tmp`, bytes: 3 };
    await assert.rejects(store.publish(upload, `${nowhere}/day=1/a`), { canRetry: false });
    await assert.rejects(store.appends.length(upload.path), { message: gone });
  });
});

Deno.test("hdfs sink sends what is staged to the local folder that it was given, and the rest to a new one", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const settings = (folder: string) => ({ path: `file://${out}/${folder}/%{kind}`, rollCount: 1 });
    const first = await makeHdfs(settings("old"), { stateDir, clock: HASTY });
    Deno.removeSync(`${out}/old`);
    await deliver(first, "1", { headers: { kind: "a" }, position: { in: 1 } });
    await first.close!();
    const next = await makeHdfs(settings("new"), { stateDir, clock: HASTY });
    assert.deepEqual(await next.resume!(), { in: 1 });
    await deliver(next, "2", { headers: { kind: "a" } });
    await until("both files", () => bodiesBelow(out).length === 2);
    await next.close!();
    const found = Object.entries(filesBelow(out)).map(([path, text]) => [path.split("/")[0], text]);
    assert.deepEqual(found, [["new", "2\n"], ["old", "1\n"]]);
  });
});
