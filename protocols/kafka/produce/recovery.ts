import type { ProducerOptions } from "../client.ts";
import type { Cluster } from "../cluster.ts";
import { KafkaError } from "../kafka_error.ts";
import type { BatchSeal } from "../records/batch_writer.ts";
import type { BatchPool } from "./batch_pool.ts";
import type { Lane } from "./lane.ts";
import type { PendingBatch } from "./pending_batch.ts";
import { askIdentity } from "./producer_identity.ts";
import type { Sender } from "./sender.ts";
import type { Verdict } from "./verdict.ts";

/** What a recovery works on. */
export interface RecoveryParts {
  readonly cluster: Cluster;
  readonly options: ProducerOptions;
  readonly sender: Sender;
  readonly pool: BatchPool;
  /** Aborts when the producer is closed. */
  readonly signal: AbortSignal;
  /** Nothing can be sent any more with this producer. */
  shutOut(cause: Error): void;
}

/** A batch in its lane. */
interface Place {
  readonly lane: Lane;
  readonly batch: PendingBatch;
}

/**
 * Settles batches, or has them sent again. The invariant: the broker takes the records of a partition in the order of their
 * numbers, without gaps; so what is dropped before it was taken makes those behind it move up, and what nobody knows of keeps
 * its numbers, or the producer goes on under another id.
 */
export class Recovery {
  readonly #parts: RecoveryParts;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  settle(place: Place, verdict: Verdict): void {
    switch (verdict.fate) {
      case "arrived":
        place.batch.arrived();
        place.lane.confirmed(place.batch);
        return this.#release(place);
      case "refused":
        return this.#refuse(place, verdict);
      case "again":
        return this.#sendAgain(place, verdict.cause);
      case "miscounted":
        return this.#recount(place, verdict.cause);
      case "shut out":
        place.batch.failed(verdict.cause);
        this.#release(place);
        return this.#parts.shutOut(verdict.cause);
      case "failed":
        return this.#fail(place, verdict.cause);
    }
  }

  #release({ lane, batch }: Place): void {
    const { cluster, pool } = this.#parts;
    cluster.trouble.end(lane.key);
    lane.drop(batch);
    pool.release(batch);
  }

  #sendAgain({ lane, batch }: Place, cause: KafkaError): void {
    const { cluster, options: { deliveryTimeoutMs } } = this.#parts;
    if (performance.now() - batch.openedMs > deliveryTimeoutMs) {
      const text = `Not confirmed within ${deliveryTimeoutMs} ms (delivery.timeout.ms)`;
      return this.#fail({ lane, batch }, new KafkaError(text, { code: "TIMEOUT", cause }));
    }
    if (cause.isStale) cluster.forget({ topic: lane.topic });
    cluster.trouble.begin(lane.key, cause);
    lane.giveBack(batch, (failures) => cluster.trouble.waitMs(failures));
  }

  /** It did not arrive, or nobody knows. */
  #fail({ lane, batch }: Place, cause: Error): void {
    const { sequence, size, isInDoubt } = batch;
    batch.failed(cause);
    this.#release({ lane, batch });
    if (sequence === undefined) return;
    if (isInDoubt && this.#parts.options.idempotent) void this.#renew(cause);
    else lane.closeGap(sequence, size);
  }

  /** The broker has other numbers than we: batches before this one are still to come, or it has forgotten us. */
  #recount({ lane, batch }: Place, cause: KafkaError): void {
    const isFirst = !lane.hasBefore(batch) && !batch.isMoved;
    const { trouble } = this.#parts.cluster;
    lane.giveBack(batch, (failures) => trouble.waitMs(failures));
    if (isFirst) void this.#renew(cause);
  }

  /** Goes on under another number. */
  async #renew(cause: Error): Promise<void> {
    const { cluster, options, sender, signal, shutOut } = this.#parts;
    if (options.transactionalId !== undefined) return shutOut(cause);
    if (sender.isPaused) return;
    sender.isPaused = true;
    try {
      while (sender.flying > 0) await cluster.trouble.wait(0);
      sender.identity = await cluster.retry(signal, () => askIdentity(cluster, options));
      for (const lane of sender.lanes.values()) lane.renumber();
      sender.isPaused = false;
      sender.schedule();
    } catch (fault) {
      shutOut(fault as Error);
    }
  }

  /** The guilty ones are found by sending them alone, or one half after the other. */
  #refuse({ lane, batch }: Place, { cause, places }: Extract<Verdict, { fate: "refused" }>): void {
    const { size, sequence } = batch;
    if (size === 1) {
      batch.refused(cause.message);
      this.#release({ lane, batch });
      return lane.closeGap(sequence!, 1);
    }
    const { pool } = this.#parts;
    const ends = places.length > 0 && places.length < size ? endsAround(places, size) : [size >> 1, size];
    const pieces = batch.split(ends, this.#seal(), () => pool.writer());
    for (const piece of pieces) pool.add(piece);
    lane.replace(batch, pieces);
    pool.release(batch);
  }

  #seal(): Omit<BatchSeal, "baseSequence"> {
    const { options: { compression, compressionLevel, transactionalId }, sender } = this.#parts;
    return {
      compression,
      compressionLevel,
      ...sender.identity,
      isTransactional: transactionalId !== undefined,
    };
  }
}

/** Ends of ranges so that each of the places stands alone. */
function endsAround(places: readonly number[], size: number): number[] {
  const ends = new Set<number>([size]);
  for (const place of places) {
    if (place > 0) ends.add(place);
    if (place + 1 < size) ends.add(place + 1);
  }
  return Array.from(ends).sort((one, other) => one - other);
}
