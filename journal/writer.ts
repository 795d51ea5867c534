// One writer: the order of appends is the order of the log. What it holds goes through three steps: written (`tail` is the
// state there), synced, committed (`state`). Only the end of the log is ever taken back, and nothing that is committed.
import { JournalError } from "./fault.ts";
import type { FrameHead } from "./format.ts";
import { FreeSpace } from "./free_space.ts";
import { Gather } from "./gather.ts";
import { type Appended, type EncodedGroup, encodeGroup, type Group, type NewFrame } from "./group.ts";
import type { JournalOptions } from "./options.ts";
import type { OpenSegment } from "./open_segment.ts";
import type { Recovery } from "./recovery.ts";
import { type Pieces, type Place, SegmentWriter } from "./segment_writer.ts";
import { fold, type JournalState, type Note } from "./state.ts";

/** Smaller appends wait for one write with others. */
const SMALL_BYTES = 64 * 1024;

/** Appends to the log, and says what of it is committed. */
export class Writer {
  /** What is committed. */
  readonly state: JournalState;
  /** What will be when all that was appended is. */
  tail: JournalState;
  readonly files: SegmentWriter;
  readonly #options: JournalOptions;
  readonly #gather = new Gather();
  readonly #space: FreeSpace;
  readonly #now: () => number;
  #pending: Group[] = [];
  #nextSequence: number;
  #committedSequence: number;
  #committedPlace: Place | undefined;
  #abandoning: unknown;
  #timeMs: number;

  constructor(recovery: Recovery, options: JournalOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#space = new FreeSpace(recovery.disk, options);
    this.files = new SegmentWriter(recovery, options);
    this.state = recovery.state;
    this.tail = structuredClone(recovery.state);
    this.#nextSequence = this.#committedSequence = recovery.nextSequence;
    this.#timeMs = recovery.timeMs;
  }

  get nextSequence(): number {
    return this.#nextSequence;
  }

  get committedSequence(): number {
    return this.#committedSequence;
  }

  /** Put time of the last frame. */
  get timeMs(): number {
    return this.#timeMs;
  }

  /** Appends that are not committed. */
  get pendingGroups(): number {
    return this.#pending.length;
  }

  /** Heads of the frames of events that are not committed. */
  *pendingHeads(): Generator<FrameHead> {
    for (const { changes } of this.#pending) {
      for (const change of changes) if ("kind" in change) yield change;
    }
  }

  /** True when appends wait for their write. */
  get isWaiting(): boolean {
    return this.#gather.bytes > 0;
  }

  get unsyncedBytes(): number {
    return this.files.open.reduce(
      (sum, { bytes, synced }) => sum + bytes - synced.offset,
      this.#gather.bytes,
    );
  }

  /** Adds a group behind all others. @throws {JournalError} with nothing changed. */
  append(frames: readonly NewFrame[], notes: readonly Note[]): Appended {
    if (frames.length + notes.length === 0) {
      throw new RangeError("An append needs at least one frame or note");
    }
    this.#assertWritable();
    const sequence = this.#nextSequence;
    const timeMs = Math.max(this.#timeMs, this.#now());
    const { syncedSequence } = this.files;
    const encoded = encodeGroup(frames, notes, {
      sequence,
      timeMs,
      syncedSequence,
      seal: this.#options.seal,
    });
    if (frames.length > 0) this.#space.take(encoded.bytes);
    const place = encoded.bytes < SMALL_BYTES
      ? this.#gatherGroup(encoded)
      : this.#writeGroup(encoded, timeMs);
    const { endSequence, changes } = encoded;
    for (const change of changes) fold(this.tail, change);
    const settled = Promise.withResolvers<void>();
    // Whoever does not look at the promise has put nothing at risk; the process must not end because of it.
    settled.promise.catch(() => {});
    this.#pending.push({ sequence, endSequence, changes, settled, place });
    this.#nextSequence = endSequence;
    this.#timeMs = timeMs;
    return { sequence, timeMs, committed: settled.promise };
  }

  /** Writes what waits. @throws {JournalError} when it was refused instead. */
  flush(): void {
    if (this.#gather.bytes === 0) return;
    const first = this.#pending.findIndex(({ place }) => !place);
    const pieces = [this.#gather.content];
    const { sequence } = this.#pending[first]!;
    this.#gather.clear();
    try {
      const about = { sequence, endSequence: this.#nextSequence, timeMs: this.#timeMs, mayStay: true };
      const place = this.#write(pieces, about);
      for (const group of this.#pending.slice(first)) group.place = place;
    } catch (cause) {
      this.#refuse(first, cause);
      throw cause;
    }
  }

  /** Commits what is written, or only what is synced; answers how many groups that were. */
  commit(what: "written" | "synced"): number {
    const index = this.#pending.findIndex(({ place }) =>
      !place || (what === "synced" && place.endOffset > place.open.synced.offset)
    );
    const groups = this.#pending.splice(0, index < 0 ? this.#pending.length : index);
    for (const { changes } of groups) for (const change of changes) fold(this.state, change);
    this.#committedSequence = groups.at(-1)?.endSequence ?? this.#committedSequence;
    this.#committedPlace = groups.at(-1)?.place ?? this.#committedPlace;
    for (const { settled } of groups) settled.resolve();
    return groups.length;
  }

  /** Goes on in the segment of a rescue; answers what makes the groups of before stand in it, once it is on disk. */
  switchTo(target: OpenSegment): () => void {
    const moved = this.#pending.slice();
    const place = { open: target, endOffset: target.bytes };
    this.files.switchTo(target);
    return () => {
      for (const group of moved) group.place = place;
      if (this.#committedPlace) this.#committedPlace = place;
      this.files.endRescue(target);
    };
  }

  /**
   * Refuses all that is not committed, when the disk has forgotten it as well as it can. Nothing is appended meanwhile:
   * it would get the same sequences.
   */
  async abandon(target: OpenSegment | undefined, cause: unknown): Promise<void> {
    this.#abandoning = cause;
    const forgetting = this.files.abandon(target, this.#committedPlace);
    this.#gather.clear();
    await Promise.all(forgetting);
    this.#abandoning = undefined;
    this.#refuse(0, cause);
  }

  #gatherGroup({ bytes, frames }: EncodedGroup): undefined {
    if (!this.#gather.fits(bytes)) this.flush();
    this.#gather.add(frames);
    return undefined;
  }

  #writeGroup({ frames, endSequence }: EncodedGroup, timeMs: number): Place {
    this.flush();
    return this.#write(frames, { sequence: this.#nextSequence, endSequence, timeMs, mayStay: false });
  }

  #write(pieces: readonly Uint8Array[], about: Omit<Pieces, "pieces" | "state">): Place {
    return this.files.write({ ...about, pieces, state: () => this.#writtenState() });
  }

  /** The state behind all that is in files. */
  #writtenState(): JournalState {
    const state = structuredClone(this.state);
    for (const { place, changes } of this.#pending) {
      if (place) { for (const change of changes) fold(state, change); }
    }
    return state;
  }

  #refuse(firstIndex: number, cause: unknown): void {
    const refused = this.#pending.splice(firstIndex);
    this.#nextSequence = refused[0]?.sequence ?? this.#nextSequence;
    this.tail = structuredClone(this.state);
    for (const { changes } of this.#pending) for (const change of changes) fold(this.tail, change);
    for (const { settled } of refused) settled.reject(cause);
  }

  #assertWritable(): void {
    if (this.#abandoning === undefined) return;
    const path = this.#options.folders[0]!;
    const text = `The journal in "${path}" takes nothing while it gives up what the disk did not keep`;
    throw new JournalError(text, { path, fix: "try again; check the disk", cause: this.#abandoning });
  }
}
