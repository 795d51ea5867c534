import { type Counters, EventBatch, type TakeOptions, type TakeTransaction } from "sluice/plugin";
import { identityOf, type Lane, type Piece, positionBehind } from "./lane.ts";

/** Events below this size in bytes are joined with those behind them, so that a sink is not fed crumbs … */
const SMALL_BYTES = 16 * 1024;
/** … up to this many bytes. */
const JOINED_BYTES = 256 * 1024;

interface Taker extends TakeOptions {
  readonly resolve: (take: TakeTransaction) => void;
  readonly reject: (reason: unknown) => void;
}

/** What the way out tells its owner. */
export interface WayOutOptions {
  readonly counters: Counters;
  /** Other groups read the same events, and for them these are others. */
  readonly group: string;
  /** Events came back whose bytes were let go of: they must be fetched again. */
  onGone(lane: Lane): void;
  /** Bytes were let go of. */
  onReleased(bytes: number): void;
  /** Events are not here any more: taken for good, or given up. */
  onLeft(piece: Piece): void;
}

/** Gives what waits in the lanes to takers, one lane after the other. */
export class WayOut {
  /** Those that may have something to give, the next one first. */
  readonly #ready: Lane[] = [];
  readonly #takers: Taker[] = [];
  readonly #watched = new WeakSet<AbortSignal>();
  readonly #options: WayOutOptions;

  constructor(options: WayOutOptions) {
    this.#options = options;
  }

  /** Something waits in the lane. */
  offer(lane: Lane): void {
    if (!this.#ready.includes(lane)) this.#ready.push(lane);
    this.#serve();
  }

  take(options: TakeOptions): Promise<TakeTransaction> {
    options.signal.throwIfAborted();
    this.#watch(options.signal);
    const { promise, resolve, reject } = Promise.withResolvers<TakeTransaction>();
    this.#takers.push({ ...options, resolve, reject });
    this.#serve();
    return promise;
  }

  /** Ends all waits. */
  fail(cause: unknown): void {
    for (const taker of this.#takers.splice(0)) taker.reject(cause);
  }

  #watch(signal: AbortSignal): void {
    if (this.#watched.has(signal)) return;
    this.#watched.add(signal);
    signal.addEventListener("abort", () => {
      for (const taker of this.#takers.splice(0)) {
        if (taker.signal === signal) taker.reject(signal.reason);
        else this.#takers.push(taker);
      }
    }, { once: true });
  }

  #serve(): void {
    while (this.#takers.length > 0) {
      const lane = this.#nextLane();
      if (!lane) return;
      const { maxEvents, resolve } = this.#takers.shift()!;
      resolve(this.#transaction(cutJoined(lane, maxEvents)));
      if (lane.hasWaiting) this.#ready.push(lane);
    }
  }

  #nextLane(): Lane | undefined {
    for (let lane = this.#ready.shift(); lane; lane = this.#ready.shift()) {
      if (lane.isOurs && lane.hasWaiting) return lane;
    }
  }

  #transaction(pieces: readonly Piece[]): TakeTransaction {
    const batch = EventBatch.concat(pieces.map(({ batch }) => batch!)).with({
      position: positionBehind(pieces.at(-1)!),
      identity: identityOf(pieces, this.#options.group),
    });
    const take = {
      batch,
      accept: () => {
        for (const piece of pieces) this.#release(piece);
        take.batch = EventBatch.EMPTY;
      },
      commit: () => this.settle(pieces),
      rollback: () => this.#rollBack(pieces),
    };
    return take;
  }

  /** The events are where they belong. */
  settle(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      this.#release(piece);
      this.#options.onLeft(piece);
      piece.chunk.opened.settle(piece.from, piece.to);
    }
  }

  /** Whoever gets the partition next gets the events, too. */
  abandon(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      this.#release(piece);
      this.#options.onLeft(piece);
      piece.lane.isBroken = true;
      piece.chunk.opened.abandon(piece.from, piece.to);
    }
  }

  #release(piece: Piece): void {
    if (piece.batch) this.#options.onReleased(piece.bytes);
    piece.batch = undefined;
  }

  #rollBack(pieces: readonly Piece[]): void {
    const { counters, onGone } = this.#options;
    const [{ lane }] = pieces as [Piece];
    counters.add("RollbackCounter", pieces.reduce((sum, { size }) => sum + size, 0));
    if (!lane.isOurs) return this.abandon(pieces);
    if (pieces.some(({ batch }) => !batch)) {
      this.abandon(pieces);
      return onGone(lane);
    }
    for (const piece of pieces) lane.putBack(piece);
    this.#ready.unshift(lane);
    this.#serve();
  }
}

function cutJoined(lane: Lane, maxEvents: number): readonly Piece[] {
  const first = lane.cut(maxEvents);
  const pieces = [first];
  let { size, bytes } = { size: first.size, bytes: first.bytes };
  if (bytes >= SMALL_BYTES) return pieces;
  for (let next = lane.peek(); next; next = lane.peek()) {
    size += next.size;
    bytes += next.bytes;
    if (size > maxEvents || bytes > JOINED_BYTES) break;
    pieces.push(lane.cut(maxEvents));
  }
  return pieces;
}
