import { crc32 } from "node:zlib";

const MAX_HEAD_BYTES = 256;

/**
 * The start of a file as a short text, `<bytes>:<checksum>`. It tells a file that was rewritten, or whose inode was
 * given to another file, from one that has only grown.
 */
export type Head = string;

/** Tells how many bytes a head covers; 0 for none. */
export function headBytes(head: Head | undefined): number {
  return head === undefined ? 0 : parseInt(head);
}

/** Makes the head of a file from its first bytes, of which only those before `offset` count. */
export function headOf(start: Uint8Array, offset: number): Head {
  const covered = start.subarray(0, Math.min(offset, MAX_HEAD_BYTES));
  return `${covered.length}:${crc32(covered).toString(16)}`;
}

/** Reads whether a file still begins as it did. */
export function beginsWith(file: Deno.FsFile, head: Head | undefined): boolean {
  return head === undefined || headOf(readStart(file, headBytes(head)), MAX_HEAD_BYTES) === head;
}

/** Makes the head of a file that was read up to an offset. */
export function readHead(file: Deno.FsFile, offset: number): Head {
  return headOf(readStart(file, Math.min(offset, MAX_HEAD_BYTES)), offset);
}

/** Makes a head that covers more, now that more has been read; the same one when the file was rewritten meanwhile. */
export function grownHead(file: Deno.FsFile, head: Head, offset: number): Head {
  if (headBytes(head) >= MAX_HEAD_BYTES) return head;
  const start = readStart(file, Math.min(offset, MAX_HEAD_BYTES));
  return headOf(start, headBytes(head)) === head ? headOf(start, offset) : head;
}

function readStart(file: Deno.FsFile, bytes: number): Uint8Array {
  const start = new Uint8Array(bytes);
  file.seekSync(0, Deno.SeekMode.Start);
  return start.subarray(0, file.readSync(start) ?? 0);
}
