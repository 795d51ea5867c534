import { encodeFrameHead, FRAME_HEAD_BYTES, type FrameHead } from "./format.ts";
import { JournalError } from "./fault.ts";
import { FLAG_SEALED, FLAG_ZSTD, OPEN_ONLY, type Seal } from "./seal.ts";

/** True when the stored payload is not the payload itself. */
export function isSealed({ flags }: FrameHead): boolean {
  return (flags & (FLAG_ZSTD | FLAG_SEALED)) !== 0;
}

/**
 * The payload as it was put.
 * @throws {JournalError} that says in which file when it cannot be opened.
 */
export function openPayload(
  seal: Seal = OPEN_ONLY,
  stored: Uint8Array,
  { head, path, offset }: { readonly head: FrameHead; readonly path: string; readonly offset: number },
): Uint8Array {
  if (!isSealed(head)) return stored;
  const headBytes = new Uint8Array(FRAME_HEAD_BYTES);
  encodeFrameHead(head, headBytes);
  try {
    return seal.open(stored, headBytes);
  } catch (cause) {
    if (!(cause instanceof JournalError)) throw cause;
    const text = `Cannot open the frame at byte ${offset} of "${path}": ${cause.message}`;
    throw new JournalError(text, { path, fix: cause.fix, cause: cause.cause });
  }
}
