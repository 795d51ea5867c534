import { addChannel, checkpoint, removeChannel, rewind } from "./channel_actions.ts";
import { beginFaults, flip, heal } from "./disk_actions.ts";
import { JournalRun } from "./journal_run.ts";
import type { ModelChannel } from "./queue_model.ts";
import { append, beginRead, commit, deliver, readerOf } from "./run_actions.ts";
import { checkState } from "./reopen_check.ts";
import type { RunFigures } from "./run_figures.ts";
import { runOptions } from "./run_options.ts";

const WEIGHTS = {
  append: 22,
  read: 22,
  deliver: 12,
  step: 22,
  pass: 5,
  commit: 4,
  checkpoint: 1.5,
  addChannel: 0.8,
  removeChannel: 0.15,
  rewind: 0.6,
  close: 0.5,
  kill: 0.9,
  cutNow: 0.6,
  cutSoon: 0.9,
  faults: 0.7,
  heal: 1.4,
  flip: 0.5,
};
type Action = keyof typeof WEIGHTS;

/** Runs random actions on a journal and its model; throws with the seed and the last actions when they differ. */
export async function simulate(seed: number, steps: number): Promise<RunFigures> {
  const run = new JournalRun(seed, runOptions);
  await watched(run, async () => {
    await run.open("new");
    for (let step = 0; step < steps; step++) {
      await act(run, run.random.weighted(WEIGHTS));
      run.figures.steps++;
      await afterAction(run);
    }
    await finish(run);
  }).catch((cause) => {
    const text = cause instanceof Error ? cause.message : String(cause);
    const actions = run.actions.map((action) => `  ${action}`).join("\n");
    throw new Error(
      `${text}\nReplay with SIMULATION_SEED=${seed} SIMULATION_STEPS=${steps}; step ${run.figures.steps}, ` +
        `${JSON.stringify(run.shape)}\n${actions}`,
      { cause },
    );
  });
  run.figures.faults = run.disk.faults.injected;
  return run.figures;
}

/** Runs with the simulated clock in place, and hears of rejections that nobody else does. */
export async function watched(run: JournalRun, body: () => Promise<void>): Promise<void> {
  const restore = run.time.install();
  const unheard = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    if (run.disk.isAlive) run.fail("A rejection was not heard", event.reason);
  };
  addEventListener("unhandledrejection", unheard);
  try {
    await body();
    await run.time.settle();
  } finally {
    removeEventListener("unhandledrejection", unheard);
    run.disk.kill();
    restore();
  }
}

/** Lets what an action began go on, and starts the next process when it ended this one. */
export async function afterAction(run: JournalRun): Promise<void> {
  await run.time.settle();
  if (run.failure !== undefined) throw run.failure;
  if (!run.disk.isAlive) {
    run.note("the power went");
    await run.open(run.countCut());
  }
  if (run.failure !== undefined) throw run.failure;
}

/** After the last fault a fresh append commits and is read, and nothing is left over. */
async function finish(run: JournalRun): Promise<void> {
  run.disk.faults.cutAt = 0;
  await heal(run);
  await afterAction(run);
  await run.restart("closed");
  await afterAction(run);
}

async function act(run: JournalRun, action: Action): Promise<void> {
  const { random, shape } = run;
  const channel = run.model.channels.size > 0 ? random.pick([...run.model.channels.values()]) : undefined;
  switch (action) {
    case "append":
      return void append(run);
    case "step":
      return void await run.time.step();
    case "pass":
      return await run.time.pass(random.below(random.chance(0.1) ? 40_000 : 300));
    case "commit":
      await commit(run);
      return checkState(run);
    case "checkpoint":
      return await checkpoint(run);
    case "addChannel":
      return await addChannel(run);
    case "close":
      return await run.restart("closed");
    case "kill":
      return await run.restart("killed");
    case "heal":
      return run.isFaulty ? await heal(run) : undefined;
    case "cutNow":
      return await run.restart(shape.cuts ? "power" : "killed");
    case "cutSoon":
      return shape.cuts ? cutSoon(run) : undefined;
    case "faults":
      return shape.fails ? beginFaults(run) : undefined;
    case "flip":
      return shape.flips ? flip(run) : undefined;
    default:
      return channel && await actOn(run, channel, action);
  }
}

async function actOn(run: JournalRun, channel: ModelChannel, action: Action): Promise<void> {
  if (action === "read") return await read(run, channel);
  if (action === "deliver") return deliver(run, channel);
  const pending = run.readers.get(channel.name)?.pending;
  if (pending) await run.wait(pending);
  if (!run.disk.isAlive) return;
  if (action === "rewind") return await rewind(run, channel);
  if (action === "removeChannel") return await removeChannel(run, channel);
}

/** Begins a read, or waits for the one that is under way. */
async function read(run: JournalRun, channel: ModelChannel): Promise<void> {
  const from = readerOf(run, channel);
  if (from.pending === undefined) beginRead(run, channel);
  if (from.pending && run.random.chance(0.7)) await run.wait(from.pending);
}

function cutSoon({ disk, random }: JournalRun): void {
  disk.faults.cutAt = disk.faults.count + 1 + random.below(40);
}
