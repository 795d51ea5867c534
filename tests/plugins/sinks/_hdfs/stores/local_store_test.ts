import assert from "node:assert/strict";
import { ConfigError, DeliveryError } from "sluice/plugin";
import { LocalStore } from "../../../../../plugins/sinks/_hdfs/stores/local_store.ts";
import { brokenAfter, patternBytes, silentAfter, slicesOf } from "../../../../support/byte_slices.ts";
import { runUntilKilled } from "../../../../support/killed_program.ts";
import { until } from "../../../../support/until.ts";
import { mountSmallDisk, refusalToMount } from "../../../../trials/tmpfs.ts";
import { withFolder } from "../../rolling.ts";

const NEVER = new AbortController().signal;
const CONTENT = patternBytes(200_000);
const PROGRAM = new URL("./put_program.ts", import.meta.url);

/** All files of a folder, hidden ones too. */
function filesIn(folder: string, prefix = ""): string[] {
  return Array.from(Deno.readDirSync(folder)).flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(`${folder}/${name}`, `${prefix}${name}/`) : [prefix + name]
  ).sort();
}

function localTest(name: string, body: (store: LocalStore, root: string) => Promise<void>): void {
  Deno.test(name, () =>
    withFolder(async (folder) => {
      const root = `${Deno.realPathSync(folder)}/out`;
      await body(LocalStore.open(root), root);
    }));
}

localTest(
  "a file has its in-use name when it is whole, and its final one when it is published",
  async (store, root) => {
    const seen: string[][] = [];
    async function* watched() {
      for await (const slice of slicesOf(CONTENT)) {
        yield slice;
        seen.push(filesIn(root));
      }
    }
    const upload = await store.put("day=1/h=2/a.gz.tmp", watched(), NEVER);
    assert.deepEqual(new Set(seen.flat()), new Set(["day=1/h=2/.a.gz.tmp.part"]));
    assert.deepEqual(filesIn(root), ["day=1/h=2/a.gz.tmp"]);
    assert.equal(await store.publish(JSON.parse(JSON.stringify(upload)), "day=1/h=2/a.gz"), "done");
    assert.deepEqual(filesIn(root), ["day=1/h=2/a.gz"]);
    assert.deepEqual(Deno.readFileSync(`${root}/day=1/h=2/a.gz`), CONTENT);
  },
);

localTest("a file may change its folder when it is published, or keep its name", async (store, root) => {
  const moved = await store.put("tmp/a", slicesOf(CONTENT), NEVER);
  const kept = await store.put("b", slicesOf(new Uint8Array(0)), NEVER);
  assert.deepEqual([await store.publish(moved, "day=1/a"), await store.publish(kept, "b")], ["done", "done"]);
  assert.equal(await store.publish(kept, "b"), "done");
  assert.deepEqual(filesIn(root), ["b", "day=1/a"]);
});

localTest(
  "publishing again is done again; another file is never replaced; what is gone is told",
  async (store, root) => {
    const send = () => store.put("a.tmp", slicesOf(CONTENT), NEVER);
    const first = await send();
    assert.deepEqual([await store.publish(first, "a"), await store.publish(first, "a")], ["done", "done"]);
    const second = await send();
    assert.equal(await store.publish(second, "a"), "taken");
    assert.deepEqual(filesIn(root), ["a", "a.tmp"]);
    assert.deepEqual([await store.publish(second, "a-1"), await store.publish(second, "a-1")], [
      "done",
      "done",
    ]);
    const third = await send();
    await store.discard(third);
    await store.discard(third);
    // Their length is the same, yet neither is this one.
    assert.deepEqual([await store.publish(third, "a"), await store.publish(third, "b")], ["gone", "gone"]);
    assert.deepEqual(filesIn(root), ["a", "a-1"]);
  },
);

localTest("a publish that ended between its two steps is brought to its end", async (store, root) => {
  const upload = await store.put("a.tmp", slicesOf(CONTENT), NEVER);
  Deno.linkSync(`${root}/a.tmp`, `${root}/a`);
  assert.equal(await store.publish(upload, "a"), "done");
  assert.deepEqual(filesIn(root), ["a"]);
});

localTest(
  "a file that was changed under its in-use name is not published, nor taken away",
  async (store, root) => {
    const upload = await store.put("a.tmp", slicesOf(CONTENT), NEVER);
    Deno.writeTextFileSync(`${root}/a.tmp`, "mine");
    assert.equal(await store.publish(upload, "a"), "replaced");
    await store.discard(upload);
    assert.deepEqual(filesIn(root), ["a.tmp"]);
  },
);

localTest(
  "what broke or was aborted leaves nothing, also while its source is silent; the next one is whole",
  async (store, root) => {
    await assert.rejects(store.put("a.tmp", brokenAfter(CONTENT), NEVER), /Cannot write ".*\/out\/a\.tmp"/);
    const denied = Object.assign(new Error("Odd rows"), { canRetry: false });
    // deno-lint-ignore require-yield -- Before there is anything to read.
    const refused = async function* () {
      await Promise.reject(denied);
    };
    await assert.rejects(store.put("a.tmp", refused(), NEVER), denied);
    const ending = new AbortController();
    const silent = store.put("a.tmp", silentAfter(CONTENT), ending.signal);
    await until("all bytes", () => Deno.statSync(`${root}/.a.tmp.part`).size === CONTENT.length);
    ending.abort(new Error("The sink stops"));
    await assert.rejects(silent, /^Error: The sink stops$/);
    await assert.rejects(store.put("a.tmp", slicesOf(CONTENT), ending.signal), /^Error: The sink stops$/);
    assert.deepEqual(filesIn(root), []);
    assert.equal((await store.put("a.tmp", slicesOf(CONTENT), NEVER)).bytes, CONTENT.length);
  },
);

localTest("a killed process leaves a hidden file, which the next one replaces", async (_, root) => {
  const hidden = `${root}/day=1/.a.tmp.part`;
  await runUntilKilled(PROGRAM, {
    argument: { root, path: "day=1/a.tmp", bytes: 2 * CONTENT.length },
    until: () =>
      until(
        "all bytes",
        () => filesIn(root).length > 0 && Deno.statSync(hidden).size === 2 * CONTENT.length,
        30_000,
      ),
  });
  assert.deepEqual(filesIn(root), ["day=1/.a.tmp.part"]);
  const store = LocalStore.open(root);
  await store.publish(await store.put("day=1/a.tmp", slicesOf(CONTENT), NEVER), "day=1/a");
  assert.deepEqual(filesIn(root), ["day=1/a"]);
  assert.deepEqual(Deno.readFileSync(`${root}/day=1/a`), CONTENT);
});

localTest(
  "a folder that vanished is made again, but not the one above all, which may be a disk",
  async (store, root) => {
    const send = () => store.put("day=1/a.tmp", slicesOf(CONTENT), NEVER);
    const upload = await send();
    Deno.removeSync(`${root}/day=1`, { recursive: true });
    assert.equal(await store.publish(upload, "day=1/a"), "gone");
    assert.equal(await store.publish(await send(), "day=1/a"), "done");
    Deno.removeSync(root, { recursive: true });
    await assert.rejects(send(), (cause) => {
      assert.ok(cause instanceof DeliveryError);
      assert.match(cause.message, /^Folder ".*\/out" is gone: make it again, or mount its disk$/);
      return true;
    });
    await assert.rejects(store.publish(upload, "day=1/a"), /Folder ".*\/out" is gone/);
  },
);

localTest("a file where a folder is to be, and names that lead elsewhere, are told", async (store, root) => {
  Deno.writeTextFileSync(`${root}/day`, "");
  const lasting = {
    "day/a": /Cannot write ".*day\/a" \(a file stands where a folder/,
    ["a".repeat(250)]: /Cannot write ".*aa" \(shorten the file's name\)$/,
  };
  for (const [path, message] of Object.entries(lasting)) {
    await assert.rejects(store.put(path, slicesOf(CONTENT), NEVER), { message, canRetry: false });
  }
  for (const path of ["../a", "a/../../b", "/etc/x", "", "a//b", "a/", "./a", "a\0"]) {
    await assert.rejects(store.put(path, slicesOf(CONTENT), NEVER), {
      message: /is no path below ".*\/out\/"/,
      canRetry: false,
    }, path);
    await assert.rejects(store.appends.create(path, false), DeliveryError, path);
  }
  assert.throws(() => LocalStore.open(`${root}/day/deeper`), ConfigError);
});

localTest("a store of the whole disk never makes its home again", async (_, root) => {
  const [home, inside] = [`${root}/home`, `${root}/home/day=1/a`.slice(1)];
  const store = LocalStore.open("/", home);
  await store.publish(await store.put(`${inside}.tmp`, slicesOf(CONTENT), NEVER), inside);
  assert.deepEqual(filesIn(root), ["home/day=1/a"]);
  Deno.removeSync(home, { recursive: true });
  await assert.rejects(store.put(inside, slicesOf(CONTENT), NEVER), /Folder ".*\/home" is gone/);
});

localTest("files grow, are cut to what is known, and get their name", async (store, root) => {
  const [files, path] = [store.appends, "day=1/a.tmp"];
  assert.equal(await files.length(path), undefined);
  await files.create(path, false);
  await files.append(path, [CONTENT.subarray(0, 10), CONTENT.subarray(10, 100)]);
  await files.append(path, [CONTENT.subarray(0, 50)]);
  assert.equal(await files.length(path), 150);
  assert.deepEqual([await files.recover(path), await files.truncate(path, 100)], [true, true]);
  await assert.rejects(files.truncate(path, 101), /has 100 bytes, less than the 101 that are known/);
  assert.equal(await store.publish({ path, bytes: 100 }, "day=1/a"), "done");
  assert.deepEqual(Deno.readFileSync(`${root}/day=1/a`), CONTENT.subarray(0, 100));
  await assert.rejects(files.append(path, [CONTENT]), /Cannot write to ".*a\.tmp"/);
  await files.create(path, false);
  await assert.rejects(files.create(path, false), /day=1\/a\.tmp" is there already: does another sink/);
  await files.create(path, true);
  assert.equal(await files.length(path), 0);
});

const refusal = await refusalToMount();

Deno.test({
  name: `a full disk is told, leaves nothing half done, and takes the file when there is room${
    refusal ? ` (left out: ${refusal})` : ""
  }`,
  ignore: refusal !== undefined,
  fn: () =>
    withFolder(async (folder) => {
      const disk = await mountSmallDisk(`${folder}/small`, 1024 * 1024);
      assert.ok(typeof disk !== "string");
      try {
        const store = LocalStore.open(disk.path);
        await store.appends.create("grown", false);
        disk.fill(100_000);
        const send = () => store.put("a.tmp", slicesOf(CONTENT), NEVER);
        await assert.rejects(send(), /Cannot write ".*a\.tmp" \(free space on its disk\)/);
        await assert.rejects(store.appends.append("grown", [CONTENT]), /free space on its disk/);
        assert.deepEqual(filesIn(disk.path), ["ballast", "grown"]);
        await store.appends.truncate("grown", 0);
        disk.free();
        assert.equal(await store.publish(await send(), "a"), "done");
      } finally {
        await disk.unmount();
      }
    }),
});
