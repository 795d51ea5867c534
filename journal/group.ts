import { crc32 } from "node:zlib";
import {
  channelBits,
  encodeFrameHead,
  FLAG_MORE,
  FRAME_HEAD_BYTES,
  type FrameHead,
  KIND_EVENTS,
} from "./format.ts";
import { noteFrame, type OpenSegment } from "./open_segment.ts";
import type { Seal } from "./seal.ts";
import type { Note } from "./state.ts";

/** Events to append. */
export interface NewFrame {
  /**
   * 64 bytes of room (`FRAME_HEAD_BYTES`), then the payload: the head is written into the room, so that a frame is one
   * write. Not kept after `append`.
   */
  readonly bytes: Uint8Array;
  /** Events in the payload, at least one. */
  readonly count: number;
  /** Ids of the channels that are to read it. */
  readonly channels: readonly number[];
}

/** What an append gives at once, and what it owes. */
export interface Appended {
  /** Of the first event of the first frame. */
  readonly sequence: number;
  /** When it was put, as the heads of its frames say. */
  readonly timeMs: number;
  /** Settles when the group is committed as `sync` says; rejects when none of it will ever be read. */
  readonly committed: Promise<void>;
}

/** One append on its way. */
export interface Group {
  readonly sequence: number;
  readonly endSequence: number;
  /** What it changes in the state when it is committed. */
  readonly changes: readonly (FrameHead | Note)[];
  readonly settled: PromiseWithResolvers<void>;
  /** Where its bytes end; undefined while they only wait for a write. */
  place: { readonly open: OpenSegment; readonly endOffset: number } | undefined;
}

/** What all frames of a group share. */
export interface GroupStart {
  readonly sequence: number;
  readonly timeMs: number;
  readonly syncedSequence: number;
  readonly seal: Seal | undefined;
}

/** The frames of one append, each as one piece of bytes. */
export interface EncodedGroup {
  readonly frames: Uint8Array[];
  readonly bytes: number;
  readonly changes: (FrameHead | Note)[];
  readonly endSequence: number;
}

/** Writes the heads of a group into the room in front of the payloads. */
export function encodeGroup(
  frames: readonly NewFrame[],
  notes: readonly Note[],
  start: GroupStart,
): EncodedGroup {
  const { timeMs, syncedSequence } = start;
  const encoded: Uint8Array[] = [];
  const changes: (FrameHead | Note)[] = [];
  let sequence = start.sequence;
  let remaining = frames.length + notes.length;
  for (const frame of frames) {
    const flags = --remaining > 0 ? FLAG_MORE : 0;
    const { head, bytes } = encodeEvents(frame, { ...start, sequence }, flags);
    encoded.push(bytes);
    changes.push(head);
    sequence += frame.count;
  }
  for (const note of notes) {
    const flags = --remaining > 0 ? FLAG_MORE : 0;
    encoded.push(noteFrame(note, { sequence, timeMs, syncedSequence, flags }));
    // Cursors are facts from the moment they are told; by the time this is committed there may be later ones.
    if (!("cursors" in note)) changes.push(note);
  }
  return {
    frames: encoded,
    bytes: encoded.reduce((sum, { length }) => sum + length, 0),
    changes,
    endSequence: sequence,
  };
}

function encodeEvents(
  { bytes, count, channels }: NewFrame,
  { sequence, timeMs, syncedSequence, seal }: GroupStart,
  flags: number,
): { readonly head: FrameHead; readonly bytes: Uint8Array } {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`A frame cannot hold ${count} events`);
  const payload = bytes.subarray(FRAME_HEAD_BYTES);
  const about = { kind: KIND_EVENTS, count, sequence, timeMs, syncedSequence, ...channelBits(channels) };
  const plain = { ...about, flags, payloadBytes: payload.length, payloadCrc: 0, keyId: 0 };
  if (seal === undefined) {
    const head = { ...plain, payloadCrc: crc32(payload) };
    encodeFrameHead(head, bytes);
    return { head, bytes };
  }
  encodeFrameHead(plain, bytes);
  const { stored, flags: added, keyId } = seal.close(payload, bytes.subarray(0, FRAME_HEAD_BYTES));
  const head = {
    ...plain,
    flags: flags | added,
    payloadBytes: stored.length,
    payloadCrc: crc32(stored),
    keyId,
  };
  const sealed = new Uint8Array(FRAME_HEAD_BYTES + stored.length);
  sealed.set(stored, FRAME_HEAD_BYTES);
  encodeFrameHead(head, sealed);
  return { head, bytes: sealed };
}
