import { type Checkpoint, readCheckpoints } from "../../journal/checkpoint.ts";
import { isOwn } from "../../journal/heads.ts";
import {
  denoDisk,
  type JournalFault,
  type JournalState,
  KIND_EVENTS,
  type Listing,
  type SegmentFile,
} from "../../journal/mod.ts";
import { isFolder, type JournalHome } from "./home.ts";
import { StateFolder } from "./state_folder.ts";
import { type FrameStep, missingStart, walk } from "./walk.ts";

/** What one segment holds. */
export interface SegmentSurvey {
  readonly name: string;
  readonly folder: string;
  readonly bytes: number;
  firstSequence: number;
  /** Behind the last event. */
  nextSequence: number;
  /** Put times of its events; absent without any. */
  firstTime?: string;
  lastTime?: string;
  frames: number;
  events: number;
}

/** What one channel has still to deliver. */
export interface ChannelSurvey {
  readonly name: string;
  readonly id: number;
  readonly epoch: number;
  readonly cursor: number;
  undeliveredEvents: number;
  /** Of the frames that hold them, as they are stored. */
  undeliveredBytes: number;
}

/** The newest checkpoint that can be read, and where it lies. */
export interface FoundCheckpoint extends Omit<Checkpoint, "state"> {
  readonly folder: string;
}

/** What a journal holds, found without changing a byte of it. */
export interface Survey {
  readonly id: string | undefined;
  readonly segments: readonly SegmentSurvey[];
  readonly channels: readonly ChannelSurvey[];
  readonly positions: JournalState["positions"];
  readonly checkpoint: FoundCheckpoint | undefined;
  readonly faults: readonly JournalFault[];
}

/** The checkpoints of a journal, the newest first, and what is wrong with others. */
export async function checkpointsOf(
  { checkpointFolder, backupCheckpointFolder }: JournalHome,
  journalId: string | undefined,
): Promise<{ readonly found: (Checkpoint & { folder: string })[]; readonly faults: JournalFault[] }> {
  const found: (Checkpoint & { folder: string })[] = [];
  const faults: JournalFault[] = [];
  for (const folder of new Set([checkpointFolder, backupCheckpointFolder])) {
    if (folder === undefined || !isFolder(folder)) continue;
    const read = await readCheckpoints(denoDisk, folder);
    found.push(...read.found.map((checkpoint) => ({ ...checkpoint, folder })));
    const text = "The checkpoint cannot be read";
    faults.push(
      ...read.damaged.map((path) => ({ kind: "damaged-checkpoint" as const, path, offset: 0, text })),
    );
  }
  const own = found.filter((checkpoint) => journalId === undefined || checkpoint.journalId === journalId);
  return { found: own.sort((a, b) => b.sequence - a.sequence), faults };
}

/** What the notes of a journal, and its checkpoint, say. */
export async function stateOf(home: JournalHome, segments: readonly SegmentFile[]): Promise<JournalState> {
  const id = segments.find(({ head }) => head)?.head?.journalId;
  const { found: [checkpoint] } = await checkpointsOf(home, id);
  const state = new StateFolder(checkpoint);
  for await (const step of walk(segments)) if ("file" in step) await state.pass(step);
  return state.end(Infinity);
}

/** Looks at all heads and notes of a journal; payloads of events are not read. */
export async function surveyOf(home: JournalHome, { segments, foreign }: Listing): Promise<Survey> {
  const id = segments.find(({ head }) => head)?.head?.journalId;
  const { found: [checkpoint], faults } = await checkpointsOf(home, id);
  const state = new StateFolder(checkpoint);
  const rows: SegmentSurvey[] = [];
  for (const path of foreign) {
    faults.push({ kind: "foreign-file", path, offset: 0, text: "It is no file of the journal" });
  }
  for await (const step of walk(segments, checkpoint?.sequence)) {
    if ("fault" in step) faults.push(step.fault);
    else if ("file" in step) {
      countFrame(rows.at(-1)!, step);
      await state.pass(step);
    } else rows.push(rowOf(step.segment));
  }
  const end = state.end(Infinity);
  const { channels, positions } = end;
  const lost = missingStart(end, segments[0]!);
  if (lost) faults.push(lost);
  return {
    id,
    segments: rows,
    channels: await channelsOf(channels, segments),
    positions,
    checkpoint: checkpoint && withoutState(checkpoint),
    faults,
  };
}

/** Counts what channels have still to deliver, in frames that are there and intact. */
export async function channelsOf(
  channels: JournalState["channels"],
  segments: readonly SegmentFile[],
  isIntact: (step: FrameStep) => boolean = () => true,
): Promise<ChannelSurvey[]> {
  const rows = Object.entries(channels).map(([name, channel]) => ({
    channel,
    row: {
      name,
      id: channel.id,
      epoch: channel.epoch,
      cursor: channel.cursor,
      undeliveredEvents: 0,
      undeliveredBytes: 0,
    },
  }));
  const lowest = Math.min(...rows.map(({ row }) => row.cursor));
  const from = segments.findLastIndex(({ firstSequence }) => firstSequence <= lowest);
  for await (const step of walk(segments.slice(Math.max(0, from)))) {
    if (!("file" in step) || step.frame.head.kind !== KIND_EVENTS || !isIntact(step)) continue;
    const { head } = step.frame;
    for (const { channel, row } of rows) {
      const events = Math.min(head.count, head.sequence + head.count - row.cursor);
      if (events <= 0 || !isOwn(head, channel)) continue;
      row.undeliveredEvents += events;
      row.undeliveredBytes += head.payloadBytes;
    }
  }
  return rows.map(({ row }) => row);
}

function withoutState(
  { state: _state, ...about }: Checkpoint & { readonly folder: string },
): FoundCheckpoint {
  return about;
}

function rowOf({ path, bytes, firstSequence }: SegmentFile): SegmentSurvey {
  const at = path.lastIndexOf("/");
  return {
    name: path.slice(at + 1),
    folder: path.slice(0, at),
    bytes,
    firstSequence,
    nextSequence: firstSequence,
    frames: 0,
    events: 0,
  };
}

function countFrame(row: SegmentSurvey, { frame: { head } }: FrameStep): void {
  row.frames++;
  row.nextSequence = head.sequence + head.count;
  if (head.kind !== KIND_EVENTS) return;
  row.events += head.count;
  row.lastTime = new Date(head.timeMs).toISOString();
  row.firstTime ??= row.lastTime;
}
