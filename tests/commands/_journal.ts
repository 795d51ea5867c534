import assert from "node:assert/strict";
import { EventBatch } from "../../core/mod.ts";
import {
  denoDisk,
  FRAME_HEAD_BYTES,
  Journal,
  type JournalOptions,
  listSegments,
  type ScannedFrame,
  scanSegment,
} from "../../journal/mod.ts";
import { encodeFrame } from "../../protocols/event_frame.ts";
import { contentOf } from "../journal/_image.ts";
import { type ProgramEnd, sluice } from "./_program.ts";

/** Midnight of the day on which the events of the tests were put. */
export const DAY_MS = Date.UTC(2026, 10, 21);
/** Some byte of a frame's payload. */
export const IN_PAYLOAD = 64 + 20;
const BATCH_EVENTS = 3;

/** Options of a journal in a folder, whose segments are small and stay. */
export function journalIn(folder: string, change: Partial<JournalOptions> = {}): JournalOptions {
  return {
    folders: [folder],
    checkpointFolder: folder,
    disk: denoDisk,
    segmentBytes: 1200,
    retention: { ms: Number.MAX_SAFE_INTEGER },
    maxLingerMs: 0,
    ...change,
  };
}

/**
 * Makes a journal of twelve batches of three events, put a minute apart and committed one by one. Channel c1 has
 * delivered the first four events, c2 was added behind the sixth batch.
 */
export async function makeJournal(folder: string, change: Partial<JournalOptions> = {}): Promise<void> {
  let minutes = 0;
  const journal = await Journal.open(journalIn(folder, { now: () => DAY_MS + minutes * 60_000, ...change }));
  try {
    const channels = [(await journal.addChannel("c1")).id];
    for (; minutes < 12; minutes++) {
      if (minutes === 6) channels.push((await journal.addChannel("c2")).id);
      await putBatch(journal, channels);
    }
    journal.deliver("c1", 4, 4);
  } finally {
    await journal.close();
  }
}

/** Puts one batch as a file channel does, with the position of its source. */
export async function putBatch(journal: Journal, channels: readonly number[]): Promise<void> {
  const sequence = journal.committedSequence;
  const events = Array.from({ length: BATCH_EVENTS }, (_, index) => ({
    headers: { number: String(sequence + index) },
    body: sequence + index === 7 ? Uint8Array.of(0xFF, 0x00) : `event ${sequence + index}`,
  }));
  const bytes = encodeFrame(EventBatch.from(events), (bytes) => new Uint8Array(bytes), FRAME_HEAD_BYTES);
  const note = { source: "in", position: { "access.log": sequence + BATCH_EVENTS } };
  await journal.append([{ bytes, count: BATCH_EVENTS, channels }], [note]).committed;
}

/** That journal in a folder which is gone when the test is over. */
export async function journal(change: Partial<JournalOptions> = {}) {
  const root = await Deno.makeTempDir();
  const folder = `${root}/journal`;
  await makeJournal(folder, change);
  return { root, folder, [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }) };
}

/** The segments of a journal, with the frames of events in them. */
export async function segmentsIn(folder: string) {
  const { segments } = await listSegments(denoDisk, [folder]);
  return await Promise.all(segments.map(async ({ path }) => {
    const frames: ScannedFrame[] = [];
    for await (const entry of scanSegment(denoDisk, path)) {
      if ("head" in entry && entry.head.count > 0) frames.push(entry);
    }
    return { path, frames };
  }));
}

/** Runs `sluice journal`, which has to end with this code. */
export async function run(code: number, ...args: string[]): Promise<ProgramEnd> {
  const end = await sluice(["journal", ...args]);
  assert.equal(end.code, code, `${args.join(" ")}\n${end.stdout}${end.stderr}`);
  return end;
}

/** Runs what must not change a byte of the journal. */
export async function look(code: number, folder: string, ...args: string[]): Promise<ProgramEnd> {
  const before = await contentOf(folder);
  const end = await run(code, ...args, folder);
  assert.deepEqual(await contentOf(folder), before);
  return end;
}

/** Sequences of the events that `export` gives. */
export async function exported(...args: string[]): Promise<number[]> {
  const { stdout } = await run(0, "export", ...args);
  return lines(stdout).map((line) => JSON.parse(line).sequence);
}

/** The lines of a text that ends with one. */
export function lines(text: string): string[] {
  return text.split("\n").slice(0, -1);
}

/** Whole numbers, `to` not among them. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
