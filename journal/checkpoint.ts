import { crc32 } from "node:zlib";
import type { Disk } from "./disk.ts";
import { JournalError } from "./fault.ts";
import { FORMAT_VERSION } from "./format.ts";
import type { JournalState } from "./state.ts";

/** What a journal knew at one moment; recovery begins there. */
export interface Checkpoint {
  readonly journalId: string;
  /** Next sequence at that moment; everything below was on disk. */
  readonly sequence: number;
  /** Number of the segment, and the byte of it, from which on frames are not in `state`; -1 when there was none. */
  readonly segmentNumber: number;
  readonly offset: number;
  /** Put time of the last frame. */
  readonly timeMs: number;
  readonly state: JournalState;
}

const MAGIC = 0x504b4353;
const HEAD_BYTES = 16;
const NAME = "checkpoint";
const OLD_NAME = "checkpoint.old";
const NEW_NAME = "checkpoint.new";

/*
 * 0      4        8             12                        16
 * │magic │version │JSON's bytes │CRC of 4–11 and the JSON │JSON
 */
function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(checkpoint));
  const bytes = new Uint8Array(HEAD_BYTES + json.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, FORMAT_VERSION, true);
  view.setUint32(8, json.length, true);
  bytes.set(json, HEAD_BYTES);
  view.setUint32(12, checksum(bytes), true);
  return bytes;
}

/** Covers the version too: a bit that turned over there must not look like a newer program's work. */
function checksum(bytes: Uint8Array): number {
  return crc32(bytes.subarray(HEAD_BYTES), crc32(bytes.subarray(4, 12)));
}

function decodeCheckpoint(bytes: Uint8Array, path: string): Checkpoint | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const json = bytes.subarray(HEAD_BYTES);
  const isWhole = view.getUint32(0, true) === MAGIC && view.getUint32(8, true) === json.length &&
    view.getUint32(12, true) === checksum(bytes);
  if (!isWhole) return undefined;
  const version = view.getUint32(4, true);
  if (version === FORMAT_VERSION) return JSON.parse(new TextDecoder().decode(json));
  throw new JournalError(
    `The checkpoint "${path}" has format version ${version}; this program knows version ${FORMAT_VERSION}`,
    { path, fix: "use the version of sluice that wrote it, or a later one" },
  );
}

/** The checkpoints of a folder that can be read, the newest first, and the paths of those that cannot. */
export async function readCheckpoints(
  disk: Disk,
  folder: string,
): Promise<{ readonly found: Checkpoint[]; readonly damaged: string[] }> {
  const names = new Set(disk.list(folder));
  const found: Checkpoint[] = [];
  const damaged: string[] = [];
  for (const name of [NAME, OLD_NAME]) {
    if (!names.has(name)) continue;
    const path = `${folder}/${name}`;
    const checkpoint = decodeCheckpoint(await readWhole(disk, path), path);
    if (checkpoint) found.push(checkpoint);
    else damaged.push(path);
  }
  return { found, damaged };
}

/**
 * Reads the checkpoint of a folder, or else the one before it; undefined when neither can be read.
 * @throws {JournalError} when it is of another format version.
 */
export async function readCheckpoint(disk: Disk, folder: string): Promise<Checkpoint | undefined> {
  return (await readCheckpoints(disk, folder)).found[0];
}

/** Puts a checkpoint beside the one before it, and in its place only when it is on disk. */
export async function writeCheckpoint(disk: Disk, folder: string, checkpoint: Checkpoint): Promise<void> {
  const path = (name: string) => `${folder}/${name}`;
  const names = new Set(disk.list(folder));
  if (names.has(NEW_NAME)) disk.remove(path(NEW_NAME));
  const file = disk.open(path(NEW_NAME), "create");
  try {
    file.write(encodeCheckpoint(checkpoint), 0);
    await file.sync();
  } finally {
    file.close();
  }
  if (names.has(NAME)) disk.rename(path(NAME), path(OLD_NAME));
  disk.rename(path(NEW_NAME), path(NAME));
  await disk.syncFolder(folder);
}

async function readWhole(disk: Disk, path: string): Promise<Uint8Array> {
  const file = disk.open(path, "read");
  try {
    const bytes = new Uint8Array(file.size());
    return bytes.subarray(0, await file.read(bytes, 0));
  } finally {
    file.close();
  }
}
