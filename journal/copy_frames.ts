import { crc32 } from "node:zlib";
import type { DiskFile } from "./disk.ts";
import { decodeFrameHead, FRAME_HEAD_BYTES } from "./format.ts";
import type { OpenSegment } from "./open_segment.ts";

/** A segment to copy from. */
export interface FrameSource {
  readonly path: string;
  readonly file: DiskFile;
  /** Where its frames end. */
  readonly bytes: number;
}

const COPY_BYTES = 1024 * 1024;

/**
 * Copies some of the frames from an offset on, as they are; answers where the next one begins.
 * @throws when they are not as they were written.
 */
export async function copyFrames(source: FrameSource, offset: number, target: OpenSegment): Promise<number> {
  const { file, path } = source;
  let bytes = await readBytes(file, offset, Math.min(source.bytes - offset, COPY_BYTES));
  let whole = wholeFrames(bytes);
  if (whole.bytes === 0) {
    const head = decodeFrameHead(bytes);
    bytes = await readBytes(file, offset, FRAME_HEAD_BYTES + (head?.payloadBytes ?? 0));
    whole = wholeFrames(bytes);
  }
  if (whole.bytes === 0) throw new Error(`Byte ${offset} of "${path}" cannot be read back as it was written`);
  target.write([bytes.subarray(0, whole.bytes)], whole.endSequence);
  return offset + whole.bytes;
}

async function readBytes(file: DiskFile, offset: number, bytes: number): Promise<Uint8Array> {
  const into = new Uint8Array(bytes);
  return into.subarray(0, await file.read(into, offset));
}

/** How far bytes are intact frames. */
function wholeFrames(bytes: Uint8Array): { readonly bytes: number; readonly endSequence: number } {
  let offset = 0;
  let endSequence = 0;
  for (;;) {
    const head = decodeFrameHead(bytes, offset);
    const end = offset + FRAME_HEAD_BYTES + (head?.payloadBytes ?? 0);
    if (!head || end > bytes.length) break;
    if (crc32(bytes.subarray(offset + FRAME_HEAD_BYTES, end)) !== head.payloadCrc) break;
    endSequence = head.sequence + head.count;
    offset = end;
  }
  return { bytes: offset, endSequence };
}
