import { DeliveryError, type EventBatch, joinPositions, PoisonError, type Position } from "sluice/plugin";

type Timer = ReturnType<typeof setTimeout>;

/** Batches that become visible together, or not at all. */
export class Transaction {
  readonly #settled = Promise.withResolvers<void>();
  readonly #sends: Promise<void>[] = [];
  #ageTimer: Timer | undefined;
  #idleTimer: Timer | undefined;
  #position: Position | undefined;
  /** Where each of its batches ends. */
  readonly batches: { readonly position: Position | undefined }[] = [];
  /** Events sent in it so far. */
  events = 0;
  /** Sends that have not been taken over yet. */
  sending = 0;
  /** It is to end as soon as nothing is being sent. */
  isDue = false;
  hasEnded = false;

  constructor() {
    // Whoever waits for it is told; nobody may wait when the sink is at its end.
    this.#settled.promise.catch(() => {});
  }

  /** Where the stage before goes on behind all batches in it. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** Counts a batch whose records have been taken over; what it answers settles with the transaction. */
  add(batch: EventBatch, confirmed: Promise<void>): Promise<void> {
    this.events += batch.size;
    this.#position = joinPositions(this.#position, batch.position);
    this.batches.push({ position: batch.position });
    this.#sends.push(confirmed);
    const delivered = this.#settled.promise.catch((cause) => refuse(confirmed, cause));
    delivered.catch(() => {});
    return delivered;
  }

  /** Resolves when the brokers have all of its records; a commit of some of them would lose the others. */
  async confirmed(): Promise<void> {
    await Promise.all(this.#sends);
  }

  /** Calls back after a time, unless the transaction ends before. */
  whenOld(ms: number, callBack: () => void): void {
    this.#ageTimer = setTimeout(callBack, ms);
  }

  /** Calls back when the transaction has had no batch for a time; the last call counts. */
  whenIdle(ms: number, callBack: () => void): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(callBack, ms);
  }

  /** No more batches come. */
  end(): void {
    this.hasEnded = true;
    clearTimeout(this.#ageTimer);
    clearTimeout(this.#idleTimer);
  }

  commit(): void {
    this.#settled.resolve();
  }

  fail(cause: unknown): void {
    this.#settled.reject(cause);
  }
}

/** Poison is told of the batch that has it; all others of its transaction only have to come again. */
async function refuse(confirmed: Promise<void>, cause: unknown): Promise<void> {
  if (!(cause instanceof PoisonError)) throw cause;
  await confirmed.catch((own) => {
    if (own instanceof PoisonError) throw own;
  });
  throw new DeliveryError(
    "The transaction was aborted, for another of its batches has events that are refused",
  );
}
