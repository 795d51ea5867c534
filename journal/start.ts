import type { Checkpoint } from "./checkpoint.ts";
import { KIND_NOTE, SEGMENT_HEAD_BYTES } from "./format.ts";
import { decodeNote } from "./note.ts";
import type { Recovery } from "./recovery.ts";
import { FrameScanner, type ScannedFrame } from "./scan.ts";
import type { Seal } from "./seal.ts";
import { openPayload } from "./sealed.ts";
import type { Segment } from "./segment_list.ts";
import { emptyState, type Note } from "./state.ts";

/** Where recovery begins to read. */
export interface Start {
  readonly index: number;
  readonly offset: number;
  readonly sequence: number;
  /** What lies before it is in the state already. */
  readonly foldFrom: number;
}

/**
 * The latest place whose state is known, and in front of which all is known to be on disk: the checkpoint, or the snapshot
 * at the start of a segment that a later frame vouches for.
 */
export async function findStart(
  recovery: Recovery,
  { checkpoint, seal }: { readonly checkpoint: Checkpoint | undefined; readonly seal: Seal | undefined },
): Promise<Start> {
  const keys = new KeyCheck(seal);
  const { segments: { all } } = recovery;
  for (let index = all.length - 1; index >= 0; index--) {
    const segment = all[index]!;
    const { firstSequence: sequence, number, bytes } = segment;
    if (checkpoint && number === checkpoint.segmentNumber && checkpoint.offset <= bytes) {
      const place = { offset: checkpoint.offset, sequence: checkpoint.sequence };
      await probe(recovery, segment, { ...place, keys });
      return { ...place, index, foldFrom: 0 };
    }
    const place = { offset: SEGMENT_HEAD_BYTES, sequence };
    const hasSnapshot = await probe(recovery, segment, { ...place, keys });
    if (!hasSnapshot || (recovery.syncedSequence < sequence && index > 0)) continue;
    recovery.state = emptyState();
    return { ...place, index, foldFrom: 0 };
  }
  const foldFrom = checkpoint?.sequence ?? 0;
  return { index: 0, offset: SEGMENT_HEAD_BYTES, sequence: all[0]?.firstSequence ?? foldFrom, foldFrom };
}

/** Learns what later frames knew to be on disk; true when the first frame is an intact snapshot. */
async function probe(
  recovery: Recovery,
  { path, bytes: endOffset }: Segment,
  { offset, sequence, keys }: { readonly offset: number; readonly sequence: number; readonly keys: KeyCheck },
): Promise<boolean> {
  const file = recovery.disk.open(path, "read");
  try {
    const scanner = new FrameScanner(file, { offset, sequence, endOffset });
    let hasSnapshot = false;
    for (let entry = await scanner.next(); entry; entry = await scanner.next()) {
      if (!("head" in entry)) continue;
      recovery.syncedSequence = Math.max(recovery.syncedSequence, entry.head.syncedSequence);
      if (entry.offset === SEGMENT_HEAD_BYTES) hasSnapshot = await isSnapshot(scanner, entry);
      await keys.look(scanner, entry, path);
    }
    return hasSnapshot;
  } finally {
    file.close();
  }
}

async function isSnapshot(scanner: FrameScanner, frame: ScannedFrame): Promise<boolean> {
  const note = frame.head.kind === KIND_NOTE ? await readNote(scanner, frame) : undefined;
  return note !== undefined && "snapshot" in note;
}

/** Reads what a note says; undefined when it is damaged. */
export async function readNote(scanner: FrameScanner, frame: ScannedFrame): Promise<Note | undefined> {
  const payload = await scanner.payload(frame);
  return payload && decodeNote(payload);
}

/** Makes sure that there is a key for what is encrypted, before anything is changed. */
class KeyCheck {
  readonly #seal: Seal | undefined;
  readonly #seen = new Set<number>([0]);

  constructor(seal: Seal | undefined) {
    this.#seal = seal;
  }

  async look(scanner: FrameScanner, frame: ScannedFrame, path: string): Promise<void> {
    const { head, offset } = frame;
    if (this.#seen.has(head.keyId)) return;
    const stored = await scanner.payload(frame);
    if (stored === undefined) return;
    openPayload(this.#seal, stored, { head, path, offset });
    this.#seen.add(head.keyId);
  }
}
