import assert from "node:assert/strict";
import { adoptPositions, SILENT } from "../../../../plugins/sources/_taildir/adopt.ts";
import { FileGroup } from "../../../../plugins/sources/_taildir/file_group.ts";

interface Look {
  readonly path: string;
  /** Writes a file, and gives what Flume's position file says of it. */
  write(name: string, text: string, pos: number): unknown;
  adopt(positions: readonly unknown[]): ReturnType<typeof adoptPositions>;
}

async function inFolder(body: (look: Look) => void): Promise<void> {
  const path = await Deno.makeTempDir();
  try {
    body({
      path,
      write(name, text, pos) {
        Deno.writeTextFileSync(`${path}/${name}`, text);
        return { inode: Deno.statSync(`${path}/${name}`).ino, pos, file: `${path}/${name}` };
      },
      adopt(positions) {
        Deno.writeTextFileSync(`${path}/positions.json`, JSON.stringify(positions));
        return adoptPositions(`${path}/positions.json`, [new FileGroup(`${path}/.*\\.log`, {}, SILENT)]);
      },
    });
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

Deno.test("taildir takes over a file that was renamed out of its group, so that the rest of it is read", () =>
  inFolder(({ path, write, adopt }) => {
    const known = write("a.log", "one\ntwo\n", 4);
    Deno.renameSync(`${path}/a.log`, `${path}/a.log.1`);
    const { found, warnings, position } = adopt([known]);
    assert.deepEqual(found, [`${path}/a.log.1: goes on at byte 4 of 8`]);
    assert.deepEqual(warnings, []);
    assert.equal(Object.values(position!)[0], 4);
  }));

Deno.test("taildir does not take over what was truncated, or is another file in the place of one that is gone", () =>
  inFolder(({ path, write, adopt }) => {
    const truncated = write("a.log", "one\n", 400);
    const other = { ...write("b.log", "xxxxxxxx\n", 4) as object, file: `${path}/gone.log` };
    const { found, warnings, position } = adopt([truncated, other]);
    assert.deepEqual(found, []);
    assert.deepEqual(position, {});
    assert.deepEqual(warnings.slice(0, 2).toSorted(), [
      `${path}/a.log: is no longer what Flume read; read from its start`,
      `${path}/b.log: is no longer what Flume read; read from its start`,
    ]);
  }));

Deno.test("taildir without a position file says so", () =>
  inFolder(({ path }) => {
    const { position, warnings } = adoptPositions(`${path}/nothing.json`, []);
    assert.equal(position, undefined);
    assert.match(warnings[0]!, /no position file ".*nothing\.json"/);
  }));
