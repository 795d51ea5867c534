import { FRAME_HEAD_BYTES } from "./format.ts";
import type { Note } from "./state.ts";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true });

/** A note as a payload, with room for a frame head in front. */
export function encodeNote(note: Note): Uint8Array {
  const text = ENCODER.encode(JSON.stringify(note));
  const bytes = new Uint8Array(FRAME_HEAD_BYTES + text.length);
  bytes.set(text, FRAME_HEAD_BYTES);
  return bytes;
}

/** Reads a payload whose checksum agreed; undefined when it is no note all the same. */
export function decodeNote(payload: Uint8Array): Note | undefined {
  try {
    const note: unknown = JSON.parse(DECODER.decode(payload));
    return typeof note === "object" && note !== null ? note as Note : undefined;
  } catch {
    return undefined;
  }
}
