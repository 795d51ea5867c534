import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { EventBatch, PoisonError } from "sluice/plugin";
import { LocalStore } from "../../../plugins/sinks/_hdfs/stores/local_store.ts";
import { until } from "../../support/until.ts";
import { copyFolder } from "./restarting.ts";
import { deliver, filesBelow, makeHdfs, withFolders } from "./_hdfs/making.ts";

const signal = new AbortController().signal;
const batchOf = (...bodies: string[]) => EventBatch.from(bodies.map((body) => ({ body })));

Deno.test("hdfs sink sets events aside whose time cannot be told, and writes nothing of their batch", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const sink = await makeHdfs({ path: `file://${out}/%Y` }, { stateDir });
    const times = ["1700000000000", undefined, "1700000000", "1700000000001"];
    const batch = batchOf("a", "b", "c", "d").withHeader("timestamp", times);
    let rest = batch;
    const refused: string[] = [];
    for (let tries = 0; tries < 2; tries++) {
      const cause = await Promise.resolve(sink.write(rest, signal)).catch((cause: unknown) => cause);
      assert.ok(cause instanceof PoisonError);
      refused.push(...cause.indexes.map((index) => rest.text(index)));
      rest = rest.filter((index) => !cause.indexes.includes(index));
    }
    assert.deepEqual(refused.sort(), ["b", "c"]);
    await (await sink.write(rest, signal))!.delivered;
    await sink.close!();
    assert.deepEqual(Object.values(filesBelow(out)), ["a\nd\n"]);
  });
});

Deno.test("hdfs sink closes a file before the event that would follow rollSize bytes of bodies", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const sink = await makeHdfs({ path: `file://${out}`, rollSize: 10 }, { stateDir });
    await (await sink.write(batchOf("12345", "1234", "1", "123456789012", "x"), signal))!.delivered;
    await sink.close!();
    assert.deepEqual(Object.values(filesBelow(out)), ["12345\n1234\n1\n", "123456789012\n", "x\n"]);
  });
});

Deno.test("hdfs sink goes on in a file over batches until it has its events, also after a write that failed", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const sink = await makeHdfs({ path: `file://${out}/%{kind}`, rollCount: 4 }, { stateDir });
    for (const bodies of [["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"]]) {
      await (await sink.write(batchOf(...bodies).withHeader("kind", "a"), signal))!.delivered;
    }
    await sink.close!();
    assert.deepEqual(Object.values(filesBelow(out)), ["1\n2\n3\n4\n", "5\n6\n7\n8\n", "9\n"]);
  });
});

Deno.test("hdfs sink names files as it is told, and folders by the rounded time", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const settings = { path: `file://${out}/%H%M`, timeZone: "UTC", round: true, roundValue: 10 };
    const names = { filePrefix: "web", fileSuffix: ".log", inUsePrefix: "_", inUseSuffix: ".open" };
    const headers = { timestamp: String(Date.UTC(2023, 10, 15, 3, 47, 12)) };
    const namesWith = async (more: Record<string, unknown>) => {
      const change = { roundUnit: "minute", durable: "append", appendInterval: 1, ...more };
      const sink = await makeHdfs({ ...settings, ...names, ...change }, { stateDir });
      await deliver(sink, "eins", { headers });
      const [inUse = ""] = Object.keys(filesBelow(out));
      await sink.close!();
      const [final = ""] = Object.keys(filesBelow(out));
      Deno.removeSync(`${out}/${final}`);
      return [inUse, final].map((name) => name.replace(/\d{13}(\.[0-9a-f]{6}(?=\.))?/, "N"));
    };
    assert.deepEqual(await namesWith({}), ["0340/_web.N.log.open", "0340/web.N.log"]);
    assert.deepEqual(await namesWith({ emptyInUseSuffix: true }), ["0340/_web.N.log", "0340/web.N.log"]);
    const hours = { roundUnit: "hour", roundValue: 2 };
    assert.deepEqual(await namesWith(hours), ["0200/_web.N.log.open", "0200/web.N.log"]);
  });
});

for (const setting of ["rollInterval", "idleTimeout"]) {
  Deno.test(`hdfs sink publishes a file after ${setting} without another event`, async () => {
    await withFolders(async ({ out, state: stateDir }) => {
      const sink = await makeHdfs({ path: `file://${out}`, [setting]: "60ms" }, { stateDir });
      await deliver(sink, "allein");
      await until("the file", () => Object.keys(filesBelow(out)).some((name) => /\.\d+$/.test(name)));
      await sink.close!();
      assert.deepEqual(Object.values(filesBelow(out)), ["allein\n"]);
    });
  });
}

Deno.test("hdfs sink keeps no more files open than allowed, and closes the one that was longest unused", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const sink = await makeHdfs({ path: `file://${out}/%{kind}`, maxOpenFiles: 2 }, { stateDir });
    for (const kind of ["a", "b", "a", "c", "a", "b"]) await deliver(sink, kind, { headers: { kind } });
    await sink.close!();
    const files = filesBelow(out);
    assert.deepEqual(Object.values(files), ["a\na\na\n", "b\n", "b\n", "c\n"]);
  });
});

Deno.test("hdfs sink keeps five hundred partitions apart with few files open", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const sink = await makeHdfs({ path: `file://${out}/%{p}`, maxOpenFiles: 50 }, { stateDir });
    const numbers = Array.from({ length: 500 }, (_, n) => String(n));
    await (await sink.write(batchOf(...numbers).withHeader("p", numbers), signal))!.delivered;
    await sink.close!();
    const files = filesBelow(out);
    assert.equal(Object.keys(files).length, 500);
    for (const [path, text] of Object.entries(files)) assert.equal(text, `${path.split("/")[0]}\n`);
  });
});

Deno.test("hdfs sink finishes what an earlier one staged with the format that it was staged for", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const path = `file://${out}`;
    const first = await makeHdfs({ path, fileType: "CompressedStream", codeC: "gzip" }, { stateDir });
    await deliver(first, "dicht", { position: { in: 1 } });
    // As a kill would leave it.
    copyFolder(stateDir, `${out}-kept`);
    await first.close!();
    for (const folder of [out, stateDir]) Deno.removeSync(folder, { recursive: true });
    Deno.renameSync(`${out}-kept`, stateDir);
    Deno.mkdirSync(out);
    const second = await makeHdfs({ path }, { stateDir });
    assert.deepEqual(await second.resume!(), { in: 1 });
    await deliver(second, "offen", { position: { in: 2 } });
    await second.close!();
    const [gz = "", plain = ""] = Object.keys(filesBelow(out)).sort((one) => one.endsWith(".gz") ? -1 : 1);
    assert.equal(gunzipSync(Deno.readFileSync(`${out}/${gz}`)).toString(), "dicht\n");
    assert.equal(Deno.readTextFileSync(`${out}/${plain}`), "offen\n");
  });
});

Deno.test("hdfs sink changes between stage and append without losing or repeating what is under way", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const path = `file://${out}`;
    for (const [at, durable] of ["stage", "append", "stage", "append"].entries()) {
      const sink = await makeHdfs({ path, durable }, { stateDir });
      assert.deepEqual(await sink.resume!(), at === 0 ? undefined : { in: at });
      await deliver(sink, `event ${at}`, { position: { in: at + 1 } });
      await sink.close!();
    }
    assert.deepEqual(Object.values(filesBelow(out)), ["event 0\n", "event 1\n", "event 2\n", "event 3\n"]);
  });
});

Deno.test("hdfs sink that appends shows what is still in the stage", async () => {
  await withFolders(async ({ out, state: stateDir }) => {
    const path = `file://${out}`;
    const first = await makeHdfs({ path, rollCount: 1 }, { stateDir });
    const { put } = LocalStore.prototype;
    LocalStore.prototype.put = () => Promise.reject(new Error("No room"));
    try {
      await deliver(first, "vorher");
      copyFolder(stateDir, `${stateDir}-kept`);
    } finally {
      LocalStore.prototype.put = put;
    }
    await first.close!();
    Deno.removeSync(stateDir, { recursive: true });
    Deno.renameSync(`${stateDir}-kept`, stateDir);
    const second = await makeHdfs({ path, durable: "append" }, { stateDir });
    await second.resume!();
    assert.equal(second.context.counters.get("StagedFiles"), 1);
    await second.close!();
    assert.equal(second.context.counters.get("StagedFiles"), 0);
  });
});
