import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { patternBytes } from "../../support/byte_slices.ts";
import { putFile, readFile } from "../../support/hdfs.ts";
import { until } from "../../support/until.ts";
import type { GateTest } from "./hdfs_ground.ts";
import { refuses } from "./hdfs_refusals.ts";

const MANY = new Uint8Array(2_000_000).fill(120);
const encode = (text: string) => new TextEncoder().encode(text);
const names = [
  "with blank",
  "per%cent",
  "a%2Fb",
  "pl+us",
  "ümläut 漢字 😀",
  "semi;colon",
  "q?u=e&s#t",
  `quo'te"`,
  "back\\slash",
  "new\nline",
  "%%",
];

/** What can be done with files. */
export function declareFileTests(gateTest: GateTest): void {
  declareNameTests(gateTest);
  declareStatusTests(gateTest);
  declareReadTests(gateTest);
  declareRenameTests(gateTest);
  declareOpenFileTests(gateTest);
}
function declareNameTests(gateTest: GateTest): void {
  gateTest(
    "writes, lists, extends, reads, cuts and removes files whatever their names",
    async ({ client, folder }) => {
      for (const name of names) await putFile(client, `${folder}/${name}`, { content: `of ${name}` });
      const listed = await Array.fromAsync(client.list(folder), ({ name }) => name);
      assert.deepEqual(listed.toSorted(), names.toSorted());
      await Promise.all(names.map(async (name) => {
        const path = `${folder}/${name}`;
        await client.append(path, [encode("+"), encode("more")]);
        assert.equal(new TextDecoder().decode(await readFile(client, path)), `of ${name}+more`);
        const { length } = (await client.status(path))!;
        await until("the file to be cut", () => client.truncate(path, length - 5));
        assert.equal(new TextDecoder().decode(await readFile(client, path)), `of ${name}`);
        assert.equal(await client.remove(path), true);
        assert.equal(await client.status(path), undefined);
      }));
    },
  );
}

function declareStatusTests(gateTest: GateTest): void {
  gateTest("tells what a file is, and makes it as it is asked to", async ({ client, folder }) => {
    const output = await client.create(`${folder}/f`, {
      overwrite: false,
      permission: "640",
      blockBytes: 1048576,
      replication: 1,
    });
    await output.write(MANY);
    await output.close();
    const { id, modifiedMs, owner, ...facts } = (await client.status(`${folder}/f`))!;
    assert.deepEqual(facts, {
      name: "",
      isFolder: false,
      length: 2_000_000,
      blockBytes: 1048576,
      replication: 1,
      permission: "640",
    });
    assert.match(id!, /^\d+$/);
    assert.notEqual(owner, "");
    assert(Math.abs(modifiedMs - Date.now()) < 60_000);
  });
}
function declareReadTests(gateTest: GateTest): void {
  gateTest("keeps the order of pieces, large ones behind small ones", async ({ client, folder }) => {
    const content = patternBytes(1_000_000);
    const output = await client.create(`${folder}/f`, { overwrite: false });
    for (let [from, next] = [0, 100]; from < content.length; from += next, next = 250_000 - next) {
      await output.write(content.subarray(from, from + next));
    }
    await output.close();
    assert.ok(Buffer.from(content).equals(await readFile(client, `${folder}/f`)));
  });

  gateTest("reads from the middle of a file, and an empty one", async ({ client, folder }) => {
    await putFile(client, `${folder}/f`, { content: "0123456789" });
    assert.equal(
      await new Response(await client.open(`${folder}/f`, 7) as ReadableStream<Uint8Array<ArrayBuffer>>)
        .text(),
      "789",
    );
    await putFile(client, `${folder}/none`, { content: "" });
    assert.equal((await readFile(client, `${folder}/none`)).length, 0);
  });
}
function declareRenameTests(gateTest: GateTest): void {
  gateTest("says that it did not rename where the server says so", async ({ client, folder }) => {
    await putFile(client, `${folder}/a`, { content: "a" });
    await putFile(client, `${folder}/b`, { content: "b" });
    const { id } = (await client.status(`${folder}/a`))!;
    assert.equal(await client.rename(`${folder}/a`, `${folder}/b`), false, "to a file that is there");
    assert.equal(await client.rename(`${folder}/none`, `${folder}/c`), false, "what is not there");
    assert.equal(
      await client.rename(`${folder}/a`, `${folder}/none/c`),
      false,
      "to a folder that is not there",
    );
    assert.equal(await client.rename(`${folder}/a`, `${folder}/c`), true);
    assert.equal((await client.status(`${folder}/c`))?.id, id);
    await client.mkdirs(`${folder}/sub`);
    const isIn = await client.rename(`${folder}/c`, `${folder}/sub`);
    assert.equal(isIn, !client.refusesFolders, "a folder takes it in, or is refused");
    assert.equal((await client.status(isIn ? `${folder}/sub/c` : `${folder}/c`))?.id, id);
  });
}
function declareOpenFileTests(gateTest: GateTest): void {
  gateTest(
    "takes an open file from its writer by making it anew, not by extending it",
    async ({ client, folder }) => {
      const path = `${folder}/f`;
      const first = await client.create(path, { overwrite: true });
      await first.write(MANY);
      await until("the file to be there", async () => await client.status(path) !== undefined);
      await refuses(client.append(path, MANY), { exception: "AlreadyBeingCreatedException", canRetry: true });
      assert.equal(await client.recoverLease(path), false);
      assert.equal(await client.truncate(path, 0), false);
      await putFile(client, path, { content: "second", overwrite: true });
      await refuses(first.close(), {
        exception: "FileNotFoundException",
        text: /does not have any open files/,
      });
      assert.equal(new TextDecoder().decode(await readFile(client, path)), "second");
    },
  );

  gateTest("leaves a part behind, closed, of a file that it gives up", async ({ client, folder }) => {
    const path = `${folder}/f`;
    const output = await client.create(path, { overwrite: true });
    await output.write(MANY);
    await until("the file to be there", async () => await client.status(path) !== undefined);
    output.abort();
    await until("the file to be closed", () => client.recoverLease(path));
    const { length } = (await client.status(path))!;
    assert(length <= MANY.length, `${length}`);
    await until("the file to be cut", () => client.truncate(path, 0));
    await until(
      "the file to be extended",
      () => client.append(path, encode("whole")).then(() => true, () => false),
    );
    assert.equal(new TextDecoder().decode(await readFile(client, path)), "whole");
  });
}
