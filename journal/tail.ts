import type { DiskFile } from "./disk.ts";
import type { JournalFault } from "./fault.ts";
import { SEGMENT_HEAD_BYTES } from "./format.ts";
import type { Recovery } from "./recovery.ts";
import { FrameScanner } from "./scan.ts";
import type { Segment } from "./segment_list.ts";

const COPY_BYTES = 1024 * 1024;

/** Where the log ends, and what is not as it was written. */
interface Cut {
  /** Of the segment in the list. */
  readonly index: number;
  readonly offset: number;
  readonly sequence: number;
  readonly brokenOffset: number;
}

/**
 * Ends the log at a place. Nothing behind it was known to be committed; but intact frames that stand there are kept aside,
 * in files named `….cut`, because a disk that loses what it had promised looks the same.
 */
export async function cutTail(recovery: Recovery, cut: Cut): Promise<void> {
  const { segments, faults, disk } = recovery;
  const { index, offset, sequence, brokenOffset } = cut;
  const segment = segments.all[index]!;
  // Without its snapshot a segment is of no use.
  const isWhole = offset > SEGMENT_HEAD_BYTES;
  const place = { offset: Math.min(brokenOffset + 1, segment.bytes), sequence };
  const behind = isWhole ? await countEvents(recovery, segment, place) : 0;
  const later = new Map<Segment, number>();
  for (const other of segments.all.slice(isWhole ? index + 1 : index).reverse()) {
    const start = { offset: SEGMENT_HEAD_BYTES, sequence: other.firstSequence };
    later.set(other, await countEvents(recovery, other, start));
  }
  const events = later.values().reduce((sum, count) => sum + count, behind);
  // Told first: what is cut off is not found again when the rest of the open fails.
  faults.push(tornTail(segment, cut, events));
  for (const [other, count] of later) {
    if (count > 0) disk.rename(other.path, `${other.path}.cut`);
    else disk.remove(other.path);
    segments.remove(other);
  }
  if (isWhole) await truncate(recovery, segment, { offset, isKept: behind > 0 });
}

function tornTail(
  { path, bytes: endOffset }: Segment,
  { offset, sequence }: Cut,
  events: number,
): JournalFault {
  const bytes = endOffset - offset;
  const kept = events > 0 ? `; ${events} events behind the tear are kept in files named ".cut"` : "";
  const text = `The last ${bytes} bytes were never known to be on disk and are cut off${kept}`;
  return { kind: "torn-tail", path, offset, bytes, sequence, events, text };
}

async function truncate(
  recovery: Recovery,
  segment: Segment,
  { offset, isKept }: { offset: number; isKept: boolean },
): Promise<void> {
  const file = recovery.disk.open(segment.path, "write");
  try {
    if (isKept) await copyTail(recovery, file, offset);
    file.truncate(offset);
    await file.sync();
    segment.cut(offset);
  } finally {
    file.close();
  }
}

/** Events in intact frames from a place on. */
async function countEvents(
  { disk }: Recovery,
  { path }: Segment,
  place: { offset: number; sequence: number },
): Promise<number> {
  const file = disk.open(path, "read");
  try {
    const scanner = new FrameScanner(file, place);
    let events = 0;
    for (let entry = await scanner.next(); entry; entry = await scanner.next()) {
      if ("head" in entry && await scanner.payload(entry)) events += entry.head.count;
    }
    return events;
  } finally {
    file.close();
  }
}

/** The copy begins with a whole segment head, so that it can be looked at like any segment. */
async function copyTail({ disk }: Recovery, file: DiskFile, offset: number): Promise<void> {
  const path = `${file.path}.cut`;
  const folder = path.slice(0, path.lastIndexOf("/"));
  if (disk.list(folder).includes(path.slice(folder.length + 1))) disk.remove(path);
  const copy = disk.open(path, "create");
  try {
    const buffer = new Uint8Array(COPY_BYTES);
    copy.write(buffer.subarray(0, await file.read(buffer.subarray(0, SEGMENT_HEAD_BYTES), 0)), 0);
    const end = file.size();
    for (let from = offset; from < end; from += COPY_BYTES) {
      const bytes = await file.read(buffer.subarray(0, Math.min(COPY_BYTES, end - from)), from);
      copy.write(buffer.subarray(0, bytes), SEGMENT_HEAD_BYTES + from - offset);
    }
    await copy.sync();
    await disk.syncFolder(folder);
  } finally {
    copy.close();
  }
}
