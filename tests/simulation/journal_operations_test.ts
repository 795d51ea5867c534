import assert from "node:assert/strict";
import { addChannel, checkpoint, rewind } from "./channel_actions.ts";
import { heal } from "./disk_actions.ts";
import { JournalRun } from "./journal_run.ts";
import { append, commit, deliver, readOne } from "./run_actions.ts";
import { plainOptions } from "./run_options.ts";
import { afterAction, watched } from "./simulate.ts";

const SEED = 7;

/** What a journal does in its life, in a few hundred operations of its disk. */
const SCENARIO: readonly ((run: JournalRun) => unknown)[] = [
  (run) => addChannel(run, "end"),
  (run) => addChannel(run, "end"),
  (run) => append(run, 3),
  commit,
  takeAll,
  (run) => append(run, 4),
  (run) => append(run, 2),
  commit,
  checkpoint,
  (run) => append(run, 4),
  takeAll,
  (run) => append(run, 4),
  commit,
  takeAll,
  (run) => run.time.pass(300),
  (run) => rewind(run, run.model.channels.get("a") ?? [...run.model.channels.values()][0]!),
  (run) => append(run, 4),
  commit,
  (run) => run.restart("closed"),
  (run) => append(run, 2),
  commit,
  (run) => run.restart("killed"),
  takeAll,
  checkpoint,
];

async function takeAll(run: JournalRun): Promise<void> {
  for (const channel of run.model.channels.values()) {
    for (let reads = 0; reads < 4 && await readOne(run, channel);) reads++;
    if (run.disk.isAlive) deliver(run, channel);
  }
}

/** Plays the scenario; a fault or a cut may come at one operation. The answer is how many operations it took. */
async function play(prepare: (run: JournalRun) => void): Promise<number> {
  const run = new JournalRun(SEED, plainOptions());
  prepare(run);
  await watched(run, async () => {
    await run.open("new");
    for (const act of SCENARIO) {
      if (run.model.channels.size > 0 || act === SCENARIO[0] || act === SCENARIO[1]) await act(run);
      await afterAction(run);
    }
    run.disk.faults.cutAt = 0;
    run.disk.faults.failAt = 0;
    await heal(run);
    await afterAction(run);
    await run.restart("closed");
    await afterAction(run);
  }).catch((cause) => {
    throw new Error(`${cause instanceof Error ? cause.message : cause}\n${run.actions.join("\n")}`, {
      cause,
    });
  });
  return run.disk.faults.count;
}

Deno.test("journal keeps its promises when any one operation of the disk fails", async () => {
  const operations = await play(() => {});
  assert.ok(operations > 100, `Only ${operations} operations`);
  for (let at = 1; at <= operations; at++) {
    await play((run) => {
      run.disk.faults.failAt = at;
      run.isFaulty = true;
    }).catch((cause) => {
      throw new Error(`Operation ${at} of ${operations} fails: ${cause.message}`, { cause });
    });
  }
});

Deno.test("journal keeps its promises when the power goes during any one operation of the disk", async () => {
  const operations = await play(() => {});
  for (let at = 1; at <= operations; at++) {
    await play((run) => void (run.disk.faults.cutAt = at)).catch((cause) => {
      throw new Error(`The power goes in operation ${at} of ${operations}: ${cause.message}`, { cause });
    });
  }
});
