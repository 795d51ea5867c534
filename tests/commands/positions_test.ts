import assert from "node:assert/strict";
import { CommandError } from "../../commands/exit.ts";
import { filePositions } from "../../commands/_positions.ts";
import { until } from "../support/until.ts";
import { folderWith } from "./_program.ts";

Deno.test("positions are there again when the folder is opened anew", async () => {
  await using folder = await folderWith({});
  const stateDir = `${folder.path}/made/when/missing`;
  const first = await filePositions(stateDir);
  assert.equal(first.load("access"), undefined);
  first.save("access", { "65024:77": 1234, "topic/3": "991" });
  first.save("access", { "65024:77": 5678 });
  await first.close();
  const second = await filePositions(stateDir);
  assert.deepEqual(second.load("access"), { "65024:77": 5678 });
  await second.close();
});

Deno.test("positions reach the disk by themselves, and no temporary file stays", async () => {
  await using folder = await folderWith({});
  const positions = await filePositions(folder.path, { saveDelayMs: 1 });
  positions.save("orders", { "65024:78": 10 });
  const path = `${folder.path}/positions.json`;
  await until(
    "the positions file",
    () => Deno.readTextFile(path).then((text) => text.includes("65024:78"), () => false),
  );
  await positions.close();
  const names = Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort();
  assert.deepEqual(names, ["lock", "positions.json"]);
});

Deno.test("positions that cannot be written are reported, kept, and written later", async () => {
  await using folder = await folderWith({});
  const faults: string[] = [];
  const positions = await filePositions(folder.path, {
    saveDelayMs: 1,
    onFault: (text) => faults.push(text),
  });
  // A folder in the place of the temporary file: opening that fails, whoever asks.
  await Deno.mkdir(`${folder.path}/positions.json.new`);
  positions.save("orders", { "65024:78": 10 });
  await until("a fault", () => faults.length > 0);
  assert.match(faults[0]!, /^Cannot write the positions file ".*positions\.json": /);
  await assert.rejects(positions.flush());
  await Deno.remove(`${folder.path}/positions.json.new`);
  await positions.close();
  assert.match(await Deno.readTextFile(`${folder.path}/positions.json`), /"65024:78": 10/);
});

Deno.test("state folder is refused to a second user, who is told the first, and free after close", async () => {
  await using folder = await folderWith({});
  const first = await filePositions(folder.path);
  await assert.rejects(filePositions(folder.path), (fault: CommandError) => {
    assert.equal(fault.message, `State folder "${folder.path}" is in use by process ${Deno.pid}`);
    assert.match(fault.fix!, /--state-dir DIR/);
    return fault instanceof CommandError;
  });
  await first.close();
  await (await filePositions(folder.path)).close();
});

const DAMAGED: Readonly<Record<string, string>> = {
  "cut off": '{"version": 1, "sources": {"a": {"65024:77"',
  "empty": "",
  "of another version": '{"version": 7, "sources": {}}',
  "without sources": '{"version": 1}',
  "a list": "[]",
  "null": "null",
  "with an offset that is none": '{"version": 1, "sources": {"a": {"65024:77": {}}}}',
};

Deno.test("positions file that is damaged is reported with what to do, left as it is, and not locked", async () => {
  for (const [how, text] of Object.entries(DAMAGED)) {
    await using folder = await folderWith({ "positions.json": text });
    await assert.rejects(filePositions(folder.path), (fault: CommandError) => {
      assert.equal(fault.message, `Cannot use the positions file "${folder.path}/positions.json"`, how);
      assert.match(fault.fix!, /^restore it, or move it away/);
      return true;
    });
    assert.equal(await Deno.readTextFile(`${folder.path}/positions.json`), text);
    await Deno.remove(`${folder.path}/positions.json`);
    await (await filePositions(folder.path)).close();
  }
});

Deno.test("state folder that cannot be made is reported with what to do", async () => {
  await using folder = await folderWith({ file: "" });
  await assert.rejects(filePositions(`${folder.path}/file/state`), /Cannot use the state folder/);
});
