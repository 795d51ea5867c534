import { crc32 } from "node:zlib";
import { ConfigError, mergePositions, type Position } from "sluice/plugin";
import type { PlaceOptions } from "./place.ts";

// A manifest is a row of frames; the first holds the whole state, each later one what changed. Zeros follow the last one:
// room that is on disk already, so that forcing a frame to disk is cheap.
//
//   0 "SFR1" · 4 u32 bytes of the note · 8 u32 CRC-32 of bytes 0–7 and the note · 12 the note as JSON   (little-endian)

const MAGIC = new TextEncoder().encode("SFR1");
const HEAD_BYTES = 12;
const FORMAT_VERSION = 1;

/** What one frame says. Files go by bucket and name, as they are called when they are finished. */
export interface ManifestNote {
  /** The first frame: where the files lie. */
  readonly place?: PlaceOptions;
  readonly version?: number;
  /** How many bytes of a file are delivered; null: all that are there. */
  readonly files?: Readonly<Record<string, number | null>>;
  /** Files elsewhere that were made by this sink for certain; one that is not may be another's of the same name. */
  readonly created?: readonly string[];
  /** Files that are complete and only have to get their names. */
  readonly finished?: readonly string[];
  /** Files that need no more care. */
  readonly gone?: readonly string[];
  readonly position?: Position;
  /** The manifest was on disk up to here when the frame was written. */
  readonly syncedBytes?: number;
}

/** What is known of a file. */
export interface FileState {
  /** Bytes that are delivered; null: all that are there. */
  readonly bytes: number | null;
  readonly isFinished: boolean;
  /** Of a file elsewhere: this sink has made it. */
  readonly isCreated?: boolean;
}

/** What all frames say together. */
export interface ManifestState {
  /** Unknown when the first frame is damaged. */
  place: PlaceOptions | undefined;
  readonly files: Map<string, FileState>;
  position: Position | undefined;
}

/** What is found in a manifest. */
export interface ManifestReading {
  readonly state: ManifestState;
  /** Offsets at which frames are damaged that were on disk once. */
  readonly damages: readonly number[];
  /** Offset of a frame that was not on disk yet when the system stopped; it and all behind it are void. */
  readonly tornOffset: number | undefined;
}

/** Puts a note into a frame. `minBytes`: the frame becomes at least that long. */
export function encodeFrame(note: ManifestNote, minBytes = 0): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(note));
  const frame = new Uint8Array(Math.max(HEAD_BYTES + json.length, minBytes)).fill(0x20, HEAD_BYTES);
  frame.set(MAGIC);
  frame.set(json, HEAD_BYTES);
  const view = new DataView(frame.buffer);
  view.setUint32(4, frame.length - HEAD_BYTES, true);
  view.setUint32(8, checksum(frame), true);
  return frame;
}

interface Frame {
  readonly offset: number;
  readonly endOffset: number;
  readonly note: ManifestNote;
}

/** The frame at an offset, if there is a whole one. */
function frameAt(bytes: Uint8Array, offset: number): Frame | undefined {
  if (offset + HEAD_BYTES > bytes.length || MAGIC.some((byte, at) => bytes[offset + at] !== byte)) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  const endOffset = offset + HEAD_BYTES + view.getUint32(4, true);
  if (endOffset > bytes.length) return;
  const json = bytes.subarray(offset + HEAD_BYTES, endOffset);
  if (checksum(bytes.subarray(offset, endOffset)) !== view.getUint32(8, true)) return;
  return { offset, endOffset, note: JSON.parse(new TextDecoder().decode(json)) };
}

function checksum(frame: Uint8Array): number {
  return crc32(frame.subarray(HEAD_BYTES), crc32(frame.subarray(0, 8)));
}

/** Folds the frames of a manifest, with what cannot be read told apart: never written to the end, or damaged since. */
export function readManifest(bytes: Uint8Array): ManifestReading {
  const { frames, faults } = scan(bytes);
  // The first frame was on disk before the file had its name.
  const provenBytes = frames.reduce((most, { note }) => Math.max(most, note.syncedBytes ?? 0), 1);
  const tornOffset = faults.find((offset) => offset >= provenBytes);
  const state: ManifestState = { place: undefined, files: new Map(), position: undefined };
  for (const { offset, note } of frames) if (offset < (tornOffset ?? Infinity)) fold(state, note);
  return { state, damages: faults.filter((offset) => offset < provenBytes), tornOffset };
}

function scan(bytes: Uint8Array): { readonly frames: readonly Frame[]; readonly faults: readonly number[] } {
  const frames: Frame[] = [];
  const faults: number[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const frame = frameAt(bytes, offset);
    if (frame) frames.push(frame);
    const next = frame?.endOffset ?? nextFrame(bytes, offset + 1);
    const isRoom = next === bytes.length && bytes.subarray(offset).every((byte) => byte === 0);
    if (!frame && !isRoom) faults.push(offset);
    offset = next;
  }
  return { frames, faults };
}

function nextFrame(bytes: Uint8Array, from: number): number {
  const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = found.indexOf(MAGIC, from); at >= 0; at = found.indexOf(MAGIC, at + 1)) {
    if (frameAt(bytes, at)) return at;
  }
  return bytes.length;
}

/** Adds what a note says to the state. */
export function fold(state: ManifestState, note: ManifestNote): void {
  if (note.version !== undefined && note.version > FORMAT_VERSION) {
    throw new ConfigError(`Its format is version ${note.version}, and this program reads ${FORMAT_VERSION}`);
  }
  if (note.place) state.place = note.place;
  for (const [path, bytes] of Object.entries(note.files ?? {})) {
    state.files.set(path, { bytes, isFinished: false });
  }
  for (const path of note.created ?? []) {
    const file = state.files.get(path);
    if (file) state.files.set(path, { ...file, isCreated: true });
  }
  for (const path of note.finished ?? []) {
    state.files.set(path, { bytes: state.files.get(path)?.bytes ?? null, isFinished: true });
  }
  for (const path of note.gone ?? []) state.files.delete(path);
  if (note.position) state.position = mergePositions(state.position, note.position);
}

/** The note that says all of a state. */
export function snapshotOf({ place, files, position }: ManifestState): ManifestNote {
  const created = Array.from(files).flatMap(([path, { isCreated }]) => isCreated ? [path] : []);
  return {
    version: FORMAT_VERSION,
    ...place && { place },
    files: Object.fromEntries(Array.from(files, ([path, { bytes }]) => [path, bytes])),
    ...created.length > 0 && { created },
    finished: Array.from(files).flatMap(([path, { isFinished }]) => isFinished ? [path] : []),
    ...position && { position },
  };
}
