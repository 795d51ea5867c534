import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import type { Disk, DiskFile } from "./disk.ts";
import type { JournalFault } from "./fault.ts";
import {
  decodeFrameHead,
  FRAME_HEAD_BYTES,
  FRAME_MAGIC,
  type FrameHead,
  SEGMENT_HEAD_BYTES,
} from "./format.ts";
import { readSegmentHead, sequenceOfName } from "./segment.ts";

/** A frame whose head is intact, and whose payload lies inside the file. */
export interface ScannedFrame {
  readonly head: FrameHead;
  /** Of the head in its file. */
  readonly offset: number;
}

/** Bytes in which no frame could be found. */
export interface ScannedHole {
  readonly fault: JournalFault;
}

/** A place where the frame that should begin there does not. */
export interface Hole {
  readonly offset: number;
  /** 0 when an intact frame stands there, but a later one than expected. */
  readonly bytes: number;
  /** What should have stood there. */
  readonly sequence: number;
  /** Of the next intact frame; undefined when the file has none. */
  readonly nextSequence: number | undefined;
}

const WINDOW_BYTES = 256 * 1024;
/** Behind a payload of this length only a head is read, because the next payload is likely to be as long. */
const LONG_PAYLOAD_BYTES = 64 * 1024;
const SHORT_READ_BYTES = 4096;
const MAGIC_BYTES = Buffer.from(new Uint32Array([FRAME_MAGIC]).buffer);

/** Goes through a segment from head to head, reading ahead. */
export class FrameScanner {
  readonly #file: DiskFile;
  #endOffset: number;
  #buffer: Buffer | undefined;
  #window: Buffer = Buffer.alloc(0);
  #windowOffset = 0;
  #offset: number;
  #sequence: number;
  #lastPayloadBytes = 0;

  /** `sequence` is what the frame at `offset` should begin with; nothing at or behind `endOffset` is looked at. */
  constructor(file: DiskFile, place: { offset: number; sequence: number; endOffset?: number }) {
    this.#file = file;
    this.#offset = place.offset;
    this.#sequence = place.sequence;
    this.#endOffset = place.endOffset ?? file.size();
  }

  /** Where the next frame is expected. */
  get offset(): number {
    return this.#offset;
  }

  /** What the next frame should begin with. */
  get sequence(): number {
    return this.#sequence;
  }

  /** The next frame, or the hole before it; undefined at the end. */
  async next(): Promise<ScannedFrame | Hole | undefined> {
    const offset = this.#offset;
    if (offset >= this.#endOffset) return undefined;
    await this.#need(offset, FRAME_HEAD_BYTES);
    const head = this.#headAt(offset);
    if (head === undefined || head.sequence < this.#sequence) return await this.#findNext();
    if (head.sequence > this.#sequence) return this.#hole(offset, head.sequence);
    this.#offset += FRAME_HEAD_BYTES + head.payloadBytes;
    this.#sequence += head.count;
    this.#lastPayloadBytes = head.payloadBytes;
    return { head, offset };
  }

  /** The stored payload of a frame, or undefined as `readPayload` says; only until the next call. */
  async payload(frame: ScannedFrame): Promise<Uint8Array | undefined> {
    const { head: { payloadBytes, payloadCrc }, offset } = frame;
    const start = offset + FRAME_HEAD_BYTES - this.#windowOffset;
    if (start < 0 || start + payloadBytes > this.#window.length) return await readPayload(this.#file, frame);
    const payload = this.#window.subarray(start, start + payloadBytes);
    return crc32(payload) === payloadCrc ? payload : undefined;
  }

  #headAt(offset: number): FrameHead | undefined {
    const head = decodeFrameHead(this.#window, offset - this.#windowOffset);
    if (head === undefined) return undefined;
    return offset + FRAME_HEAD_BYTES + head.payloadBytes <= this.#endOffset ? head : undefined;
  }

  #hole(nextOffset: number, nextSequence: number | undefined): Hole {
    const { offset, sequence } = { offset: this.#offset, sequence: this.#sequence };
    this.#offset = nextOffset;
    if (nextSequence !== undefined) this.#sequence = nextSequence;
    return { offset, bytes: nextOffset - offset, sequence, nextSequence };
  }

  /** A head counts only with its payload here: payloads may hold anything, also the likeness of heads. */
  async #findNext(): Promise<Hole> {
    this.#lastPayloadBytes = 0;
    for (let offset = this.#offset + 1; offset + FRAME_HEAD_BYTES <= this.#endOffset;) {
      await this.#need(offset, FRAME_HEAD_BYTES);
      const found = this.#window.indexOf(MAGIC_BYTES, offset - this.#windowOffset);
      if (found < 0) {
        offset = this.#windowOffset + this.#window.length - MAGIC_BYTES.length + 1;
        continue;
      }
      offset = this.#windowOffset + found;
      if (offset + FRAME_HEAD_BYTES > this.#endOffset) break;
      await this.#need(offset, FRAME_HEAD_BYTES);
      const head = this.#headAt(offset);
      const isNext = head !== undefined && head.sequence >= this.#sequence;
      if (isNext && await this.payload({ head, offset })) return this.#hole(offset, head.sequence);
      offset++;
    }
    return this.#hole(this.#endOffset, undefined);
  }

  async #need(offset: number, bytes: number): Promise<void> {
    const end = Math.min(offset + bytes, this.#endOffset);
    const windowEnd = this.#windowOffset + this.#window.length;
    if (offset >= this.#windowOffset && end <= windowEnd) return;
    const wanted = this.#lastPayloadBytes >= LONG_PAYLOAD_BYTES ? SHORT_READ_BYTES : WINDOW_BYTES;
    this.#buffer ??= Buffer.allocUnsafe(Math.min(WINDOW_BYTES, this.#endOffset - offset));
    const into = this.#buffer.subarray(0, Math.min(wanted, this.#endOffset - offset));
    const read = await this.#file.read(into, offset);
    this.#window = into.subarray(0, read);
    this.#windowOffset = offset;
    // Somebody has cut the file meanwhile.
    if (read < into.length) this.#endOffset = offset + read;
  }
}

/**
 * Walks through the frames of one segment file by their heads, and around what is damaged. Does not look at the payloads
 * of intact heads.
 * @throws {JournalError} when the file is of another format version.
 */
export async function* scanSegment(disk: Disk, path: string): AsyncGenerator<ScannedFrame | ScannedHole> {
  const file = disk.open(path, "read");
  try {
    const head = await readSegmentHead(file);
    const sequence = head?.firstSequence ?? sequenceOfName(path) ?? 0;
    if (head === undefined) yield { fault: segmentHeadFault(path, sequence) };
    const offset = Math.min(SEGMENT_HEAD_BYTES, file.size());
    const scanner = new FrameScanner(file, { offset, sequence });
    for (let entry = await scanner.next(); entry; entry = await scanner.next()) {
      yield "head" in entry ? entry : { fault: holeFault(path, entry) };
    }
  } finally {
    file.close();
  }
}

/** Reads the stored payload of a frame; undefined when it is cut short or its checksum does not agree. */
export async function readPayload(file: DiskFile, frame: ScannedFrame): Promise<Uint8Array | undefined> {
  const payload = new Uint8Array(frame.head.payloadBytes);
  const bytes = await file.read(payload, frame.offset + FRAME_HEAD_BYTES);
  if (bytes < payload.length || crc32(payload) !== frame.head.payloadCrc) return undefined;
  return payload;
}

/** The start of a segment is not what it should be. */
export function segmentHeadFault(path: string, sequence: number): JournalFault {
  const text =
    "The first 64 bytes are no segment head; the name tells the first sequence, and frames are looked for";
  return { kind: "damaged-head", path, offset: 0, bytes: SEGMENT_HEAD_BYTES, sequence, text };
}

/** Says what a hole cost. */
export function holeFault(path: string, { offset, bytes, sequence, nextSequence }: Hole): JournalFault {
  const place = { path, offset, bytes, sequence };
  if (nextSequence === undefined) {
    return { ...place, kind: "torn-tail", text: `The last ${bytes} bytes hold no whole frame` };
  }
  const events = nextSequence - sequence;
  const lost = events === 0 ? "no event is lost" : `events ${sequence} to ${nextSequence - 1} are lost`;
  if (bytes === 0) {
    return { ...place, kind: "missing-segment", events, text: `Later frames follow here: ${lost}` };
  }
  return {
    ...place,
    kind: "damaged-head",
    events,
    text: `No frame begins here, ${bytes} bytes were skipped: ${lost}`,
  };
}
