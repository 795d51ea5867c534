import assert from "node:assert/strict";
import {
  denoDisk,
  FRAME_HEAD_BYTES,
  Journal,
  type JournalFault,
  type JournalOptions,
  KIND_EVENTS,
  listSegments,
  type ScannedFrame,
  scanSegment,
} from "../../journal/mod.ts";

/** Events in each frame of the journals that the tests make. */
export const FRAME_EVENTS = 3;
const BODY_BYTES = 300;

/** One segment of a journal that nobody has open. */
export interface SegmentImage {
  readonly path: string;
  readonly bytes: number;
  /** All frames, the snapshot among them. */
  readonly frames: readonly ScannedFrame[];
  /** Those with events. */
  readonly events: readonly ScannedFrame[];
}

/** The files of a journal, to be damaged. */
export interface Image {
  readonly folder: string;
  readonly segments: readonly SegmentImage[];
}

/** Where a journal in this folder keeps what; segments are small, so that a few frames make several. */
export function optionsIn(folder: string, change: Partial<JournalOptions> = {}): JournalOptions {
  return {
    folders: [`${folder}/data`],
    checkpointFolder: `${folder}/checkpoint`,
    disk: denoDisk,
    segmentBytes: 1800,
    retention: { ms: Number.MAX_SAFE_INTEGER },
    maxLingerMs: 0,
    ...change,
  };
}

/** What a frame at this sequence holds: text that says which events they are. */
export function payloadAt(sequence: number): string {
  return `${sequence} to ${sequence + FRAME_EVENTS - 1};`.padEnd(BODY_BYTES, ".");
}

/** Appends frames one by one, each committed before the next. */
export async function appendFrames(journal: Journal, frames: number): Promise<void> {
  const { id } = await journal.addChannel("c1", "earliest");
  for (let index = 0; index < frames; index++) {
    const text = new TextEncoder().encode(payloadAt(journal.committedSequence));
    const bytes = new Uint8Array(FRAME_HEAD_BYTES + text.length);
    bytes.set(text, FRAME_HEAD_BYTES);
    await journal.append([{ bytes, count: FRAME_EVENTS, channels: [id] }]).committed;
  }
}

/** Makes a journal, and copies its files while it is open, as a crash would leave them; then as an orderly end does. */
export async function makeJournal(
  folders: { readonly crashed: string; readonly closed: string },
  frames: number,
  change: Partial<JournalOptions> = {},
): Promise<void> {
  const options = optionsIn(folders.closed, change);
  const journal = await Journal.open(options);
  try {
    await appendFrames(journal, 1);
    await journal.checkpoint();
    await appendFrames(journal, frames - 1);
    await copyFolder(folders.closed, folders.crashed);
  } finally {
    await journal.close();
  }
}

/** Looks at the segments of a journal. */
export async function imageOf(folder: string): Promise<Image> {
  const { segments } = await listSegments(denoDisk, [`${folder}/data`]);
  const images = await Promise.all(segments.map(async ({ path, bytes }) => {
    const frames: ScannedFrame[] = [];
    for await (const entry of scanSegment(denoDisk, path)) {
      if ("head" in entry) frames.push(entry);
    }
    return { path, bytes, frames, events: frames.filter(({ head }) => head.kind === KIND_EVENTS) };
  }));
  return { folder, segments: images };
}

/** What a channel is given by a journal, and what is told to be wrong. */
export interface Reading {
  /** Sequences of intact frames, in the order in which they came. */
  readonly sequences: readonly number[];
  /** Sequences of events that were passed by. */
  readonly lost: readonly number[];
  readonly faults: readonly JournalFault[];
  /** Undelivered events, when all was delivered. */
  readonly size: number;
}

/** Opens a journal, and reads and delivers all that channel c1 has not got. */
export async function readAll(options: JournalOptions): Promise<Reading> {
  const faults: JournalFault[] = [];
  const journal = await Journal.open({ ...options, onFault: (fault) => void faults.push(fault) });
  try {
    faults.push(...journal.faults);
    const { id, cursor } = journal.state.channels.c1!;
    const reader = journal.reader(id, cursor);
    const [sequences, lost]: [number[], number[]] = [[], []];
    for (let frame = await next(reader); frame; frame = await next(reader)) {
      if ("fault" in frame) {
        for (let at = 0; at < frame.count; at++) lost.push(frame.sequence + at);
        if (!faults.includes(frame.fault)) faults.push(frame.fault);
      } else {
        assert.equal(new TextDecoder().decode(frame.payload), payloadAt(frame.sequence));
        sequences.push(frame.sequence);
      }
      journal.deliver("c1", frame.sequence + frame.count, frame.count);
    }
    reader.close();
    return { sequences, lost, faults, size: journal.state.channels.c1!.size };
  } finally {
    await journal.close();
  }
}

function next(reader: ReturnType<Journal["reader"]>) {
  return reader.next((bytes) => new Uint8Array(bytes));
}

/** Copies files and folders; `to` need not exist. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

/** All files of a folder with their content, as text that can be compared. */
export async function contentOf(folder: string): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) Object.assign(content, await contentOf(path));
    // Who has the lock is written to it by whoever tries to get it.
    else if (name !== "lock") content[path] = (await Deno.readFile(path)).toBase64();
  }
  return content;
}

/** Changes one byte of a file. */
export async function flipByte(path: string, offset: number): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  const byte = new Uint8Array(1);
  await file.seek(offset, Deno.SeekMode.Start);
  await file.read(byte);
  byte[0]! ^= 0xFF;
  await file.seek(offset, Deno.SeekMode.Start);
  await file.write(byte);
}
