import { EventBatch } from "../../core/mod.ts";
import { isOwn } from "../../journal/heads.ts";
import {
  type ChannelState,
  JournalError,
  KIND_EVENTS,
  type Listing,
  readPayload,
} from "../../journal/mod.ts";
import { openPayload } from "../../journal/sealed.ts";
import { decodeFrame } from "../../protocols/event_frame.ts";
import { CommandError } from "../exit.ts";
import type { JournalHome } from "./home.ts";
import { bodyFault } from "./verify.ts";
import { type FaultStep, type FrameStep, walk } from "./walk.ts";

/** Which events are asked for. */
export interface Selection {
  /** Channels by name. */
  readonly channels: Readonly<Record<string, ChannelState>>;
  /** What becomes of delivered events; "of all": also those of no channel that is still there. */
  readonly delivered: "left out" | "of channels" | "of all";
  readonly from: Bound;
  /** Not included. */
  readonly to: Bound;
}

/** A limit by sequence and by put time; both hold. */
export interface Bound {
  readonly sequence: number;
  readonly timeMs: number;
}

/** A run of events, and the channels that they are for. */
export interface SelectedEvents {
  readonly batch: EventBatch;
  readonly sequence: number;
  readonly timeMs: number;
  readonly channels: readonly string[];
}

/** Reads the events that are asked for in the order of the log, and tells what is damaged between them. */
export async function* selectEvents(
  home: JournalHome,
  { segments }: Listing,
  selection: Selection,
): AsyncGenerator<SelectedEvents | FaultStep> {
  const lowest = lowestSequence(selection);
  const first = segments.findLastIndex(({ firstSequence }) => firstSequence <= lowest);
  for await (const step of walk(segments.slice(Math.max(0, first)))) {
    if ("fault" in step) yield step;
    else if ("file" in step && step.frame.head.kind === KIND_EVENTS && isInTime(step, selection)) {
      yield* eventsOf(step, home, selection);
    }
  }
}

function lowestSequence({ channels, delivered, from }: Selection): number {
  const cursors = Object.values(channels).map(({ cursor }) => cursor);
  return delivered !== "left out" ? from.sequence : Math.max(from.sequence, Math.min(...cursors));
}

function isInTime({ frame: { head: { timeMs } } }: FrameStep, { from, to }: Selection): boolean {
  return timeMs >= from.timeMs && timeMs < to.timeMs;
}

/** A frame is cut where a channel's cursor, or a limit, lies within it. */
async function* eventsOf(
  step: FrameStep,
  home: JournalHome,
  selection: Selection,
): AsyncGenerator<SelectedEvents | FaultStep> {
  const { sequence, count, timeMs } = step.frame.head;
  const parts = partsOf(step, selection);
  if (parts.length === 0) return;
  const batch = await readBatch(step, home);
  if (batch === undefined) return yield { fault: bodyFault(step, "The payload cannot be read") };
  if (batch.size !== count) return yield { fault: bodyFault(step, `It holds ${batch.size} events`) };
  for (const { from, to, channels } of parts) {
    yield { batch: batch.slice(from - sequence, to - sequence), sequence: from, timeMs, channels };
  }
}

interface Part {
  readonly from: number;
  readonly to: number;
  readonly channels: readonly string[];
}

/** The stretches of a frame in which the same channels are concerned. */
function partsOf({ frame: { head } }: FrameStep, { channels, delivered, from, to }: Selection): Part[] {
  const start = Math.max(head.sequence, from.sequence);
  const end = Math.min(head.sequence + head.count, to.sequence);
  const isAll = delivered !== "left out";
  const own = Object.entries(channels).filter(([, channel]) => isOwn(head, channel));
  const cuts = isAll
    ? []
    : own.map(([, { cursor }]) => cursor).filter((cursor) => cursor > start && cursor < end);
  const places = [...new Set([start, ...cuts, end])].sort((a, b) => a - b);
  return places.slice(0, -1).flatMap((place, index) => {
    const names = own.filter(([, { cursor }]) => isAll || cursor <= place).map(([name]) => name);
    const isAsked = start < end && (names.length > 0 || delivered === "of all");
    return !isAsked ? [] : [{ from: place, to: places[index + 1]!, channels: names }];
  });
}

/**
 * Opens the payload of a frame; undefined when it is damaged.
 * @throws {CommandError} when no key opens it.
 */
async function readBatch(step: FrameStep, home: JournalHome): Promise<EventBatch | undefined> {
  const stored = await readPayload(step.file, step.frame);
  if (stored === undefined) return undefined;
  try {
    return new EventBatch(
      decodeFrame(openPayload(home.seal, stored, { ...step.frame, path: step.segment.path })),
    );
  } catch (cause) {
    if (cause instanceof RangeError) return undefined;
    if (!(cause instanceof JournalError)) throw cause;
    const place = `${step.segment.path}:${step.frame.offset}`;
    throw new CommandError(`Cannot open the frame at ${place}`, {
      cause,
      fix: `${cause.fix}: --key-file FILE`,
    });
  }
}
