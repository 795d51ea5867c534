import type { DiskFile } from "./disk.ts";
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
export async function cutTail(
  recovery: Recovery,
  { index, offset, sequence, brokenOffset }: Cut,
): Promise<void> {
  const { segments, faults } = recovery;
  const segment = segments.all[index]!;
  const bytes = segment.bytes - offset;
  // Without its snapshot a segment is of no use.
  const isWhole = offset > SEGMENT_HEAD_BYTES;
  let events = 0;
  for (const later of segments.all.slice(isWhole ? index + 1 : index).reverse()) {
    events += await setAside(recovery, later);
    segments.remove(later);
  }
  if (isWhole) events += await truncate(recovery, segment, { offset, sequence, brokenOffset });
  const kept = events > 0 ? `; ${events} events behind the tear are kept in files named ".cut"` : "";
  const text = `The last ${bytes} bytes were never known to be on disk and are cut off${kept}`;
  faults.push({ kind: "torn-tail", path: segment.path, offset, bytes, sequence, events, text });
}

/** Answers how many events in intact frames it has kept aside. */
async function truncate(
  recovery: Recovery,
  segment: Segment,
  { offset, sequence, brokenOffset }: Omit<Cut, "index">,
): Promise<number> {
  const file = recovery.disk.open(segment.path, "write");
  try {
    const place = { offset: Math.min(brokenOffset + 1, segment.bytes), sequence };
    const behind = await countEvents(file, place);
    if (behind > 0) await copyTail(recovery, file, offset);
    file.truncate(offset);
    await file.sync();
    segment.cut(offset);
    return behind;
  } finally {
    file.close();
  }
}

/** Events in intact frames. */
async function countEvents(file: DiskFile, place: { offset: number; sequence: number }): Promise<number> {
  const scanner = new FrameScanner(file, place);
  let events = 0;
  for (let entry = await scanner.next(); entry; entry = await scanner.next()) {
    if ("head" in entry && await scanner.payload(entry)) events += entry.head.count;
  }
  return events;
}

async function setAside({ disk }: Recovery, { path, firstSequence }: Segment): Promise<number> {
  const file = disk.open(path, "read");
  const events = await countEvents(file, { offset: SEGMENT_HEAD_BYTES, sequence: firstSequence })
    .finally(() => file.close());
  if (events > 0) disk.rename(path, `${path}.cut`);
  else disk.remove(path);
  return events;
}

/** The copy begins with a whole segment head, so that it can be looked at like any segment. */
async function copyTail({ disk }: Recovery, file: DiskFile, offset: number): Promise<void> {
  const path = `${file.path}.cut`;
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (disk.list(path.slice(0, -name.length - 1)).includes(name)) disk.remove(path);
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
  } finally {
    copy.close();
  }
}
