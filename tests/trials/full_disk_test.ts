import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { Agent } from "./agent.ts";
import { Bodies } from "./bodies.ts";
import { Clients } from "./clients.ts";
import { outputBytes } from "./output.ts";
import { SEED } from "./settings.ts";
import { mountSmallDisk, refusalToMount, type SmallDisk } from "./tmpfs.ts";
import { inFolder } from "./trial_folder.ts";
import { judge } from "./verdict.ts";

const MIB = 1024 * 1024;
const REFUSAL = await refusalToMount();
const WHY = REFUSAL === undefined ? `(TRIAL_SEED=${SEED})` : `(left out: ${REFUSAL})`;

const PIPELINE = `source: { type: http, bind: 127.0.0.1, port: 0 }
channel:
  type: file
  checkpointDir: FOLDER/checkpoint
  dataDirs: JOURNAL
  capacity: 1000000
  maxFileSize: 2MiB
  minimumRequiredSpace: 1MiB
sink: { type: file_roll, directory: OUTPUT, rollSize: 1MiB }
`;

/** An agent with a part of its folders on a small disk, and clients that post all the time. */
interface Stage {
  readonly agent: Agent;
  readonly clients: Clients;
  readonly disk: SmallDisk;
  readonly output: string;
  /** Starts the agent that comes after one that has ended. */
  restart(): Agent;
}

async function onSmallDisk(
  folders: { readonly JOURNAL?: string; readonly OUTPUT?: string },
  run: (stage: Stage) => Promise<void>,
): Promise<void> {
  await inFolder("full disk", async (folder) => {
    const disk = await mountSmallDisk(`${folder}/small`, 32 * MIB) as SmallDisk;
    const bodies = new Bodies();
    const clients = new Clients({ bodies, single: 16, several: 2, eventsOfSeveral: 20 });
    const places = { FOLDER: folder, JOURNAL: `${folder}/journal`, OUTPUT: `${folder}/out`, ...folders };
    const text = PIPELINE.replace(/FOLDER|JOURNAL|OUTPUT/g, (word) => places[word as keyof typeof places])
      .replaceAll("SMALL", disk.path);
    await Deno.writeTextFile(`${folder}/trial.yaml`, text);
    const start = () => new Agent({ pipeline: `${folder}/trial.yaml`, stateDir: `${folder}/state` });
    let agent = clients.agent = start();
    const restart = () => agent = clients.agent = start();
    const output = places.OUTPUT.replace("SMALL", disk.path);
    try {
      await run({ agent, clients, disk, output, restart });
      await clients.stop();
      assert.equal(await agent.stop(), 0, agent.lines.join("\n"));
      const { faults, ...verdict } = judge(output, { counts: clients.accepted, empty: 0 }, bodies);
      assert.deepEqual(
        { ...verdict, events: 0 },
        { events: 0, lost: 0, repeated: 0, late: 0, wrong: 0 },
        faults.join("\n"),
      );
    } finally {
      agent.signal("SIGKILL");
      await agent.ended;
      await disk.unmount();
    }
  });
}

function total(clients: Clients): number {
  return clients.accepted.values().reduce((sum, count) => sum + count, 0);
}

/** Waits for more events to be accepted than there are. */
async function untilMoreAccepted(clients: Clients, agent: Agent): Promise<void> {
  const before = total(clients);
  await until("events to be accepted", () => total(clients) > before + 200 || agent.hasEnded, 20_000);
  assert.equal(agent.hasEnded, false, agent.lines.join("\n"));
}

Deno.test({
  name: `a full disk under the journal refuses posts with the reason, loses nothing, and recovers ${WHY}`,
  ignore: REFUSAL !== undefined,
  fn: () =>
    onSmallDisk({ JOURNAL: "SMALL/journal" }, async ({ agent, clients, disk }) => {
      for (let time = 0; time < 2; time++) {
        await untilMoreAccepted(clients, agent);
        clients.reasons.clear();
        disk.fill(64 * 1024);
        await until("a refusal with its reason", () => clients.reasons.size > 0);
        assert.match([...clients.reasons].join("\n"), /^503 .*bytes free/m);
        const before = total(clients);
        assert.ok(agent.lines.some((line) => /space|full|free/i.test(line)), agent.lines.join("\n"));
        disk.free();
        await until("posts after space was freed", () => total(clients) > before + 200);
      }
    }),
});

Deno.test({
  name: `a post for which the disk under the journal is too small is refused whole, and passes later ${WHY}`,
  ignore: REFUSAL !== undefined,
  fn: () =>
    onSmallDisk({ JOURNAL: "SMALL/journal" }, async ({ agent, clients, disk }) => {
      await untilMoreAccepted(clients, agent);
      clients.reasons.clear();
      // More than what must stay free, and less than the post.
      disk.fill(1.1 * MIB);
      const posted = clients.post("large", 20_000);
      await until("the refusal of a large post", () => clients.reasons.size > 0);
      disk.free();
      await posted;
    }),
});

Deno.test({
  name:
    `an agent that is killed while its journal's disk is full loses nothing, and goes on with space ${WHY}`,
  ignore: REFUSAL !== undefined,
  fn: () =>
    onSmallDisk({ JOURNAL: "SMALL/journal" }, async ({ agent, clients, disk, restart }) => {
      await untilMoreAccepted(clients, agent);
      clients.reasons.clear();
      disk.fill(0);
      await until("a refusal", () => clients.reasons.size > 0);
      agent.signal("SIGKILL");
      await agent.ended;
      clients.reasons.clear();
      const again = restart();
      await until("a refusal after the restart", () => clients.reasons.size > 0 || again.hasEnded, 20_000);
      assert.equal(again.hasEnded, false, again.lines.join("\n"));
      disk.free();
      await untilMoreAccepted(clients, again);
    }),
});

Deno.test({
  name: `a full disk under file_roll holds events back with the reason, loses nothing, and recovers ${WHY}`,
  ignore: REFUSAL !== undefined,
  fn: () =>
    onSmallDisk({ OUTPUT: "SMALL/out" }, async ({ agent, clients, disk, output }) => {
      await untilMoreAccepted(clients, agent);
      disk.fill(0);
      await agent.untilItSays("No space left");
      const full = outputBytes(output);
      await untilMoreAccepted(clients, agent);
      disk.free();
      await until("output after space was freed", () => outputBytes(output) > full + 10_000);
    }),
});
