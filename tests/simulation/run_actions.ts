import assert from "node:assert/strict";
import type { DamagedFrame, JournalFault, JournalReader, NewFrame, ReadFrame } from "../../journal/mod.ts";
import type { JournalRun, RunReader } from "./journal_run.ts";
import type { ModelChannel, ModelFrame, ModelGroup, ModelNote } from "./queue_model.ts";

const FRAME_HEAD_BYTES = 64;
const SOURCES = ["tail", "spool", "topic"];

type ReadResult = ReadFrame | DamagedFrame | undefined;

/** Puts one group; false when the journal refuses it. */
export function append(run: JournalRun, frameCount = 1 + run.random.below(4)): ModelGroup | undefined {
  const { random, model, journal } = run;
  const channels = [...model.channels.values()];
  const drafts = channels.length === 0
    ? []
    : Array.from({ length: frameCount }, () => draftFrame(run, channels));
  const notes = drafts.length === 0 || random.chance(0.6) ? draftNotes(run) : [];
  const frames = drafts.map(({ payload, count, channels }): NewFrame => {
    const bytes = new Uint8Array(FRAME_HEAD_BYTES + payload.length);
    bytes.set(payload, FRAME_HEAD_BYTES);
    return { bytes, count, channels };
  });
  const sizes = drafts.map(({ payload, count }) => `${count}@${payload.length}`).join(" ");
  try {
    const { sequence, committed } = journal.append(frames, notes);
    run.note(`append ${sequence}: ${sizes}${notes.length > 0 ? ` + ${JSON.stringify(notes)}` : ""}`);
    return follow(run, { drafts, notes, sequence, committed });
  } catch (cause) {
    refuse(run, `append of ${sizes}`, cause);
  }
}

type Draft = Omit<ModelFrame, "sequence">;

function draftFrame(run: JournalRun, channels: readonly ModelChannel[]): Draft {
  const { random } = run;
  const bytes = random.weighted({ small: 12, page: 4, pages: 2, huge: 0.3 });
  const limit = { small: 300, page: 5000, pages: 12_000, huge: 80_000 }[bytes];
  const payload = new Uint8Array(8 + random.below(limit));
  const tag = run.nextTag++;
  for (let index = 0; index < payload.length; index++) {
    payload[index] = (tag * 31 + index * (1 + tag % 7)) & 0xff;
  }
  new DataView(payload.buffer).setUint32(0, tag);
  const some = channels.filter(() => random.chance(0.6));
  const chosen = some.length > 0 ? some : [random.pick(channels)];
  return { payload, count: 1 + random.below(9), channels: chosen.map(({ id }) => id) };
}

function draftNotes(run: JournalRun): ModelNote[] {
  const { random } = run;
  return Array.from({ length: random.chance(0.9) ? 1 : 2 }, (): ModelNote => {
    const key = `file${random.below(3)}`;
    const value = random.chance(0.1) ? null : run.nextTag++;
    return {
      source: random.pick(SOURCES),
      position: { [key]: value },
      ...(random.chance(0.1) ? { replace: true as const } : {}),
    };
  });
}

function follow(
  run: JournalRun,
  put: { drafts: Draft[]; notes: ModelNote[]; sequence: number; committed: Promise<void> },
): ModelGroup {
  const { model, figures } = run;
  // Those that were refused during the append hear of it only now.
  const refused = model.groups.filter(({ isCommitted, end }) => !isCommitted && end > put.sequence);
  for (const group of refused) model.reject(group);
  assert.ok(put.sequence >= model.end, `Sequence ${put.sequence} was given before`);
  assert.ok(put.sequence >= model.acknowledgedEnd, `Sequence ${put.sequence} was acknowledged before`);
  let sequence = put.sequence;
  const frames = put.drafts.map((draft): ModelFrame => {
    const frame = { ...draft, sequence };
    sequence += draft.count;
    return frame;
  });
  const group = model.append({ frames, notes: put.notes, end: sequence });
  const cursors = [...model.channels.values()].map(({ name, epoch, cursor }) => ({ name, epoch, cursor }));
  const commit = run.whileAlive(() => {
    assert.ok(
      model.groups.includes(group),
      `Group ${put.sequence} is committed although its place was given away`,
    );
    model.commit(group);
    figures.groups++;
    figures.eventsPut += sequence - put.sequence;
    if (!run.syncsAlways) return;
    for (const { name, epoch, cursor } of cursors) model.cursorIsSafe(name, { epoch, cursor });
  });
  const reject = run.whileAlive((cause: unknown) => {
    if (model.groups.includes(group)) model.reject(group);
    refuse(run, `commit of ${put.sequence}`, cause);
  });
  put.committed.then(commit, reject);
  return group;
}

/** Only a disk that fails is a reason to refuse. */
function refuse(run: JournalRun, what: string, cause: unknown): void {
  if (!run.disk.isAlive) return;
  run.figures.refused++;
  run.note(`${what} is refused: ${cause instanceof Error ? cause.message : cause}`);
  if (!run.isFaulty) run.fail(`The journal refused the ${what} although the disk works`, cause);
}

/** Waits until nothing that was put waits for its commit. */
export async function commit(run: JournalRun): Promise<void> {
  run.note("wait for commits");
  while (run.model.isWaiting && run.disk.isAlive && run.failure === undefined) {
    if (!await run.time.step()) await run.time.pass(run.syncsAlways ? 50 : 1000);
  }
}

export function readerOf(run: JournalRun, channel: ModelChannel): RunReader {
  const known = run.readers.get(channel.name);
  if (known) return known;
  const reader: JournalReader = run.journal.reader(channel.id, channel.cursor);
  const opened = { reader, next: channel.cursor, undelivered: [], pending: undefined };
  run.readers.set(channel.name, opened);
  return opened;
}

/** Begins to read the next frame of a channel, and looks at it when it comes. */
export function beginRead(run: JournalRun, channel: ModelChannel): void {
  const from = readerOf(run, channel);
  const due = nextDue(run, { channel, next: from.next });
  from.pending = from.reader.next((bytes) => new Uint8Array(bytes)).then(
    async (frame) => {
      // The promises of commits that the same sync settled are heard first.
      await run.time.settle();
      run.whileAlive(() => checkRead(run, { channel, from, due, frame }))();
    },
    run.whileAlive((cause: unknown) => {
      from.pending = undefined;
      if (!run.isFaulty) run.fail(`Channel ${channel.name} cannot be read although the disk works`, cause);
    }),
  );
}

/** Reads the next frame of a channel; false when there is none, or when it could not be read. */
export async function readOne(run: JournalRun, channel: ModelChannel): Promise<boolean> {
  const from = readerOf(run, channel);
  const before = from.next;
  if (from.pending === undefined) beginRead(run, channel);
  await run.wait(from.pending!);
  return run.disk.isAlive && run.failure === undefined && from.next > before;
}

/** The frame that a read must answer; those that are known to be damaged may be left out. */
function nextDue(
  run: JournalRun,
  { channel, next }: { channel: ModelChannel; next: number },
): ModelFrame | undefined {
  return run.model.framesOf(channel, next).find((frame) => !run.damaged.has(frame));
}

interface Read {
  readonly channel: ModelChannel;
  readonly from: RunReader;
  readonly due: ModelFrame | undefined;
  readonly frame: ReadResult;
}

function checkRead(run: JournalRun, { channel, from, due, frame }: Read): void {
  from.pending = undefined;
  if (run.readers.get(channel.name) !== from) return;
  if (frame === undefined) {
    assert.equal(due?.sequence, undefined, `Channel ${channel.name} holds back a committed frame`);
    return;
  }
  if ("fault" in frame) takeDamage(run, { ...frame.fault, sequence: frame.sequence, events: frame.count });
  else if (!isGhost(run, frame)) checkFrame(run, { channel, from, frame });
  from.undelivered.push({ sequence: frame.sequence, count: frame.count });
  from.next = Math.max(from.next, frame.sequence + frame.count);
}

/**
 * What was acknowledged without a sync may be lost when a sync fails, and then refused frames that the disk did not let the
 * journal wipe out may stand in its place. True when this is such a frame.
 */
function isGhost(run: JournalRun, { sequence, count, payload }: ReadFrame): boolean {
  if (run.syncsAlways || run.flipped.spareLog) return false;
  const frames = run.model.groups.flatMap((group) => group.frames);
  const covered = frames.filter((frame) =>
    frame.sequence < sequence + count && frame.sequence + frame.count > sequence
  );
  const isPut = covered.length === 1 && covered[0]!.sequence === sequence &&
    sameBytes(covered[0]!.payload, payload);
  if (isPut) return false;
  for (const frame of covered) run.damaged.add(frame);
  run.figures.returned += count;
  return true;
}

function checkFrame(
  run: JournalRun,
  { channel, from, frame }: { channel: ModelChannel; from: RunReader; frame: ReadFrame },
): void {
  const frames = run.model.framesOf(channel, from.next);
  const index = frames.findIndex(({ sequence }) => sequence === frame.sequence);
  assert.ok(index >= 0, `Channel ${channel.name} delivers ${frame.sequence}, which is not committed there`);
  const skipped = frames.slice(0, index).filter((other) => !run.damaged.has(other));
  assert.deepEqual(skipped.map(({ sequence }) => sequence), [], `Channel ${channel.name} skips frames`);
  assert.equal(frame.count, frames[index]!.count);
  assert.ok(sameBytes(frame.payload, frames[index]!.payload), `Frame ${frame.sequence} has other bytes`);
  run.figures.eventsRead += frame.count;
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** Takes note of frames that are reported as damaged; they must lie in a file that was damaged. */
export function takeDamage(run: JournalRun, fault: JournalFault): void {
  const { kind, path, text, sequence = Infinity, events = 0 } = fault;
  run.note(`damage is reported: ${sequence}+${events} ${kind} ${path}`);
  const hit = run.model.groups.flatMap((group) =>
    group.frames.flatMap((frame) => {
      const isHit = frame.sequence < sequence + events && frame.sequence + frame.count > sequence;
      return isHit && !run.damaged.has(frame) ? [{ frame, isCommitted: group.isCommitted }] : [];
    })
  );
  const isGone = kind === "missing-segment" && !run.flipped.spareLog;
  const isKnown = events > 0 && hit.length === 0;
  assert.ok(
    isGone || isKnown || run.flipped.has(path),
    `Damage is reported in ${path}, which is intact: ${text}`,
  );
  run.hasLostEvents ||= events > 0;
  for (const { frame, isCommitted } of hit) {
    run.damaged.add(frame);
    if (isCommitted) run.figures.lost += frame.count;
  }
}

/** Delivers a part of what a channel has read, now and then up to the middle of a frame. */
export function deliver(run: JournalRun, channel: ModelChannel): void {
  const from = readerOf(run, channel);
  if (from.undelivered.length === 0) return;
  const taken = from.undelivered.splice(0, 1 + run.random.below(from.undelivered.length));
  const last = taken.at(-1)!;
  let cursor = last.sequence + last.count;
  if (last.count > 1 && run.random.chance(0.2)) {
    cursor = Math.max(channel.cursor, last.sequence + 1 + run.random.below(last.count - 1));
    from.undelivered.unshift(last);
  }
  const events = taken.reduce(
    (sum, { sequence, count }) =>
      sum + Math.max(0, Math.min(cursor, sequence + count) - Math.max(sequence, channel.cursor)),
    0,
  );
  run.note(`deliver ${channel.name} up to ${cursor}: ${events} events`);
  run.journal.deliver(channel.name, cursor, events);
  channel.cursor = cursor;
  channel.cursors.push(cursor);
}
