import type { Frames, Framing } from "./frames.ts";

const [NEWLINE, BLANK, ZERO] = [10, 32, 48];
/** A peer that announces more is not believed. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const SHOWN_BYTES = 16;

/**
 * The length in front of each frame (RFC 6587 section 3.4.1): `11 <13>a frame`. A newline at the end of a frame is not
 * part of it, and one between two frames is passed over: some send them, and mean nothing by it.
 */
export class OctetFraming implements Framing {
  readonly endsAtNewline = false;
  readonly #maxBytes: number;
  /** Bytes of a long frame that are still to come. */
  #restBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  split(bytes: Uint8Array, isLast: boolean): Frames {
    const found: FoundFrames = { starts: [], ends: [], fault: undefined };
    let offset = 0;
    while (offset < bytes.length) {
      if (this.#restBytes === 0 && bytes[offset] === NEWLINE) offset++;
      else {
        const behind = this.#takeFrame(bytes, offset, { found, isLast });
        if (behind < 0) break;
        offset = behind;
      }
    }
    return {
      starts: Uint32Array.from(found.starts),
      ends: Uint32Array.from(found.ends),
      size: found.starts.length,
      layout: "packed",
      consumedBytes: offset,
      fault: found.fault,
    };
  }

  /** Adds a frame, or the next piece of a long one; gives the offset behind it, or -1 when not all of it is there. */
  #takeFrame(bytes: Uint8Array, offset: number, { found, isLast }: Taking): number {
    const head = this.#restBytes > 0 ? { start: offset, length: this.#restBytes } : readLength(bytes, offset);
    if (!head) return -1;
    if (typeof head === "string") {
      found.fault = head;
      return -1;
    }
    const { start, length } = head;
    const wanted = start + Math.min(length, this.#maxBytes);
    if (wanted > bytes.length && !isLast) return -1;
    const end = Math.min(wanted, bytes.length);
    this.#restBytes = length - (end - start);
    found.starts.push(start);
    found.ends.push(this.#restBytes === 0 && bytes[end - 1] === NEWLINE ? end - 1 : end);
    return end;
  }
}

interface FoundFrames {
  readonly starts: number[];
  readonly ends: number[];
  fault: string | undefined;
}

interface Taking {
  readonly found: FoundFrames;
  readonly isLast: boolean;
}

/** The length of a frame and where it starts, or why it is none; nothing as long as the length is unfinished. */
function readLength(
  bytes: Uint8Array,
  offset: number,
): { start: number; length: number } | string | undefined {
  let length = 0;
  for (let at = offset; at < bytes.length; at++) {
    const digit = bytes[at]! - ZERO;
    if (bytes[at] === BLANK && at > offset) return { start: at + 1, length };
    if (digit < 0 || digit > 9 || (digit === 0 && at === offset)) return notCounted(bytes, offset);
    length = length * 10 + digit;
    if (length > MAX_FRAME_BYTES) {
      return `A frame of ${length} bytes or more is announced; the limit is ${MAX_FRAME_BYTES}`;
    }
  }
  return undefined;
}

function notCounted(bytes: Uint8Array, offset: number): string {
  const shown = String.fromCharCode(...bytes.subarray(offset, offset + SHOWN_BYTES));
  return `Expected the length of a frame (RFC 6587 section 3.4.1), not ${JSON.stringify(shown)}`;
}
