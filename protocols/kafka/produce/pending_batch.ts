import type { ProducePart } from "../client.ts";
import type { BatchSeal, RecordBatchWriter } from "../records/batch_writer.ts";
import { readRecords } from "../records/batch_reader.ts";
import type { SendOutcome } from "./send_outcome.ts";

/** Neighbouring records of a batch that came with one part of one call. */
interface Share {
  readonly outcome: SendOutcome;
  readonly part: ProducePart;
  /** Place of the first one in the part. */
  readonly first: number;
  readonly count: number;
}

const READ_ALL = {
  fromOffset: 0,
  wantsHeaders: true,
  maxRecords: 0x7fffffff,
  // All in one chunk.
  maxCells: Infinity,
  maxInflatedBytes: 0x7fffffff,
  checksCrc: false,
};

/** A batch of records for one partition that no broker has confirmed yet. */
export class PendingBatch {
  readonly topic: string;
  readonly partition: number;
  readonly writer: RecordBatchWriter;
  /** Which transaction it belongs to, counted from 1; 0: none. */
  readonly transaction: number;
  readonly openedMs = performance.now();
  /** Number of the first record, once it has been given one. */
  sequence: number | undefined;
  /** The broker may have it, because an answer did not come. */
  isInDoubt = false;
  /** Its number has changed while it was on its way with the old one, which no broker can take. */
  isMoved = false;
  #shares: Share[] = [];

  constructor(
    target: { readonly topic: string; readonly partition: number },
    writer: RecordBatchWriter,
    transaction: number,
  ) {
    this.topic = target.topic;
    this.partition = target.partition;
    this.writer = writer;
    this.transaction = transaction;
  }

  get size(): number {
    return this.writer.size;
  }

  get bytes(): number {
    return this.writer.bytes;
  }

  /** Takes records of a part, from a place on; answers how many. */
  append(part: ProducePart, from: number, outcome: SendOutcome): number {
    const count = this.writer.append(part, from);
    if (count > 0) this.#shares.push({ outcome, part, first: from, count });
    outcome.expect(count);
    return count;
  }

  finish(seal: Omit<BatchSeal, "baseSequence">): Uint8Array {
    const isNumbered = seal.producerId !== -1n;
    return this.writer.finish({ ...seal, baseSequence: isNumbered ? this.sequence! : -1 });
  }

  arrived(): void {
    for (const { outcome, count } of this.#shares) outcome.arrived(count);
  }

  failed(cause: Error): void {
    for (const { outcome, count } of this.#shares) outcome.failed(count, cause);
  }

  /** The broker will never take any of it. */
  refused(reason: string): void {
    for (const { outcome, part, first, count } of this.#shares) {
      for (let at = 0; at < count; at++) outcome.refused(part, first + at, reason);
    }
  }

  /** The same records in one batch for each of the ranges of places, which follow each other without gaps. */
  split(
    ends: readonly number[],
    seal: Omit<BatchSeal, "baseSequence">,
    newWriter: () => RecordBatchWriter,
  ): PendingBatch[] {
    const [records] = readRecords(this.finish(seal), READ_ALL);
    const { bodies, keys, headers, timestamps } = records!;
    const whole: ProducePart = {
      topic: this.topic,
      partition: this.partition,
      bodies,
      keys,
      headers,
      timestamps,
    };
    let from = 0;
    return ends.map((end) => {
      const batch = new PendingBatch(this, newWriter(), this.transaction);
      batch.writer.append({ ...whole, bodies: { ...bodies, size: end } }, from);
      batch.sequence = this.sequence === undefined ? undefined : this.sequence + from;
      batch.#shares = sharesBetween(this.#shares, from, end);
      from = end;
      return batch;
    });
  }
}

/** What of the shares lies between two places of their batch. */
function sharesBetween(shares: readonly Share[], from: number, end: number): Share[] {
  const cut: Share[] = [];
  let at = 0;
  for (const share of shares) {
    const begin = Math.max(at, from);
    const stop = Math.min(at + share.count, end);
    if (begin < stop) cut.push({ ...share, first: share.first + begin - at, count: stop - begin });
    at += share.count;
  }
  return cut;
}
