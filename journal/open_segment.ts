import { crc32 } from "node:zlib";
import type { Disk, DiskFile } from "./disk.ts";
import {
  encodeFrameHead,
  encodeSegmentHead,
  FRAME_HEAD_BYTES,
  type FrameHead,
  KIND_NOTE,
  type SegmentHead,
} from "./format.ts";
import { encodeNote } from "./note.ts";
import { segmentName } from "./segment.ts";
import { Segment } from "./segment_list.ts";
import type { JournalState, Note } from "./state.ts";

/** What is to be known for a segment to begin. */
export interface NewSegment {
  readonly disk: Disk;
  readonly folder: string;
  readonly head: SegmentHead;
  readonly state: JournalState;
  readonly syncedSequence: number;
  /** True: it gets its name only when its content is on disk. */
  readonly isUnfinished?: boolean;
}

/** A segment that is written to, or that was and is not synced yet. */
export class OpenSegment {
  readonly file: DiskFile;
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #startBytes: number;
  #isUnfinished: boolean;
  readonly segment: Segment;
  /** What it takes the place of; to be removed once it is on disk. */
  replaced: readonly Segment[] = [];
  /** Behind the last frame that was written. */
  endSequence: number;
  /** What is known to be on disk. */
  synced: { readonly offset: number; readonly sequence: number };

  /**
   * Begins a segment with all that is known, so that nothing in front of it is needed to read on. Head and snapshot are
   * one write: when it fails, the snapshot is not whole, and the file takes the place of nothing.
   */
  constructor({ disk, folder, head, state, syncedSequence, isUnfinished = false }: NewSegment) {
    const { firstSequence: sequence, number, timeMs } = head;
    const path = `${folder}/${freeName(disk, folder, sequence)}`;
    const filePath = isUnfinished ? `${path}.new` : path;
    const note = noteFrame({ snapshot: state }, { sequence, timeMs, syncedSequence, flags: 0 });
    const start = new Uint8Array(FRAME_HEAD_BYTES + note.length);
    start.set(encodeSegmentHead(head));
    start.set(note, FRAME_HEAD_BYTES);
    this.file = disk.open(filePath, "create");
    try {
      this.file.write(start, 0);
    } catch (cause) {
      this.file.close();
      quietly(() => disk.remove(filePath));
      throw cause;
    }
    this.#disk = disk;
    this.#folder = folder;
    this.#startBytes = start.length;
    this.#isUnfinished = isUnfinished;
    this.segment = new Segment({ path, number, firstSequence: sequence, timeMs, bytes: start.length });
    this.endSequence = sequence;
    this.synced = { offset: 0, sequence };
  }

  get path(): string {
    return this.segment.path;
  }

  /** Behind its head and snapshot. */
  get startBytes(): number {
    return this.#startBytes;
  }

  /** Bytes that are written. */
  get bytes(): number {
    return this.segment.bytes;
  }

  /** True once anything was put behind the snapshot. */
  get hasFrames(): boolean {
    return this.bytes > this.#startBytes;
  }

  /** Adds whole groups, each piece beginning with a frame. */
  write(pieces: readonly Uint8Array[], endSequence: number): void {
    this.segment.mark(this.endSequence, this.segment.bytes);
    for (const bytes of pieces) {
      this.file.write(bytes, this.segment.bytes);
      this.segment.bytes += bytes.length;
    }
    this.endSequence = endSequence;
  }

  /** Takes back what was written last; false when the disk does not let it. */
  cutBack({ offset, sequence }: { offset: number; sequence: number }): boolean {
    this.segment.cut(offset);
    this.endSequence = sequence;
    return this.#truncate(offset, offset);
  }

  /** Makes what is written at this moment survive a loss of power. */
  async sync(): Promise<void> {
    const synced = { offset: this.bytes, sequence: this.endSequence };
    if (this.synced.offset === synced.offset) return;
    await this.file.sync();
    if (!this.segment.isSynced) await this.#finish();
    this.segment.isSynced = true;
    this.synced = synced;
    for (const { path } of this.replaced) quietly(() => this.#disk.remove(path));
    this.replaced = [];
  }

  /** When the disk does not let it, what begins at `frameOffset` loses its head: then it is never found. */
  #truncate(offset: number, frameOffset: number): boolean {
    try {
      this.file.truncate(offset);
      return true;
    } catch {
      quietly(() => this.file.write(new Uint8Array(FRAME_HEAD_BYTES), frameOffset));
      return false;
    }
  }

  async #finish(): Promise<void> {
    if (this.#isUnfinished) this.#disk.rename(`${this.path}.new`, this.path);
    this.#isUnfinished = false;
    await this.#disk.syncFolder(this.#folder);
  }

  close(): void {
    quietly(() => this.file.close());
  }

  /** Takes its file away, and, should that be forgotten by the disk, its content. */
  async discard(): Promise<void> {
    this.#truncate(0, this.#startBytes);
    quietly(() => this.#disk.remove(this.#isUnfinished ? `${this.path}.new` : this.path));
    await this.file.sync().catch(() => {});
    await this.#disk.syncFolder(this.#folder).catch(() => {});
    this.close();
  }
}

/** A note as a whole frame. */
export function noteFrame(
  note: Note,
  about: Pick<FrameHead, "sequence" | "timeMs" | "syncedSequence" | "flags">,
): Uint8Array {
  const bytes = encodeNote(note);
  const payload = bytes.subarray(FRAME_HEAD_BYTES);
  const bits = { lowChannels: 0, highChannels: 0 };
  const stored = { payloadBytes: payload.length, payloadCrc: crc32(payload), keyId: 0 };
  encodeFrameHead({ kind: KIND_NOTE, count: 0, ...about, ...bits, ...stored }, bytes);
  return bytes;
}

function freeName(disk: Disk, folder: string, sequence: number): string {
  const names = new Set(disk.list(folder));
  for (let copy = 0;; copy++) {
    const name = segmentName(sequence, copy);
    if (!names.has(name) && !names.has(`${name}.new`)) return name;
  }
}

/** For steps that only tidy up: what they leave behind is found at the next open. */
export function quietly(step: () => void): void {
  try {
    step();
  } catch {
    // Nothing depends on it.
  }
}
