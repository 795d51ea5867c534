import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";
import { inFolder } from "../trials/trial_folder.ts";
import { sluice } from "./_program.ts";

const ROWS = Array.from({ length: 500 }, (_, n) => ({ n }));
const LINES = ROWS.map((row) => `${JSON.stringify(row)}\n`).join("");

/** What a file of each type holds. */
const TYPES: Readonly<Record<string, readonly [words: string, read: (file: Uint8Array) => unknown]>> = {
  gzip: [
    "fileType: CompressedStream, hdfs.codeC: gzip",
    (file) => new TextDecoder().decode(gunzipSync(file)),
  ],
  Parquet: [
    "fileType: Parquet, schema: { type: record, name: Row, fields: [{ name: n, type: int }] }",
    async (file) => {
      const rows = await parquetReadObjects({ file: file.slice().buffer });
      return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
    },
  ],
};

for (const [name, [words, read]] of Object.entries(TYPES)) {
  Deno.test(`the rights that are worked out for an hdfs sink are enough for its workers, with ${name}`, async () => {
    await inFolder(`sandbox-${name}`, async (folder) => {
      await Deno.writeTextFile(`${folder}/a.log`, LINES);
      const file = `${folder}/p.yaml`;
      await Deno.writeTextFile(
        file,
        `source: { type: exec, command: cat ${folder}/a.log }
sink: { type: hdfs, hdfs.rollCount: 0, hdfs.rollSize: 0, hdfs.path: "file://${folder}/out", hdfs.${words} }
`,
      );
      const { code, stderr } = await sluice(["run", "--sandbox", file, "--state-dir", `${folder}/state`]);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /main thread|"level":"(WARN|ERROR)"/);
      const files = Array.from(Deno.readDirSync(`${folder}/out`), ({ name }) => name);
      assert.equal(files.length, 1);
      assert.equal(await read(await Deno.readFile(`${folder}/out/${files[0]}`)), LINES);
    });
  });
}
