import type { PendingBatch } from "./pending_batch.ts";

/** After the last number comes 0 again. */
const SEQUENCES = 2 ** 31;

/**
 * What is to be sent to one partition, in order. Several batches may be on their way; once one of them has to be sent again,
 * none goes out until all have come back, so that they go again in their old order with their old numbers.
 */
export class Lane {
  readonly topic: string;
  readonly partition: number;
  /** Is being filled. */
  open: PendingBatch | undefined;
  /** Sealed, in order; the numbers of those that were sent before are set. */
  readonly waiting: PendingBatch[] = [];
  readonly #flying = new Set<PendingBatch>();
  #isHeld = false;
  /**
   * The broker knows the producer's numbers and takes no batch out of turn. One that does not, because the topic or the
   * producer is new to it, takes any number first: until it has confirmed a batch, none may overtake another.
   */
  #isKnown = false;
  #nextSequence = 0;
  /** Not before this time (performance.now) is another try made. */
  #notBeforeMs = 0;
  #failures = 0;
  /** Shows trouble with this partition. */
  readonly key = Symbol();

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get isIdle(): boolean {
    return this.waiting.length === 0 && this.#flying.size === 0 && !this.open;
  }

  get flying(): number {
    return this.#flying.size;
  }

  /** All batches that are not confirmed. */
  batches(): PendingBatch[] {
    return [...this.#flying, ...this.waiting, ...this.open ? [this.open] : []];
  }

  seal(): void {
    if (this.open && this.open.size > 0) this.waiting.push(this.open);
    this.open = undefined;
  }

  /** Lets go of what waits, up to a transaction. */
  giveUp(transaction: number): PendingBatch[] {
    this.seal();
    const given = this.waiting.filter((batch) => batch.transaction <= transaction);
    const kept = this.waiting.filter((batch) => batch.transaction > transaction);
    this.waiting.splice(0, Infinity, ...kept);
    return given;
  }

  /** When the next batch may go out, as performance.now; Infinity: not before something else happens. */
  readyMs(lingerMs: number, transaction: number): number {
    const [first] = this.waiting;
    if (!this.#isKnown && this.#flying.size > 0) return Infinity;
    if (this.#isHeld || (first ?? this.open)?.transaction !== transaction) return Infinity;
    if (first) return this.#notBeforeMs;
    // What comes while a batch is on its way gathers in the next one.
    if (!this.open || this.open.size === 0 || this.#flying.size > 0) return Infinity;
    return Math.max(this.#notBeforeMs, this.open.openedMs + lingerMs);
  }

  /** Takes the next batch, which gets its numbers. */
  take(): PendingBatch {
    if (this.waiting.length === 0) this.seal();
    const batch = this.waiting.shift()!;
    if (batch.sequence === undefined) {
      batch.sequence = this.#nextSequence;
      this.#nextSequence = (this.#nextSequence + batch.size) % SEQUENCES;
    }
    batch.isMoved = false;
    this.#flying.add(batch);
    return batch;
  }

  /** A batch has arrived. */
  confirmed(batch: PendingBatch): void {
    this.#isKnown = true;
    this.drop(batch);
  }

  /** A batch is given up. */
  drop(batch: PendingBatch): void {
    this.#flying.delete(batch);
    this.#failures = 0;
    this.#release();
  }

  /** A batch must be sent again. */
  giveBack(batch: PendingBatch, waitMs: (failures: number) => number): void {
    this.#flying.delete(batch);
    this.#insert([batch]);
    this.#isKnown = false;
    if (!this.#isHeld) this.#notBeforeMs = performance.now() + waitMs(this.#failures++);
    this.#isHeld = true;
    this.#release();
  }

  /** Puts other batches in the place of one that is on its way. */
  replace(batch: PendingBatch, others: readonly PendingBatch[]): void {
    this.#flying.delete(batch);
    this.#insert(others);
    this.#isKnown = false;
    this.#isHeld = true;
    this.#release();
  }

  /**
   * Some records with numbers up from one were dropped: those behind move up. Only for batches that the broker cannot have.
   */
  closeGap(from: number, records: number): void {
    for (const batch of this.batches()) {
      if (batch.sequence !== undefined && isBehind(batch.sequence, from)) {
        batch.sequence = (batch.sequence - records + SEQUENCES) % SEQUENCES;
        batch.isMoved = this.#flying.has(batch);
      }
    }
    this.#nextSequence = (this.#nextSequence - records + SEQUENCES) % SEQUENCES;
  }

  /** Whether batches with smaller numbers are not confirmed. */
  hasBefore({ sequence }: PendingBatch): boolean {
    return this.batches().some((other) =>
      other.sequence !== undefined && isBehind(sequence!, other.sequence)
    );
  }

  /** Begins with 0 again, for a producer with a new id. */
  renumber(): void {
    this.#nextSequence = 0;
    this.#isKnown = false;
    for (const batch of this.waiting) batch.sequence = undefined;
  }

  /** Puts neighbours with numbers among those that wait, in their order: others with smaller numbers may have come back. */
  #insert(batches: readonly PendingBatch[]): void {
    const last = batches.at(-1)!.sequence!;
    const at = this.waiting.findIndex(({ sequence }) => sequence === undefined || isBehind(sequence, last));
    this.waiting.splice(at < 0 ? this.waiting.length : at, 0, ...batches);
  }

  #release(): void {
    if (this.#flying.size === 0) this.#isHeld = false;
  }
}

/** Whether a number comes behind another one, on the ring of numbers. */
function isBehind(one: number, other: number): boolean {
  return one !== other && (one - other + SEQUENCES) % SEQUENCES < SEQUENCES / 2;
}
