import assert from "node:assert/strict";
import { folderWith, Program } from "./_program.ts";

const PIPELINES = {
  "without.yaml": 'source: { type: seq, totalEvents: 1 }\nsink: { type: "null" }\n',
  "with.yaml": `sources: { in: { type: seq, totalEvents: 1, channels: [main] } }
channels: { main: { type: direct } }
sinks: { here: { type: hdfs, channel: main, hdfs.path: "file://FOLDER/out", hdfs.fileType: DataStream } }
`,
};

Deno.test("files in the stage of an hdfs sink that a pipeline does not have are told of at the start", async () => {
  await using folder = await folderWith(PIPELINES);
  const text = PIPELINES["with.yaml"].replace("FOLDER", folder.path);
  await Deno.writeTextFile(`${folder.path}/with.yaml`, text);
  for (const name of ["renamed", "empty", "here"]) {
    await Deno.mkdir(`${folder.path}/state/hdfs/${name}/stage/mark`, { recursive: true });
  }
  await Deno.writeTextFile(`${folder.path}/state/hdfs/renamed/stage/1-000000001`, "");
  for (const file of Object.keys(PIPELINES)) {
    const args = ["run", "--log-format", "json", "--state-dir", "state", file];
    const { code, stderr } = await new Program(args, { cwd: folder.path }).end();
    assert.equal(code, 0, stderr);
    const told = stderr.split("\n").filter((line) => line.includes("does not run"));
    assert.equal(told.length, 1, stderr);
    assert.match(told[0]!, /"WARN".*hdfs\/renamed\/stage","files":1/);
  }
});
