/** A known place in a segment, so that a reader need not begin at its start. */
interface Mark {
  readonly sequence: number;
  readonly offset: number;
}

/** Distance of marks. */
const MARK_BYTES = 1024 * 1024;

/** One segment of an open journal. */
export class Segment {
  readonly path: string;
  readonly number: number;
  readonly firstSequence: number;
  /** When it was begun: no frame in front of it is younger, none in it older. */
  readonly timeMs: number;
  /** Bytes that are written. */
  bytes: number;
  /** False until its name and its first frames are known to be on disk. */
  isSynced: boolean;
  #marks: Mark[] = [];

  constructor(
    about: Pick<Segment, "path" | "number" | "firstSequence" | "timeMs" | "bytes"> & { isSynced?: boolean },
  ) {
    this.path = about.path;
    this.number = about.number;
    this.firstSequence = about.firstSequence;
    this.timeMs = about.timeMs;
    this.bytes = about.bytes;
    this.isSynced = about.isSynced ?? false;
  }

  /** Remembers where a frame begins, now and then. */
  mark(sequence: number, offset: number): void {
    const last = this.#marks.at(-1);
    if (last === undefined || offset - last.offset >= MARK_BYTES) this.#marks.push({ sequence, offset });
  }

  /** The place nearest in front of a sequence. */
  placeBefore(sequence: number): Mark | undefined {
    return this.#marks.findLast((mark) => mark.sequence <= sequence);
  }

  /** Forgets what stood from there on. */
  cut(offset: number): void {
    this.bytes = Math.min(this.bytes, offset);
    this.#marks = this.#marks.filter((mark) => mark.offset < offset);
  }
}

/** The segments of an open journal, in the order of their sequences. */
export class SegmentList {
  #segments: Segment[] = [];

  get all(): readonly Segment[] {
    return this.#segments;
  }

  get first(): Segment | undefined {
    return this.#segments[0];
  }

  get last(): Segment | undefined {
    return this.#segments.at(-1);
  }

  /**
   * Adds a segment that was begun later than all others. It takes the place of what they hold from its first sequence on;
   * those that are left with nothing are answered, and in the list no more.
   */
  add(segment: Segment): Segment[] {
    const kept = this.#segments.findLastIndex(({ firstSequence }) => firstSequence < segment.firstSequence) +
      1;
    const replaced = this.#segments.splice(kept);
    this.#segments.push(segment);
    return replaced;
  }

  /** Puts a segment where its sequences belong, in front of one that begins alike; takes the place of nothing. */
  insert(segment: Segment): void {
    const index = this.#segments.findIndex(({ firstSequence }) => firstSequence >= segment.firstSequence);
    this.#segments.splice(index < 0 ? this.#segments.length : index, 0, segment);
  }

  remove(segment: Segment): void {
    this.#segments = this.#segments.filter((other) => other !== segment);
  }

  /** The segment in which a sequence stands, or should; undefined when all begin later. */
  holding(sequence: number): Segment | undefined {
    let [low, high] = [0, this.#segments.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#segments[middle]!.firstSequence <= sequence) low = middle + 1;
      else high = middle;
    }
    return this.#segments[low - 1];
  }

  /** The first sequence that is not the segment's own any more; Infinity for the last one. */
  endOf(segment: Segment): number {
    const index = this.#segments.lastIndexOf(segment);
    return this.#segments[index + 1]?.firstSequence ?? Infinity;
  }
}
