import type { Disk, DiskFile } from "./disk.ts";
import { JournalError } from "./fault.ts";
import { decodeSegmentHead, FORMAT_VERSION, SEGMENT_HEAD_BYTES, type SegmentHead } from "./format.ts";

/** A segment file as a folder holds it. */
export interface SegmentFile {
  readonly path: string;
  /** As its head says, or else its name. */
  readonly firstSequence: number;
  readonly bytes: number;
  /** undefined: damaged. */
  readonly head: SegmentHead | undefined;
}

/** What the folders of a journal hold. */
export interface Listing {
  /** In the order in which they were begun. */
  readonly segments: SegmentFile[];
  /** Segments whose making was interrupted. */
  readonly unfinished: string[];
  /** Files that are not the journal's. */
  readonly foreign: string[];
}

const SEGMENT_NAME = /^(\d{20})(-\d+)?\.seg$/;
const UNFINISHED_NAME = /^\d{20}(-\d+)?\.seg\.new$/;
const OTHER_NAMES =
  /^(lock|checkpoint(\.old|\.new)?(\.damaged(\.\d+)?)?|\d{20}(-\d+)?\.seg\.(cut|damaged(\.\d+)?))$/;

/** The name of a segment; `copy` tells segments that begin with the same sequence apart. */
export function segmentName(firstSequence: number, copy = 0): string {
  return `${String(firstSequence).padStart(20, "0")}${copy === 0 ? "" : `-${copy}`}.seg`;
}

/** The sequence that the name of a segment tells. */
export function sequenceOfName(path: string): number | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const digits = /^\d{20}/.exec(name)?.[0];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Reads the head of a segment; undefined when it is damaged.
 * @throws {JournalError} when it is of another format version.
 */
export async function readSegmentHead(file: DiskFile): Promise<SegmentHead | undefined> {
  const bytes = new Uint8Array(SEGMENT_HEAD_BYTES);
  const read = await file.read(bytes, 0);
  const head = decodeSegmentHead(bytes.subarray(0, read));
  if (typeof head !== "number") return head;
  const text =
    `The segment "${file.path}" has format version ${head}; this program knows version ${FORMAT_VERSION}`;
  throw new JournalError(text, {
    path: file.path,
    fix: "use the version of sluice that wrote it, or a later one",
  });
}

/**
 * Looks for segments, and reads their heads.
 * @throws {JournalError} when a segment is of another format version.
 */
export async function listSegments(disk: Disk, folders: readonly string[]): Promise<Listing> {
  const listing: Listing = { segments: [], unfinished: [], foreign: [] };
  for (const folder of folders) {
    for (const name of disk.list(folder).sort()) {
      const path = `${folder}/${name}`;
      if (SEGMENT_NAME.test(name)) listing.segments.push(await readSegment(disk, path));
      else if (UNFINISHED_NAME.test(name)) listing.unfinished.push(path);
      else if (!OTHER_NAMES.test(name)) listing.foreign.push(path);
    }
  }
  return { ...listing, segments: inOrder(listing.segments) };
}

async function readSegment(disk: Disk, path: string): Promise<SegmentFile> {
  const file = disk.open(path, "read");
  try {
    const head = await readSegmentHead(file);
    const firstSequence = head?.firstSequence ?? sequenceOfName(path) ?? 0;
    return { path, firstSequence, bytes: file.size(), head };
  } finally {
    file.close();
  }
}

/** By number; those whose number cannot be read stand in front of the first that begins later. */
function inOrder(segments: readonly SegmentFile[]): SegmentFile[] {
  const ordered = segments.filter(({ head }) => head).sort((a, b) => a.head!.number - b.head!.number);
  const unknown = segments.filter(({ head }) => !head).sort((a, b) => a.firstSequence - b.firstSequence);
  for (const segment of unknown) {
    const index = ordered.findIndex(({ firstSequence }) => firstSequence > segment.firstSequence);
    ordered.splice(index < 0 ? ordered.length : index, 0, segment);
  }
  return ordered;
}
