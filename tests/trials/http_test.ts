import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { Agent } from "./agent.ts";
import { Bodies } from "./bodies.ts";
import { Clients } from "./clients.ts";
import { endOfOutput, lastOutput } from "./output.ts";
import { randomFor, ROUNDS, SEED } from "./settings.ts";
import { besiege } from "./siege.ts";
import { inFolder } from "./trial_folder.ts";
import { judge } from "./verdict.ts";

const NAME = "http → file → file_roll";
const FRESH_LIMIT_MS = 15_000;

const PIPELINE = `source: { type: http, bind: 127.0.0.1, port: 0 }
channel: { type: file, checkpointDir: FOLDER/checkpoint, dataDirs: FOLDER/journal, maxFileSize: 1MiB, checkpointInterval: 100 }
sink: { type: file_roll, directory: FOLDER/out, rollInterval: 1, rollSize: 4MiB }
`;

Deno.test(`${NAME} delivers every accepted event, whenever it is killed (TRIAL_SEED=${SEED})`, async () => {
  await inFolder(NAME, async (folder) => {
    const options = { pipeline: `${folder}/trial.yaml`, stateDir: `${folder}/state` };
    await Deno.writeTextFile(options.pipeline, PIPELINE.replaceAll("FOLDER", folder));
    const bodies = new Bodies();
    const clients = new Clients({ bodies, single: 64, several: 4, eventsOfSeveral: 50 });
    const siege = await besiege(options, {
      random: randomFor(NAME),
      rounds: ROUNDS,
      progress: () => lastOutput(`${folder}/out`),
      onStart: (agent) => clients.agent = agent,
    });
    const agent = clients.agent = new Agent(options);
    await clients.stop();
    const startMs = performance.now();
    await clients.post("fresh", 1);
    const text = bodies.make("fresh", 0);
    await until("the fresh event", () => endOfOutput(`${folder}/out`).includes(text), FRESH_LIMIT_MS).catch(
      () => {},
    );
    const freshMs = Math.round(performance.now() - startMs);
    const code = await agent.stop();
    const { faults, ...verdict } = judge(`${folder}/out`, { counts: clients.accepted, empty: 0 }, bodies);
    const { refusals } = clients;
    console.log(JSON.stringify({ trial: NAME, seed: SEED, ...siege, ...verdict, refusals, freshMs }));
    assert.deepEqual([verdict.lost, verdict.wrong], [0, 0], [...faults, ...agent.lines.slice(-5)].join("\n"));
    assert.ok(freshMs < FRESH_LIMIT_MS, `the fresh event took ${freshMs} ms\n${agent.lines.join("\n")}`);
    assert.deepEqual(siege.faults, []);
    assert.equal(code, 0, agent.lines.join("\n"));
  });
});
