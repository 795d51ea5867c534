import assert from "node:assert/strict";
import type { JournalRun } from "./journal_run.ts";
import type { ModelChannel } from "./queue_model.ts";
import { checkState } from "./reopen_check.ts";

const NAMES = ["a", "b", "c"];

/** Adds a channel at the end, or at the oldest event that can still be read. */
export async function addChannel(
  run: JournalRun,
  from = run.random.pick(["end", "earliest"] as const),
): Promise<void> {
  const name = NAMES.find((name) => !run.model.channels.has(name));
  if (name === undefined) return;
  run.note(`add channel ${name} from ${from}`);
  run.doubtful.add(name);
  const outcome = await run.wait(run.journal.addChannel(name, from));
  if (outcome.kind === "died") return;
  if (outcome.kind === "failed") return excuse(run, `adding channel ${name}`, outcome.cause);
  const { id, epoch, since, cursor } = outcome.value;
  run.doubtful.delete(name);
  assert.ok(![...run.model.channels.values()].some((other) => other.id === id), `Channel id ${id} is in use`);
  run.model.channels.set(name, { name, id, epoch, since, cursor, cursors: [cursor] });
}

export async function removeChannel(run: JournalRun, { name }: ModelChannel): Promise<void> {
  run.note(`remove channel ${name}`);
  run.doubtful.add(name);
  forgetReader(run, name);
  const outcome = await run.wait(run.journal.removeChannel(name));
  if (outcome.kind === "died") return;
  if (outcome.kind === "failed") return excuse(run, `removing channel ${name}`, outcome.cause);
  run.doubtful.delete(name);
  run.model.channels.delete(name);
}

/** Moves a cursor to any event that can be read, mostly back. */
export async function rewind(run: JournalRun, channel: ModelChannel): Promise<void> {
  const { journal, random } = run;
  const oldest = journal.firstSequence;
  const newest = random.chance(0.2) ? journal.committedSequence : channel.cursor;
  const sequence = oldest + random.below(Math.max(1, newest - oldest + 1));
  run.note(`rewind ${channel.name} to ${sequence} of ${oldest} to ${journal.committedSequence}`);
  run.doubtful.add(channel.name);
  forgetReader(run, channel.name);
  const outcome = await run.wait(journal.moveChannel(channel.name, { sequence }));
  if (outcome.kind === "died") return;
  if (outcome.kind === "failed") return excuse(run, `rewinding channel ${channel.name}`, outcome.cause);
  const { epoch, cursor } = outcome.value;
  run.doubtful.delete(channel.name);
  assert.equal(epoch, channel.epoch + 1);
  assert.equal(cursor, sequence);
  Object.assign(channel, { epoch, cursor, cursors: [cursor] });
  checkState(run);
}

export function forgetReader(run: JournalRun, name: string): void {
  run.readers.get(name)?.reader.close();
  run.readers.delete(name);
}

/** Starts a checkpoint and sometimes waits for it. */
export async function checkpoint(run: JournalRun): Promise<void> {
  run.note("checkpoint");
  const written = run.journal.checkpoint();
  const failed = run.whileAlive((cause: unknown) => excuse(run, "a checkpoint", cause));
  written.catch(failed);
  if (run.random.chance(0.5)) await run.wait(written);
}

/** A failure is right only while the disk fails. */
export function excuse(run: JournalRun, what: string, cause: unknown): void {
  run.note(`${what} fails: ${cause instanceof Error ? cause.message : cause}`);
  if (!run.isFaulty) run.fail(`The journal failed at ${what} although the disk works`, cause);
}
