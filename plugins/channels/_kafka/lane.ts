import type { BatchIdentity, EventBatch, Position } from "sluice/plugin";
import type { Partition } from "../../../protocols/kafka/client.ts";
import { positionOf } from "../../_kafka/own_offset.ts";
import type { OpenRecords } from "../../_kafka/tally.ts";

/** Fetched records of one partition. */
export interface Chunk {
  readonly opened: OpenRecords;
  /** Offset of each record. */
  readonly offsets: Float64Array;
  /** Where reading goes on behind the last. */
  readonly nextOffset: number;
}

/** Events, and the records that they answer for: from one place in a chunk up to (not with) another. */
export interface Extract {
  readonly batch: EventBatch;
  readonly from: number;
  readonly to: number;
}

/** Events of a chunk that wait or are with a taker. */
export interface Piece extends Omit<Extract, "batch"> {
  readonly lane: Lane;
  readonly chunk: Chunk;
  readonly size: number;
  /** What holding the batch costs. */
  readonly bytes: number;
  /** Undefined once the sink has taken the bytes over: the brokers still have them. */
  batch: EventBatch | undefined;
}

/** The events of one partition that wait to be taken, in the order of their offsets. */
export class Lane {
  readonly partition: Partition;
  /** False while the partition is with others, or on its way: nothing is given out then. */
  isOurs = true;
  /** Some of its events were given up: what waits is not all. */
  isBroken = false;
  /** Where the next records begin that are fetched; undefined until that is known. */
  nextOffset: number | undefined;
  readonly #waiting: Piece[] = [];

  constructor(partition: Partition) {
    this.partition = partition;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** What the next cut would give at most. */
  peek(): Piece | undefined {
    return this.#waiting[0];
  }

  /** Adds events of a chunk behind all others. */
  add(chunk: Chunk, extract: Extract): void {
    const { size, spanBytes: bytes } = extract.batch;
    this.#waiting.push({ lane: this, chunk, ...extract, size, bytes });
  }

  /** The next events, up to a number of them. */
  cut(maxEvents: number): Piece {
    const piece = this.#waiting.shift()!;
    if (piece.size <= maxEvents) return piece;
    const [head, tail] = split(piece, maxEvents);
    this.#waiting.unshift(tail);
    return head;
  }

  /** Puts events back where they stood. */
  putBack(piece: Piece): void {
    const place = this.#waiting.findIndex((other) => firstOffset(other) > firstOffset(piece));
    this.#waiting.splice(place < 0 ? this.#waiting.length : place, 0, piece);
  }

  /** Takes out what waits before an offset. */
  drain(before = Infinity): readonly Piece[] {
    const drained: Piece[] = [];
    while (this.#waiting[0] && firstOffset(this.#waiting[0]) < before) {
      const piece = this.#waiting.shift()!;
      const events = before === Infinity ? piece.size : countBefore(piece, before);
      if (events === piece.size) {
        drained.push(piece);
        continue;
      }
      const [head, tail] = split(piece, events);
      drained.push(head);
      this.#waiting.unshift(tail);
    }
    return drained;
  }
}

/** Where a sink that has these events for good goes on. */
export function positionBehind({ lane, chunk, to }: Piece): Position {
  return positionOf(lane.partition, chunk.offsets[to] ?? chunk.nextOffset, chunk.opened.wish);
}

/** Which events these are, whoever reads them; undefined where that cannot be told. */
export function identityOf(pieces: readonly Piece[], group: string): BatchIdentity | undefined {
  const { topicId, partition } = pieces[0]!.lane.partition;
  if (topicId === undefined || pieces.some((piece) => !isDense(piece))) return undefined;
  const runs = pieces.map((piece) => {
    const first = firstOffset(piece);
    return { first, count: piece.size, after: first, timeMs: 0 };
  });
  return { stream: `${topicId}/${partition}/${group}`, runs };
}

/** The offsets have no gap. */
function isDense({ chunk: { offsets }, from, to, size }: Piece): boolean {
  return offsets[to - 1]! - offsets[from]! === size - 1;
}

function firstOffset({ chunk: { offsets }, from }: Piece): number {
  return offsets[from]!;
}

function countBefore({ chunk: { offsets }, from, size }: Piece, offset: number): number {
  let events = 0;
  while (events < size && offsets[from + events]! < offset) events++;
  return events;
}

function split(piece: Piece, events: number): readonly [Piece, Piece] {
  const { from, size, bytes } = piece;
  const middle = from + events;
  const batch = piece.batch!.slice(0, events);
  const rest = piece.batch!.slice(events, size);
  const head = { size: events, bytes: batch.spanBytes, batch };
  const tail = { size: size - events, bytes: bytes - head.bytes, batch: rest };
  return [{ ...piece, ...head, to: middle }, { ...piece, ...tail, from: middle }];
}
