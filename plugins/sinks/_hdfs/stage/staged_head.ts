import { DeliveryError } from "sluice/plugin";

// A staged file begins with one line of JSON that says what is to become of what follows it, so that it needs no other
// file to be understood by a later start.
//
//   {"stem":"logs/20231115/web.1700000000001","end":".gz","inUse":"logs/20231115/_web.1700000000001.gz.tmp","format":"…"}\n

const MAX_HEAD_BYTES = 4 * 1024 * 1024;

/** What becomes of a staged file. */
export interface StagedHead {
  /** Where it goes, up to the counter of its name … */
  readonly stem: string;
  /** … and what follows that. */
  readonly end: string;
  /** Where it is while it is sent. */
  readonly inUse: string;
  /** How its bytes are to be read; what the format itself wrote there. */
  readonly format: string;
}

/** The line in front of a staged file. */
export function encodeStagedHead(head: StagedHead): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(head)}\n`);
}

/** Reads the line in front of a staged file; `headBytes` is its length. */
export async function readStagedHead(path: string): Promise<{ head: StagedHead; headBytes: number }> {
  using file = await Deno.open(path);
  let bytes = new Uint8Array(0);
  for (let size = 4096; size <= MAX_HEAD_BYTES; size *= 2) {
    bytes = await readUpTo(file, size);
    const headBytes = bytes.indexOf(0x0A) + 1;
    if (headBytes > 0) return { head: parse(path, bytes.subarray(0, headBytes)), headBytes };
    if (bytes.length < size) break;
  }
  throw damaged(path, bytes);
}

async function readUpTo(file: Deno.FsFile, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size);
  await file.seek(0, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < size) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

function parse(path: string, line: Uint8Array): StagedHead {
  try {
    const { stem, end, inUse, format } = JSON.parse(new TextDecoder().decode(line));
    if ([stem, end, inUse, format].every((part) => typeof part === "string")) {
      return { stem, end, inUse, format };
    }
  } catch {
    // The same complaint as for JSON of another kind.
  }
  throw damaged(path, line);
}

function damaged(path: string, bytes: Uint8Array): DeliveryError {
  const start = new TextDecoder().decode(bytes.subarray(0, 40));
  return new DeliveryError(
    `"${path}" does not begin as a staged file does, but with ${JSON.stringify(start)}`,
  );
}
