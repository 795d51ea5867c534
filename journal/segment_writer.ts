import { JournalError } from "./fault.ts";
import { OpenSegment, quietly } from "./open_segment.ts";
import type { JournalOptions } from "./options.ts";
import type { Recovery } from "./recovery.ts";
import type { JournalState } from "./state.ts";

const SEGMENT_BYTES = 128 * 1024 * 1024;

/** Whole groups to write. */
export interface Pieces {
  /** Each begins with a frame. */
  readonly pieces: readonly Uint8Array[];
  readonly sequence: number;
  readonly endSequence: number;
  readonly timeMs: number;
  /** The state in front of them, for a segment that begins here. */
  state(): JournalState;
  /** Better an overlong segment than none, when no other can be begun. */
  readonly mayStay: boolean;
}

/** Where bytes end. */
export interface Place {
  readonly open: OpenSegment;
  readonly endOffset: number;
}

/** Up to where all is on disk. */
export interface SyncedPlace {
  /** -1 when there is no segment. */
  readonly segmentNumber: number;
  readonly offset: number;
  readonly sequence: number;
}

/** The end of the log as files: the segment that is written to, and those before it that are not synced yet. */
export class SegmentWriter {
  readonly #recovery: Recovery;
  readonly #options: JournalOptions;
  #current: OpenSegment | undefined;
  #closing: OpenSegment[] = [];
  #nextNumber: number;
  #syncedSequence: number;
  #syncedPlace: SyncedPlace;
  #isRescuing = false;

  constructor(recovery: Recovery, options: JournalOptions) {
    this.#recovery = recovery;
    this.#options = options;
    this.#nextNumber = recovery.nextNumber;
    this.#syncedSequence = recovery.nextSequence;
    const { last } = recovery.segments;
    const sequence = recovery.nextSequence;
    this.#syncedPlace = { segmentNumber: last?.number ?? -1, offset: last?.bytes ?? 0, sequence };
  }

  /** Those that hold what is not synced, and the one that is written to, in their order. */
  get open(): readonly OpenSegment[] {
    return this.#current ? [...this.#closing, this.#current] : this.#closing;
  }

  /** Everything below is known to be on disk. */
  get syncedSequence(): number {
    return this.#syncedSequence;
  }

  /** Where a checkpoint may begin. */
  get syncedPlace(): SyncedPlace {
    return this.#syncedPlace;
  }

  /** Writes behind what is written. @throws {JournalError} with nothing changed. */
  write(group: Pieces): Place {
    const { pieces, endSequence } = group;
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    const open = this.#openFor(bytes, group);
    const start = { offset: open.bytes, sequence: open.endSequence };
    try {
      open.write(pieces, endSequence);
    } catch (cause) {
      // What cannot be cut off is no whole group, and the segment that follows takes its place.
      if (!open.cutBack(start)) this.#leave(open);
      throw writeError(cause, { path: open.path, what: `write ${bytes} bytes at byte ${start.offset} of` });
    }
    return { open, endOffset: open.bytes };
  }

  /** Makes all that is written at this moment survive a loss of power; what it did before it throws counts. */
  async sync(): Promise<void> {
    const closing = [...this.#closing];
    const current = this.#current;
    for (const open of closing) await this.#sync(open);
    this.#closing = this.#closing.filter((open) => !closing.includes(open));
    for (const open of closing) open.close();
    if (current) await this.#sync(current);
  }

  /** Begins a segment for what is not synced; until the rescue has ended no other one is begun. */
  beginRescue(timeMs: number, state: JournalState): OpenSegment {
    const unsynced = this.open.find(({ bytes, synced }) => synced.offset < bytes);
    const firstSequence = unsynced?.synced.sequence ?? this.#syncedSequence;
    const target = this.#begin(firstSequence, { timeMs, state, isUnfinished: true });
    this.#isRescuing = true;
    return target;
  }

  /** Goes on in the segment of the rescue. */
  switchTo(target: OpenSegment): void {
    this.#leave();
    this.#current = target;
  }

  /** The segment of the rescue is on disk and takes the place of those that failed. */
  endRescue(target: OpenSegment): void {
    this.#isRescuing = false;
    for (const { path } of this.#recovery.segments.add(target.segment)) {
      quietly(() => this.#recovery.disk.remove(path));
    }
    for (const open of this.#closing) if (open !== target) open.close();
    this.#closing = this.#closing.filter((open) => open === target);
    this.#noteSynced(target);
  }

  /**
   * Cuts off all behind a place, as far as the disk lets it; what follows goes to another segment. A segment of which
   * anything is on disk stays, with that: its snapshot may have taken the place of segments that are gone.
   */
  abandon(target: OpenSegment | undefined, kept: Place | undefined): Promise<void>[] {
    this.#isRescuing = false;
    const before = this.open.filter((open) => open !== target);
    this.#current = undefined;
    this.#closing = [];
    const keptCount = before.findIndex((open) => open === kept?.open) + 1;
    const behind = before.splice(keptCount);
    const discarded = behind.filter(({ segment }) => !segment.isSynced);
    for (const open of discarded.toReversed()) this.#takeOut(open, discarded);
    if (kept && keptCount > 0) kept.open.cutBack({ offset: kept.endOffset, sequence: kept.open.endSequence });
    for (const open of behind) {
      if (!open.segment.isSynced) continue;
      open.cutBack(open.synced);
      before.push(open);
    }
    if (target) discarded.push(target);
    return [
      ...discarded.map((open) => open.discard()),
      ...before.map((open) => open.file.sync().catch(() => {}).finally(() => open.close())),
    ];
  }

  close(): void {
    for (const open of this.open) open.close();
    this.#current = undefined;
    this.#closing = [];
  }

  async #sync(open: OpenSegment): Promise<void> {
    await open.sync();
    this.#noteSynced(open);
  }

  #noteSynced({ segment, synced: { offset, sequence } }: OpenSegment): void {
    this.#syncedSequence = Math.max(this.#syncedSequence, sequence);
    this.#syncedPlace = { segmentNumber: segment.number, offset, sequence };
  }

  /** What it had taken the place of is all that is left, unless that is discarded, too. */
  #takeOut({ segment, replaced }: OpenSegment, discarded: readonly OpenSegment[]): void {
    const { segments } = this.#recovery;
    segments.remove(segment);
    for (const other of replaced.toReversed()) {
      if (!discarded.some((open) => open.segment === other)) segments.insert(other);
    }
  }

  /** The segment is written to no more. */
  #leave(open = this.#current): void {
    if (open) this.#closing.push(open);
    this.#current = undefined;
  }

  #openFor(bytes: number, { sequence, timeMs, state, mayStay }: Pieces): OpenSegment {
    const current = this.#current;
    const { segmentBytes = SEGMENT_BYTES, folders } = this.#options;
    const isFull = !current || (current.hasFrames && current.bytes + bytes > segmentBytes);
    if (current && (!isFull || this.#isRescuing)) return current;
    try {
      if (this.#isRescuing) {
        throw new Error("The segment that was to take the place of a failed one has failed");
      }
      const open = this.#begin(sequence, { timeMs, state: state() });
      this.#leave();
      open.replaced = this.#recovery.segments.add(open.segment);
      return this.#current = open;
    } catch (cause) {
      if (current && mayStay) return current;
      throw writeError(cause, { path: folders[0]!, what: "begin a segment in the folder" });
    }
  }

  #begin(
    firstSequence: number,
    about: { readonly timeMs: number; readonly state: JournalState; readonly isUnfinished?: boolean },
  ): OpenSegment {
    const { disk, journalId, segments } = this.#recovery;
    const number = this.#nextNumber++;
    const folder = this.#options.folders[number % this.#options.folders.length]!;
    const before = segments.all.findLast((segment) => segment.firstSequence < firstSequence);
    const { timeMs } = about;
    const head = { journalId, firstSequence, timeMs, number, previousNumber: before?.number ?? number };
    return new OpenSegment({ ...about, disk, folder, head, syncedSequence: this.#syncedSequence });
  }
}

/** Says what could not be written, and whether room would help. */
function writeError(cause: unknown, { path, what }: { path: string; what: string }): JournalError {
  const isFull = /ENOSPC|No space left|os error 28/.test(`${(cause as { code?: string })?.code} ${cause}`);
  const fix = isFull
    ? "make room on the disk; the journal goes on by itself"
    : "check the disk and who may write there";
  return new JournalError(`Cannot ${what} "${path}"`, { path, fix, cause });
}
