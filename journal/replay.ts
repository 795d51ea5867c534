import type { Checkpoint } from "./checkpoint.ts";
import { FLAG_MORE, type FrameHead, KIND_NOTE, SEGMENT_HEAD_BYTES } from "./format.ts";
import type { Recovery } from "./recovery.ts";
import { rewriteUnsynced, type Unsynced } from "./rewrite.ts";
import { FrameScanner, type Hole, holeFault, type ScannedFrame } from "./scan.ts";
import type { Seal } from "./seal.ts";
import type { Segment } from "./segment_list.ts";
import { findStart, readNote, type Start } from "./start.ts";
import { fold, type Note } from "./state.ts";
import { cutTail } from "./tail.ts";

/** Where something stands that was never committed. */
interface Tear {
  readonly offset: number;
  readonly sequence: number;
  /** The first byte that is not as it was written. */
  readonly brokenOffset: number;
}

/** Folds the end of the log into the state, cuts off what was never committed, and makes the rest safe. */
export async function replay(
  recovery: Recovery,
  known: { readonly checkpoint: Checkpoint | undefined; readonly seal: Seal | undefined },
): Promise<void> {
  const { segments } = recovery;
  const start = await findStart(recovery, known);
  const pass = new Replay(recovery, start);
  for (let index = start.index; index < segments.all.length; index++) {
    const segment = segments.all[index]!;
    const from = index === start.index
      ? start
      : { offset: SEGMENT_HEAD_BYTES, sequence: segment.firstSequence };
    const tear = await pass.segment(segment, from);
    if (tear) await cutTail(recovery, { ...tear, index });
  }
  pass.end();
  if (pass.unsynced) await rewriteUnsynced(recovery, pass.unsynced);
}

class Replay {
  readonly #recovery: Recovery;
  readonly #foldFrom: number;
  #group: { readonly sequence: number; readonly entry: FrameHead | Note }[] = [];
  #groupStart = { offset: 0, sequence: 0 };
  #unsynced: Unsynced | undefined;
  /** Where that begins in the segment that is read. */
  #firstOffset: number | undefined;

  constructor(recovery: Recovery, { sequence, foldFrom }: Start) {
    this.#recovery = recovery;
    this.#foldFrom = foldFrom;
    recovery.nextSequence = sequence;
  }

  /** What nobody knew to be on disk; undefined when there is nothing of the kind. */
  get unsynced(): Unsynced | undefined {
    return this.#unsynced && this.#unsynced.parts.length > 0 ? this.#unsynced : undefined;
  }

  /** Goes through one segment; answers where it is torn. */
  async segment(segment: Segment, from: { offset: number; sequence: number }): Promise<Tear | undefined> {
    this.#firstOffset = this.#unsynced ? from.offset : undefined;
    const file = this.#recovery.disk.open(segment.path, "read");
    try {
      const scanner = new FrameScanner(file, { ...from, endOffset: segment.bytes });
      const { tear, endOffset } = await this.#pass(segment, scanner);
      if (this.#firstOffset !== undefined && endOffset > this.#firstOffset) {
        this.#unsynced!.parts.push({ segment, offset: this.#firstOffset, endOffset });
      }
      return tear;
    } finally {
      file.close();
    }
  }

  async #pass(
    segment: Segment,
    scanner: FrameScanner,
  ): Promise<{ readonly tear: Tear | undefined; readonly endOffset: number }> {
    const endSequence = this.#recovery.segments.endOf(segment);
    let endOffset = scanner.offset;
    for (let entry = await scanner.next(); entry; entry = await scanner.next()) {
      const isReplaced = "head" in entry
        ? entry.head.sequence + Math.min(entry.head.count, 1) > endSequence
        : entry.sequence >= endSequence;
      if (isReplaced) break;
      const tear = "head" in entry
        ? await this.#frame(segment, scanner, entry)
        : this.#hole(segment, entry, endSequence);
      if (tear) return { tear, endOffset: tear.offset };
      endOffset = scanner.offset;
    }
    // An append that failed, and whose rest could not be cut off, was followed by another segment.
    const isReplaced = this.#group.length > 0 && this.#groupStart.sequence >= endSequence;
    if (isReplaced) this.#group = [];
    const tear = this.#endSegment(segment, endSequence);
    return { tear, endOffset: tear?.offset ?? (isReplaced ? this.#groupStart.offset : endOffset) };
  }

  /** What the log should have held by what was known to be on disk is lost with its segment. */
  end(): void {
    const { syncedSequence, segments } = this.#recovery;
    if (segments.last) this.#loseUpTo(segments.last, syncedSequence);
    this.#recovery.nextSequence = Math.max(this.#recovery.nextSequence, syncedSequence);
  }

  async #frame(segment: Segment, scanner: FrameScanner, frame: ScannedFrame): Promise<Tear | undefined> {
    const { head, offset } = frame;
    const recovery = this.#recovery;
    if (this.#group.length === 0) this.#groupStart = { offset, sequence: head.sequence };
    // A group is synced as a whole.
    const isSynced = this.#groupStart.sequence < recovery.syncedSequence;
    if (!isSynced && this.#unsynced === undefined) this.#beginUnsynced();
    const entry = head.kind === KIND_NOTE
      ? await readNote(scanner, frame)
      : isSynced || await scanner.payload(frame)
      ? head
      : undefined;
    if (entry === undefined && !isSynced) return this.#tear(offset);
    if (entry === undefined) this.#reportBody(segment, frame);
    else this.#group.push({ sequence: head.sequence, entry });
    segment.mark(head.sequence, offset);
    recovery.nextSequence = head.sequence + head.count;
    recovery.timeMs = Math.max(recovery.timeMs, head.timeMs);
    if (!(head.flags & FLAG_MORE)) this.#apply();
    return undefined;
  }

  #beginUnsynced(): void {
    const { offset, sequence } = this.#groupStart;
    this.#unsynced = { sequence, state: structuredClone(this.#recovery.state), parts: [] };
    this.#firstOffset = offset;
  }

  #hole({ path }: Segment, hole: Hole, endSequence: number): Tear | undefined {
    const recovery = this.#recovery;
    const firstSequence = this.#group.length > 0 ? this.#groupStart.sequence : hole.sequence;
    if (firstSequence >= recovery.syncedSequence) return this.#tear(hole.offset, hole.sequence);
    const nextSequence = hole.nextSequence ??
      Math.max(Math.min(endSequence, recovery.syncedSequence), hole.sequence);
    this.#apply();
    recovery.faults.push(holeFault(path, { ...hole, nextSequence }));
    this.#lose(nextSequence);
    return undefined;
  }

  #endSegment(segment: Segment, endSequence: number): Tear | undefined {
    const recovery = this.#recovery;
    const isWhole = this.#group.length === 0 &&
      (recovery.nextSequence >= endSequence || endSequence === Infinity);
    if (isWhole) return undefined;
    const sequence = this.#group.length > 0 ? this.#groupStart.sequence : recovery.nextSequence;
    if (sequence >= recovery.syncedSequence) return this.#tear(segment.bytes);
    this.#apply();
    if (endSequence < Infinity) this.#loseUpTo(recovery.segments.holding(endSequence)!, endSequence);
    return undefined;
  }

  #tear(brokenOffset: number, sequence = this.#recovery.nextSequence): Tear {
    const hasGroup = this.#group.length > 0;
    this.#group = [];
    const start = hasGroup ? this.#groupStart : { offset: brokenOffset, sequence };
    this.#recovery.nextSequence = start.sequence;
    return { ...start, brokenOffset };
  }

  #apply(): void {
    const { state } = this.#recovery;
    for (const { sequence, entry } of this.#group) {
      if (sequence >= this.#foldFrom) fold(state, entry);
    }
    this.#group = [];
  }

  #loseUpTo({ path }: Segment, sequence: number): void {
    const { nextSequence, faults } = this.#recovery;
    const events = sequence - nextSequence;
    if (events <= 0) return;
    this.#apply();
    const text = `Events ${nextSequence} to ${sequence - 1} are lost: no segment holds them`;
    faults.push({ kind: "missing-segment", path, offset: 0, sequence: nextSequence, events, text });
    this.#lose(sequence);
  }

  /** Nobody knows whose events they were, so they count for every channel until it passes by them. */
  #lose(nextSequence: number): void {
    const { state: { channels } } = this.#recovery;
    const events = nextSequence - this.#recovery.nextSequence;
    for (const name in channels) channels[name] = { ...channels[name]!, size: channels[name]!.size + events };
    this.#recovery.nextSequence = nextSequence;
  }

  #reportBody({ path }: Segment, { head, offset }: ScannedFrame): void {
    const text = "The payload of a note does not agree with its checksum; what it said is lost";
    const { sequence, payloadBytes: bytes } = head;
    this.#recovery.faults.push({ kind: "damaged-body", path, offset, bytes, sequence, events: 0, text });
  }
}
