import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { encodeStagedHead } from "../../../../../plugins/sinks/_hdfs/stage/staged_head.ts";
import { StagedFile } from "../../../../../plugins/sinks/_hdfs/stage/staged_file.ts";
import { until } from "../../../../support/until.ts";
import { inFolder } from "../../../../trials/trial_folder.ts";

Deno.test("a staged file is read whole beside a read that was given up while it waited for more", async () => {
  await inFolder("staged", async (folder) => {
    const path = `${folder}/1`;
    const head = encodeStagedHead({ stem: "a", end: "", inUse: "a.tmp", format: "" });
    const body = Buffer.from("0123456789".repeat(1000));
    await Deno.writeFile(path, Buffer.concat([head, body]));
    const file = new StagedFile({ name: "1", path, growingPath: path, sinceMs: 0 });
    const { signal } = new AbortController();
    file.grow(head.length + 100);
    const left = file.read(signal);
    const begun = (await left.next()).value!.length;
    const waiting = left.next();
    const parts: Uint8Array[] = [];
    const read = (async () => {
      for await (const part of file.read(signal)) parts.push(part.slice());
    })();
    await until("the second read has all that is there", () => parts.length > 0);
    file.grow(head.length + 1000);
    await until("it has read on", () => parts.length > 1);
    file.complete(head.length + body.length);
    await read;
    assert.ok(Buffer.concat(parts).equals(body));
    assert.equal(begun, 100);
    assert.ok((await waiting).value!.length > 0);
    await left.return(undefined);
  });
});
