import { randomBytes } from "node:crypto";
import { type Checkpoint, readCheckpoints } from "./checkpoint.ts";
import { denoDisk, type Disk, type DiskFile } from "./disk.ts";
import { JournalError, type JournalFault } from "./fault.ts";
import { SEGMENT_HEAD_BYTES } from "./format.ts";
import { quietly } from "./open_segment.ts";
import type { JournalOptions } from "./options.ts";
import type { Recovery } from "./recovery.ts";
import { replay } from "./replay.ts";
import { FrameScanner, segmentHeadFault } from "./scan.ts";
import { listSegments, type SegmentFile } from "./segment.ts";
import { Segment, SegmentList } from "./segment_list.ts";
import { emptyState } from "./state.ts";
import { endSequence, passGaps } from "./gap.ts";

/**
 * Finds out what a journal holds after whatever has happened to it, cuts off what was never committed, and makes sure that
 * the rest is on disk.
 * @throws {JournalError} before anything is touched, when it is of a newer version or cannot be read.
 */
export async function recover(options: JournalOptions): Promise<Recovery> {
  const faults: JournalFault[] = [];
  try {
    return await recoverWith(options, faults);
  } catch (cause) {
    // What was cut off before it failed is not found a second time.
    for (const fault of faults) options.onFault?.(fault);
    throw cause;
  }
}

async function recoverWith(options: JournalOptions, faults: JournalFault[]): Promise<Recovery> {
  const disk = options.disk ?? denoDisk;
  const listing = await listSegments(disk, options.folders);
  const checkpoint = await newestCheckpoint(disk, { options, faults, files: listing.segments });
  for (const path of listing.foreign) {
    faults.push(foreign(path, "It is no file of the journal and stays as it is"));
  }
  const known = listing.segments.find(({ head }) => head?.number === checkpoint?.segmentNumber)?.head;
  const journalId = (known ?? listing.segments.find(({ head }) => head)?.head)?.journalId ??
    checkpoint?.journalId;
  const recovery: Recovery = {
    disk,
    faults,
    segments: new SegmentList(),
    journalId: journalId ?? randomBytes(8).toString("hex"),
    state: checkpoint?.state ?? emptyState(),
    nextSequence: 0,
    syncedSequence: checkpoint?.sequence ?? 0,
    timeMs: checkpoint?.timeMs ?? 0,
    isRewritten: false,
    // Segments that the checkpoint knows may only be away, on a disk that is not mounted: their numbers stay theirs.
    nextNumber: Math.max(
      checkpoint?.segmentNumber ?? -1,
      ...listing.segments.map(({ head }) => head?.number ?? -1),
    ) + 1,
  };
  const unused = await adoptSegments(recovery, listing.segments);
  const reportHeads = damagedHeads(recovery, listing.segments);
  await replay(recovery, { checkpoint, seal: options.seal });
  reportHeads();
  await passGaps(recovery, listing.segments);
  for (const path of [...listing.unfinished, ...unused]) quietly(() => disk.remove(path));
  return recovery;
}

/** Reports segments with a damaged head; not those whose start was torn, and that were cut off with all that follows. */
function damagedHeads({ segments, faults }: Recovery, files: readonly SegmentFile[]): () => void {
  const paths = new Set(files.flatMap(({ path, head }) => head === undefined ? [path] : []));
  const damaged = segments.all.filter(({ path }) => paths.has(path));
  return () => {
    for (const segment of damaged) {
      if (segments.all.includes(segment)) faults.push(segmentHeadFault(segment.path, segment.firstSequence));
    }
  };
}

async function newestCheckpoint(
  disk: Disk,
  { options, faults, files }: {
    options: JournalOptions;
    faults: JournalFault[];
    files: readonly SegmentFile[];
  },
): Promise<Checkpoint | undefined> {
  const { checkpointFolder, backupCheckpointFolder } = options;
  const found: Checkpoint[] = [];
  for (const folder of [checkpointFolder, backupCheckpointFolder]) {
    if (folder === undefined) continue;
    const one = await readCheckpoints(disk, folder);
    found.push(...one.found);
    for (const path of one.damaged) {
      faults.push(damagedCheckpoint(path, "It cannot be read; another one, or the log, is used"));
    }
  }
  // A checkpoint says what need not be kept: nothing is removed on the word of one that a power cut can take back.
  if (found.length > 0) await syncFolders(disk, [checkpointFolder, backupCheckpointFolder]);
  const ids = new Set(files.flatMap(({ head }) => head?.journalId ?? []));
  const own = found.filter(({ journalId }) => ids.size === 0 || ids.has(journalId));
  if (own.length < found.length) {
    faults.push(damagedCheckpoint(checkpointFolder, "The checkpoint belongs to another journal"));
  }
  if (
    own.length === 0 && ids.size > 0 && found.length === 0 &&
    files.some(({ firstSequence }) => firstSequence > 0)
  ) {
    const text = "There is no checkpoint; the log is read instead";
    faults.push({ kind: "missing-checkpoint", path: checkpointFolder, offset: 0, text });
  }
  return own.sort((a, b) => b.sequence - a.sequence)[0];
}

async function syncFolders(disk: Disk, folders: readonly (string | undefined)[]): Promise<void> {
  for (const folder of folders) if (folder !== undefined) await disk.syncFolder(folder);
}

function damagedCheckpoint(path: string, text: string): JournalFault {
  return { kind: "damaged-checkpoint", path, offset: 0, text };
}

function foreign(path: string, text: string): JournalFault {
  return { kind: "foreign-file", path, offset: 0, text };
}

/**
 * Takes the segments into the list in the order in which they were begun; each takes the place of what lies behind its
 * start. Answers the files of those that hold nothing any more.
 */
async function adoptSegments(recovery: Recovery, files: readonly SegmentFile[]): Promise<string[]> {
  const { segments, faults, journalId, disk } = recovery;
  const unused: string[] = [];
  const damaged: Segment[] = [];
  for (const file of files) {
    const { path, firstSequence, bytes, head } = file;
    if (head && head.journalId !== journalId) {
      faults.push(
        foreign(path, `It belongs to journal ${head.journalId}, not to ${journalId}, and stays as it is`),
      );
      continue;
    }
    const number = head?.number ?? -1;
    const timeMs = head?.timeMs ?? segments.last?.timeMs ?? 0;
    const segment = new Segment({ path, number, firstSequence, timeMs, bytes, isSynced: true });
    const content = await look(disk, segment);
    if (content === "nothing") {
      unused.push(path);
      faults.push({
        kind: "torn-tail",
        path,
        offset: 0,
        bytes,
        text: "No whole frame is in it, so it is removed",
      });
    } else if (head) unused.push(...segments.add(segment).map(({ path }) => path));
    else damaged.push(segment);
  }
  for (const segment of damaged) await adoptDamaged(recovery, segment);
  return unused;
}

/**
 * A segment whose head is damaged takes the place of nothing: it may be an old one that was replaced, and that the disk did
 * not forget. Where another one holds its place, it is kept aside.
 */
async function adoptDamaged({ segments, disk, faults }: Recovery, segment: Segment): Promise<void> {
  const { path, firstSequence } = segment;
  const before = segments.holding(firstSequence);
  const isCovered = before !== undefined &&
    (before.firstSequence === firstSequence || await endSequence(disk, before) > firstSequence);
  if (!isCovered) return segments.insert(segment);
  quietly(() => disk.rename(path, `${path}.cut`));
  const text =
    `Its head is damaged or was never written, and another segment holds its place; it is kept as "${path}.cut"`;
  faults.push({ kind: "torn-tail", path, offset: 0, sequence: firstSequence, text });
}

/** Whether the making of a segment was finished: then it begins with a snapshot. Frames alone may be what is left of it. */
async function look(
  disk: Disk,
  { path, firstSequence, bytes }: Segment,
): Promise<"snapshot" | "frames" | "nothing"> {
  if (bytes <= SEGMENT_HEAD_BYTES) return "nothing";
  const file = openSegment(disk, path);
  try {
    const scanner = new FrameScanner(file, { offset: SEGMENT_HEAD_BYTES, sequence: firstSequence });
    for (let entry = await scanner.next(); entry; entry = await scanner.next()) {
      if (!("head" in entry) || !await scanner.payload(entry)) continue;
      return entry.offset === SEGMENT_HEAD_BYTES ? "snapshot" : "frames";
    }
    return "nothing";
  } finally {
    file.close();
  }
}

function openSegment(disk: Disk, path: string): DiskFile {
  try {
    return disk.open(path, "write");
  } catch (cause) {
    const fix = "let this user read and write it";
    throw new JournalError(`Cannot open the segment "${path}"`, { path, fix, cause });
  }
}
