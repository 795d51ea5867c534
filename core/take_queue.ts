import type { TakeOptions, TakeTransaction } from "./channel.ts";
import { Deque } from "./deque.ts";
import { EventBatch } from "./event_batch.ts";
import { type IdentityRun, joinRuns } from "./identity.ts";
import { joinPositions, type Position } from "./position.ts";

/** A batch in a queue, and what its channel wants to know of it. */
export interface QueueEntry {
  readonly batch: EventBatch;
  /** All its events have been committed by takers. */
  committed?(): void;
  /**
   * Set when the source can send the batch again: as soon as sinks have accepted all its bytes the queue lets go of
   * them and calls `accepted`; when one of those sinks fails after that, `abandoned`.
   */
  readonly replay?: { accepted(): void; abandoned(): void };
  /** Where a reader goes on behind the first so many events of the batch. Absent: only its end has a position. */
  positionAt?(events: number): Position;
  /** By what others know the events of the batch. Absent: they are numbered for the life of the queue. */
  readonly origin?: EventOrigin;
}

/** The stream of events that a batch comes from, and which of them stand in a part of it. */
export interface EventOrigin {
  readonly stream: string;
  runsOf(from: number, to: number): readonly IdentityRun[];
}

interface Owner {
  readonly entry: Omit<QueueEntry, "batch">;
  readonly lease: EventBatch["lease"];
  /** Of its first piece. */
  readonly place: number;
  uncommitted: number;
  unaccepted: number;
  holdsLease: boolean;
}

interface Piece {
  readonly owner: Owner;
  /** How many events were pushed before its first one: the order of pieces. */
  readonly place: number;
  readonly size: number;
  readonly spanBytes: number;
  isAccepted: boolean;
  /** Gone as soon as the queue has let go of the bytes: much may be open, and indexes and headers cost memory, too. */
  batch: EventBatch;
}

interface Taker extends TakeOptions {
  readonly resolve: (take: TakeTransaction) => void;
  readonly reject: (reason: unknown) => void;
}

/** Batches below this size in bytes are joined with those behind them, so that a sink is not fed crumbs … */
const SMALL_BYTES = 16 * 1024;
/** … up to this many bytes and pieces. */
const JOINED_BYTES = 256 * 1024;
const JOINED_PIECES = 4096;

/** Batches in the order in which they came, taken in pieces by one or more takers; the inside of memory channels. */
export class TakeQueue {
  readonly #pieces = new Deque<Piece>();
  readonly #takers = new Deque<Taker>();
  readonly #watched = new WeakSet<AbortSignal>();
  readonly #afterCommit: () => void;
  readonly #stream = crypto.randomUUID();
  #size = 0;
  #bytes = 0;
  #pushedEvents = 0;
  /** Pieces before this place were abandoned, or will be when they come back. */
  #abandonedBelow = 0;

  /** `afterCommit` is called when events have left for good. */
  constructor(afterCommit: () => void = () => {}) {
    this.#afterCommit = afterCommit;
  }

  /** Events pushed and not yet committed. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of blocks that those events hold. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a batch behind all others. The queue holds the batch's lease until its events are committed. */
  push({ batch, ...entry }: QueueEntry): void {
    const { size, lease } = batch;
    if (size === 0) return entry.committed?.();
    lease?.retain();
    this.#size += size;
    this.#bytes += batch.spanBytes;
    const place = this.#pushedEvents;
    const owner = { entry, lease, place, uncommitted: size, unaccepted: size, holdsLease: true };
    this.#pieces.push(pieceOf(owner, batch, place));
    this.#pushedEvents += size;
    this.#serve();
  }

  /** Waits for events and holds them for the taker. */
  take(options: TakeOptions): Promise<TakeTransaction> {
    options.signal.throwIfAborted();
    if (this.#pieces.size > 0 && this.#takers.size === 0) {
      return Promise.resolve(this.#next(options.maxEvents));
    }
    this.#watch(options.signal);
    const { promise, resolve, reject } = Promise.withResolvers<TakeTransaction>();
    this.#takers.push({ ...options, resolve, reject });
    return promise;
  }

  /** Listens once to each signal, not once for each take, which would cost more than the take. */
  #watch(signal: AbortSignal): void {
    if (this.#watched.has(signal)) return;
    this.#watched.add(signal);
    signal.addEventListener("abort", () => {
      for (const taker of this.#takers.drain()) {
        if (taker.signal === signal) taker.reject(signal.reason);
        else this.#takers.push(taker);
      }
    }, { once: true });
  }

  #serve(): void {
    while (this.#pieces.size > 0 && this.#takers.size > 0) {
      const taker = this.#takers.shift()!;
      taker.resolve(this.#next(taker.maxEvents));
    }
  }

  #next(maxEvents: number): TakeTransaction {
    const first = this.#cut(maxEvents);
    if (first.spanBytes >= SMALL_BYTES || this.#pieces.size === 0) return this.#transaction([first]);
    const pieces = [first];
    let { size, spanBytes: bytes } = first;
    for (let next = this.#pieces.peek(); next && pieces.length < JOINED_PIECES; next = this.#pieces.peek()) {
      size += next.size;
      bytes += next.spanBytes;
      if (size > maxEvents || bytes > JOINED_BYTES || next.spanBytes >= SMALL_BYTES) break;
      if (next.owner.entry.origin?.stream !== first.owner.entry.origin?.stream) break;
      pieces.push(this.#pieces.shift()!);
    }
    return this.#transaction(pieces);
  }

  #cut(maxEvents: number): Piece {
    const piece = this.#pieces.shift()!;
    const { owner, batch, place, size } = piece;
    if (size <= maxEvents) return piece;
    this.#pieces.unshift(pieceOf(owner, batch.slice(maxEvents, size), place + maxEvents));
    return pieceOf(owner, batch.slice(0, maxEvents), place);
  }

  #transaction(pieces: readonly Piece[]): TakeTransaction {
    const take = {
      batch: withPlace(EventBatch.concat(pieces.map(({ batch }) => batch)), pieces, this.#stream),
      accept: () => {
        for (const piece of pieces) accept(piece);
        if (!pieces.some(({ owner }) => owner.holdsLease)) take.batch = EventBatch.EMPTY;
      },
      commit: () => this.#commit(pieces),
      rollback: () => this.#rollback(pieces),
    };
    return take;
  }

  #commit(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      const { owner } = piece;
      this.#forget(piece);
      if (owner.uncommitted === 0) owner.entry.committed?.();
    }
    this.#afterCommit();
  }

  #rollback(pieces: readonly Piece[]): void {
    const kept: Piece[] = [];
    let isAbandoned = false;
    for (const piece of pieces) {
      const { owner, place, size } = piece;
      const isLate = owner.entry.replay !== undefined && place < this.#abandonedBelow;
      if (isLate || !owner.holdsLease) isAbandoned = this.#abandon(piece);
      else {
        if (piece.isAccepted) owner.unaccepted += size;
        piece.isAccepted = false;
        kept.push(piece);
      }
    }
    this.#restore(kept);
    // What waits behind an abandoned batch will be sent again too, in order.
    if (isAbandoned) this.#abandonWaiting();
    this.#afterCommit();
    this.#serve();
  }

  /** Puts pieces back where they were, whatever else has come back before them. */
  #restore(pieces: readonly Piece[]): void {
    const waiting = this.#pieces.drain();
    for (const piece of [...pieces, ...waiting].sort((a, b) => a.place - b.place)) this.#pieces.push(piece);
  }

  #abandonWaiting(): void {
    this.#abandonedBelow = this.#pushedEvents;
    for (const piece of this.#pieces.drain()) {
      if (piece.owner.entry.replay) this.#abandon(piece);
      else this.#pieces.push(piece);
    }
  }

  #abandon(piece: Piece): true {
    this.#forget(piece);
    piece.owner.entry.replay?.abandoned();
    return true;
  }

  #forget({ owner, size, spanBytes }: Piece): void {
    this.#size -= size;
    this.#bytes -= spanBytes;
    owner.uncommitted -= size;
    if (owner.uncommitted === 0) letGo(owner);
  }
}

function pieceOf(owner: Owner, batch: EventBatch, place: number): Piece {
  return { owner, batch, place, size: batch.size, spanBytes: batch.spanBytes, isAccepted: false };
}

/** Says which events these are, and gives a batch that may end within an entry the position of its end. */
function withPlace(batch: EventBatch, pieces: readonly Piece[], stream: string): EventBatch {
  const { owner, place, size } = pieces.at(-1)!;
  const position = owner.entry.positionAt?.(place + size - owner.place);
  const runs = joinRuns(pieces.map(runsOf));
  const identity = runs && { stream: owner.entry.origin?.stream ?? stream, runs };
  return batch.with({ identity, ...position && { position: joinPositions(batch.position, position) } });
}

function runsOf({ owner, place, size }: Piece): readonly IdentityRun[] {
  const from = place - owner.place;
  return owner.entry.origin?.runsOf(from, from + size) ??
    [{ first: place, count: size, after: place, timeMs: 0 }];
}

function accept(piece: Piece): void {
  const { owner, size } = piece;
  owner.unaccepted -= size;
  piece.isAccepted = true;
  if (owner.unaccepted > 0 || !owner.entry.replay) return;
  letGo(owner);
  piece.batch = EventBatch.EMPTY;
  owner.entry.replay.accepted();
}

function letGo(owner: Owner): void {
  if (owner.holdsLease) owner.lease?.release();
  owner.holdsLease = false;
}
