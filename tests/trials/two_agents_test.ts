import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { Agent } from "./agent.ts";
import { inFolder } from "./trial_folder.ts";

const PIPELINE = `source: { type: http, bind: 127.0.0.1, port: 0 }
channel: { type: file, checkpointDir: FOLDER/checkpoint, dataDirs: FOLDER/journal }
sink: { type: file_roll, directory: FOLDER/out }
`;

for (const sameState of [false, true]) {
  const folders = sameState ? "state and journal folders" : "a journal folder";
  Deno.test(`a second agent on ${folders} refuses to start, says who has them, and changes nothing`, async () => {
    await inFolder("two agents", async (folder) => {
      const pipeline = `${folder}/trial.yaml`;
      await Deno.writeTextFile(pipeline, PIPELINE.replaceAll("FOLDER", folder));
      const first = new Agent({ pipeline, stateDir: `${folder}/state` });
      try {
        await until("the first agent to listen", () => first.port !== undefined);
        const second = new Agent({ pipeline, stateDir: sameState ? `${folder}/state` : `${folder}/other` });
        const { code } = await second.ended;
        assert.notEqual(code, 0);
        assert.ok(second.says(`process ${first.pid}`), second.lines.join("\n"));
        const answer = await fetch(`http://127.0.0.1:${first.port}/`, {
          method: "POST",
          body: "still there",
          headers: { "content-type": "text/plain" },
        });
        assert.equal(answer.status, 200, await answer.text());
        assert.equal(await first.stop(), 0, first.lines.join("\n"));
        const names = Array.from(Deno.readDirSync(`${folder}/out`), ({ name }) => name);
        assert.deepEqual(names.map((name) => Deno.readTextFileSync(`${folder}/out/${name}`)), [
          "still there\n",
        ]);
      } finally {
        first.signal("SIGKILL");
        await first.ended;
      }
    });
  });
}
