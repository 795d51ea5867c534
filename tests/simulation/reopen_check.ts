import assert from "node:assert/strict";
import type { ChannelState, JournalFaultKind } from "../../journal/mod.ts";
import type { JournalRun } from "./journal_run.ts";
import {
  foldGroup,
  type ModelChannel,
  type ModelFrame,
  type ModelGroup,
  type Positions,
} from "./queue_model.ts";
import { readerOf, readOne, sameBytes, takeDamage } from "./run_actions.ts";

/** How the process before has ended. */
export type Ending = "new" | "closed" | "killed" | "power";

/** What may be reported without any bit turned over: a tail that was never acknowledged. */
const HARMLESS: ReadonlySet<JournalFaultKind> = new Set(["torn-tail"]);

/** What is reported when the disk refused work. */
const FAILED: ReadonlySet<JournalFaultKind> = new Set(["sync-failed", "checkpoint-failed"]);

/** Compares a journal that was just opened with the model, and takes over into the model what the crash has decided. */
export async function checkReopened(run: JournalRun, ending: Ending): Promise<void> {
  const isExact = run.flipped.spareLog;
  const mayLose = !isExact || (!run.syncsAlways && ending === "power");
  checkFaults(run, ending);
  const ghosts = ending === "closed" ? [] : run.model.ghosts.filter(isNoteOnly);
  await bringBackGhosts(run, ending);
  if (!run.disk.isAlive) return;
  keepSurvivors(run, mayLose);
  adoptChannels(run, { ending, mayLose });
  adoptPositions(run, ghosts, !mayLose);
  for (const channel of [...run.model.channels.values()]) {
    await readAll(run, channel);
    if (!run.disk.isAlive || run.failure !== undefined) return;
    if (isExact) checkSize(run, channel);
  }
  run.model.lose(run.damaged);
  run.damaged.clear();
  run.flipped.forgetGone();
}

function checkFaults(run: JournalRun, ending: Ending): void {
  // A channel whose adding was refused may be there again, and wants what nobody kept for it.
  const isDoubtful = run.doubtful.size > 0;
  for (const fault of run.faults) {
    run.note(`fault at open: ${fault.kind} ${fault.path}:${fault.offset} ${fault.text}`);
    const isHarmless = (ending !== "closed" || run.hadFailed) && HARMLESS.has(fault.kind);
    if (isDoubtful && run.flipped.spareLog && fault.kind === "missing-segment") continue;
    if (FAILED.has(fault.kind)) assert.ok(run.hasFailed, `${fault.kind} is reported: ${fault.text}`);
    else if (!isHarmless || run.flipped.has(fault.path)) takeDamage(run, fault);
  }
}

/**
 * Of groups that were waiting or refused when the process ended, those are there of which the log holds the frames. Two of
 * them may have had the same sequences, one after the other.
 */
async function bringBackGhosts(run: JournalRun, ending: Ending): Promise<void> {
  const { model } = run;
  const ghosts = model.ghosts.filter(({ frames }) => frames.length > 0);
  model.ghosts = [];
  if (ending === "closed" || ghosts.length === 0 || run.journal.committedSequence <= model.acknowledgedEnd) {
    return;
  }
  const found = await framesFrom(run, model.acknowledgedEnd);
  const isThere = ({ frames }: ModelGroup) =>
    frames.some(({ sequence, payload }) => sameBytes(found.get(sequence) ?? NONE, payload));
  const returned = ghosts.filter(isThere);
  if (returned.length === 0) return;
  run.note(`refused groups are there again: ${returned.map(({ end }) => end)}`);
  for (const group of returned) {
    run.figures.returned += group.frames.reduce((sum, { count }) => sum + count, 0);
  }
  const settled = model.groups.filter((group) => group.isCommitted || isThere(group));
  model.groups = [...settled, ...returned].sort((one, other) => one.end - other.end);
}

const NONE = new Uint8Array();

/** What the channels can read behind a sequence: payloads by their own sequence. */
async function framesFrom(run: JournalRun, sequence: number): Promise<Map<number, Uint8Array>> {
  const found = new Map<number, Uint8Array>();
  for (const { id } of Object.values(run.journal.state.channels)) {
    const reader = run.journal.reader(id, sequence);
    for (;;) {
      const outcome = await run.wait(reader.next((bytes) => new Uint8Array(bytes)));
      if (outcome.kind !== "settled" || outcome.value === undefined) break;
      if ("payload" in outcome.value) found.set(outcome.value.sequence, outcome.value.payload);
    }
    reader.close();
  }
  return found;
}

/** The groups that are still there are the first ones; all that were acknowledged are among them. */
function keepSurvivors(run: JournalRun, mayLose: boolean): void {
  const { model, journal } = run;
  const end = journal.committedSequence;
  assert.ok(end <= Math.max(model.end, model.acknowledgedEnd), `Events up to ${end} were never put`);
  const lost = model.groups.filter((group) => group.frames.length > 0 && group.end > end);
  for (const group of lost) {
    const [first] = group.frames;
    if (!mayLose) {
      assert.ok(!group.isCommitted, `The acknowledged group ${first!.sequence} to ${group.end} is lost`);
      assert.ok(first!.sequence >= end, `Half of the group ${first!.sequence} to ${group.end} is there`);
    } else if (group.isCommitted && run.syncsAlways) {
      assert.ok(
        run.faults.some(({ path }) => run.flipped.has(path)),
        `The loss of ${group.end} is not reported`,
      );
    }
    countLost(run, group);
  }
  model.groups = model.groups.filter((group) => !lost.includes(group));
  for (const group of model.groups) if (!isNoteOnly(group)) model.commit(group);
  // What was acknowledged without a sync may be lost, and then its sequences are free again.
  if (mayLose) model.acknowledgedEnd = Math.min(model.acknowledgedEnd, end);
}

function countLost({ figures, flipped }: JournalRun, { isCommitted, frames }: ModelGroup): void {
  if (!isCommitted) return;
  const events = frames.reduce((sum, { count }) => sum + count, 0);
  if (!flipped.spareLog) figures.lost += events;
  else figures.unsynced += events;
}

function isNoteOnly(group: ModelGroup): boolean {
  return group.frames.length === 0;
}

function adoptChannels(run: JournalRun, { ending, mayLose }: { ending: Ending; mayLose: boolean }): void {
  const { model, journal } = run;
  const known = new Map(Object.entries(journal.state.channels));
  for (const channel of [...model.channels.values()]) {
    const found = known.get(channel.name);
    known.delete(channel.name);
    const isDoubtful = mayLose || run.doubtful.has(channel.name);
    if (found === undefined) {
      assert.ok(isDoubtful, `Channel ${channel.name} is gone`);
      model.channels.delete(channel.name);
    } else adopt(run, { channel, found, isDoubtful, ending });
  }
  for (const [name, { id, epoch, since, cursor }] of known) {
    assert.ok(mayLose || run.doubtful.has(name), `Channel ${name} was never added`);
    model.channels.set(name, { name, id, epoch, since, cursor, cursors: [cursor] });
  }
  run.doubtful.clear();
}

function adopt(
  run: JournalRun,
  { channel, found, isDoubtful, ending }: {
    channel: ModelChannel;
    found: ChannelState;
    isDoubtful: boolean;
    ending: Ending;
  },
): void {
  const { id, epoch, since, cursor } = found;
  assert.ok(cursor <= run.journal.committedSequence, `Channel ${channel.name} stands behind the end`);
  if (!isDoubtful) {
    assert.equal(id, channel.id);
    assert.equal(epoch, channel.epoch, `Channel ${channel.name} has another epoch`);
    const possible = ending === "closed" ? [channel.cursor] : channel.cursors;
    assert.ok(possible.includes(cursor), `Channel ${channel.name} stands at ${cursor}, not at ${possible}`);
  }
  if (epoch === channel.epoch && cursor < channel.cursor) {
    run.figures.repeated += run.model.sizeFrom(channel, cursor) - run.model.sizeFrom(channel, channel.cursor);
  }
  // A later note that was given up may be there again after the next loss of power; what it says is true all the same.
  const later = epoch === channel.epoch ? channel.cursors.filter((other) => other > cursor) : [];
  Object.assign(channel, { id, epoch, since, cursor, cursors: [cursor, ...later] });
}

/** Positions are those of the last group that is there; damage to notes may bring back older ones. */
function adoptPositions(run: JournalRun, ghosts: readonly ModelGroup[], isExact: boolean): void {
  const { model, journal } = run;
  const found = tidy(journal.state.positions);
  const surest = model.groups.findLastIndex(({ isCommitted }) => isCommitted) + 1;
  const history = model.positionHistory();
  const possible = (isExact ? history.slice(surest) : history).flatMap((positions) =>
    withGhosts(positions, ghosts)
  );
  if (isExact) {
    const texts = possible.map((positions) => JSON.stringify(tidy(positions)));
    assert.ok(
      texts.includes(JSON.stringify(found)),
      `Positions are ${JSON.stringify(found)}, not ${texts.join(" or ")}`,
    );
  }
  model.groups = model.groups.filter((group) => !isNoteOnly(group));
  for (const group of model.groups) model.commit(group);
  model.adoptPositions(found);
}

/** Positions, and what refused notes that are there again would make of them: some of them in a row. */
function withGhosts(positions: Positions, ghosts: readonly ModelGroup[]): Positions[] {
  const possible = [positions];
  for (const first of ghosts.keys()) {
    let folded = positions;
    for (const ghost of ghosts.slice(first)) possible.push(folded = foldGroup(folded, ghost));
  }
  return possible;
}

function tidy(positions: Positions): Positions {
  const entries = Object.entries(positions).filter(([, position]) => Object.keys(position).length > 0);
  const sorted = entries.map(([source, position]) =>
    [source, Object.fromEntries(Object.entries(position).sort())] as const
  );
  return Object.fromEntries(sorted.sort(([one], [other]) => one < other ? -1 : 1));
}

/** Reads a channel to its end; each read is compared with the model. */
async function readAll(run: JournalRun, channel: ModelChannel): Promise<void> {
  while (await readOne(run, channel));
  if (!run.disk.isAlive || run.failure !== undefined) return;
  assertNoneLeft(run, { channel, next: readerOf(run, channel).next });
}

function assertNoneLeft(run: JournalRun, { channel, next }: { channel: ModelChannel; next: number }): void {
  const left = run.model.framesOf(channel, next).filter((frame: ModelFrame) => !run.damaged.has(frame));
  if (run.isFaulty) return;
  assert.deepEqual(left.map(({ sequence }) => sequence), [], `Channel ${channel.name} ends too early`);
}

/** Between two commits the live state is the model's. */
export function checkState(run: JournalRun): void {
  if (run.model.isWaiting || !run.flipped.spareLog || !run.disk.isAlive) return;
  for (const channel of run.model.channels.values()) {
    if (!run.doubtful.has(channel.name)) checkSize(run, channel);
  }
  assert.deepEqual(tidy(run.journal.state.positions), tidy(run.model.positionsAfter()));
}

function checkSize(run: JournalRun, channel: ModelChannel): void {
  const { name, cursor } = channel;
  const size = run.model.sizeFrom(channel, cursor);
  const found = run.journal.state.channels[name]?.size ?? 0;
  const isGuess = run.hasLostEvents && found > size;
  const where = `which stands at ${cursor} of ${run.journal.committedSequence}`;
  if (!isGuess) assert.equal(found, size, `Size of channel ${name}, ${where}`);
}
