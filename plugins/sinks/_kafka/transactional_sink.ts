import {
  DeliveryError,
  type EventBatch,
  mergePositions,
  PoisonError,
  type Position,
  type Sink,
} from "sluice/plugin";
import type { GroupNote, KafkaProducer } from "../../../protocols/kafka/client.ts";
import type { SinkParts } from "./plain_sink.ts";
import { notedPosition, positionNotes } from "./position_notes.ts";
import { Transaction } from "./transaction.ts";

// The position of the last batch is committed in the same transaction as the records: a start reads it, and what an earlier
// run sent beyond was never committed. After any failure this sink is at its end; core makes another, which begins
// with what is committed. One transaction is open at a time, so writes wait while one is being committed.

/** An open transaction into which nothing more comes is committed after this. */
const IDLE_MS = 5;

/** How batches are gathered into transactions. */
export interface TransactionSettings extends SinkParts {
  readonly maxEvents: number;
  readonly maxMs: number;
  /** Consumer group that keeps the position, and a topic under which its offsets stand. */
  readonly group: string;
  readonly topic: string;
}

/** Why nothing more is taken; what is left of a batch whose other events are set aside is, so that they are not set aside again. */
interface Failure {
  readonly cause: unknown;
  readonly restOf?: { readonly position: Position | undefined } | undefined;
}

/** A sink that stores positions: each batch is in the target once. */
export class TransactionalSink implements Sink {
  readonly #settings: TransactionSettings;
  #resumed: Promise<Position | undefined> | undefined;
  #position: Position | undefined;
  #sequence = 0;
  #open: Transaction | undefined;
  #ending: Promise<void> = Promise.resolve();
  #aborting: Promise<void> | undefined;
  #failure: Failure | undefined;

  constructor(settings: TransactionSettings) {
    this.#settings = settings;
  }

  get batchSize(): number | undefined {
    return this.#settings.batchSize;
  }

  /** Ends what an earlier run left open, and tells how far it came. */
  resume(): Promise<Position | undefined> {
    return this.#resumed ??= this.#readPosition().catch((cause) => {
      this.#resumed = undefined;
      throw cause;
    });
  }

  async write(batch: EventBatch): Promise<void | { delivered: Promise<void> }> {
    if (batch.size === 0) return;
    const { counters } = this.#settings.context;
    try {
      return await this.#send(batch);
    } catch (cause) {
      if (!(cause instanceof PoisonError)) counters.add("RollbackCount");
      throw cause;
    }
  }

  /** Commits what is open. */
  async close(): Promise<void> {
    const { link } = this.#settings;
    await link.close(async (producer) => {
      if (this.#open) this.#endSoon(this.#open, producer);
      await this.#ending;
      await this.#aborting;
    });
  }

  async #readPosition(): Promise<Position | undefined> {
    const { link, group, topic } = this.#settings;
    const producer = await link.producer();
    const noted = notedPosition(await producer.notes(group, topic), group);
    this.#position = noted?.position;
    this.#sequence = noted?.sequence ?? 0;
    return noted?.position;
  }

  /** Resolves when the transaction has the batch, with what settles with it. */
  async #send(batch: EventBatch): Promise<{ readonly delivered: Promise<void> }> {
    await this.resume();
    await this.#goOnWithRest(batch);
    const { link, router, context } = this.#settings;
    const producer = await link.producer();
    const countOf = (topic: string) => producer.partitionCount(topic);
    const routed = await router.route(batch, { nowMs: context.clock.now(), countOf });
    const transaction = await this.#current(producer);
    transaction.sending++;
    let outcome: Promise<void>;
    try {
      const { delivered } = await link.send(producer, routed, batch.size);
      outcome = transaction.add(batch, delivered);
      delivered.catch((cause) => this.#fail(transaction, producer, cause));
    } catch (cause) {
      if (transaction.events > 0) this.#fail(transaction, producer, cause);
      else this.#startOver(transaction);
      throw cause;
    } finally {
      transaction.sending--;
    }
    this.#schedule(transaction, producer);
    return { delivered: outcome };
  }

  /** The transaction for the next batch; the one before has then been committed. */
  async #current(producer: KafkaProducer): Promise<Transaction> {
    await this.#ending;
    if (this.#failure) throw this.#failure.cause;
    if (this.#open) return this.#open;
    producer.begin();
    const transaction = new Transaction();
    transaction.whenOld(this.#settings.maxMs, () => this.#endSoon(transaction, producer));
    return this.#open = transaction;
  }

  #schedule(transaction: Transaction, producer: KafkaProducer): void {
    if (transaction.hasEnded) return;
    const end = () => this.#endSoon(transaction, producer);
    if (transaction.isDue || transaction.events >= this.#settings.maxEvents) end();
    else transaction.whenIdle(IDLE_MS, end);
  }

  /** Commits, but not in the middle of a send: its batch must be in the position. */
  #endSoon(transaction: Transaction, producer: KafkaProducer): void {
    if (transaction.hasEnded) return;
    transaction.isDue = true;
    if (transaction.sending > 0) return;
    transaction.end();
    this.#open = undefined;
    this.#ending = this.#commit(transaction, producer);
  }

  async #commit(transaction: Transaction, producer: KafkaProducer): Promise<void> {
    const { group, topic } = this.#settings;
    const position = transaction.position && mergePositions(this.#position, transaction.position);
    const sequence = this.#sequence + 1;
    let notes: readonly GroupNote[] = [];
    try {
      await Promise.all([producer.flush(), transaction.confirmed()]);
      const count = await producer.partitionCount(topic);
      if (position) notes = positionNotes({ position, sequence }, { topic, count });
    } catch (cause) {
      return this.#takeBack(transaction, producer, cause);
    }
    try {
      await producer.commit(group, notes);
    } catch (cause) {
      // Nobody knows whether it is committed: the next start reads it.
      return this.#giveUp(transaction, cause);
    }
    this.#position = position ?? this.#position;
    this.#sequence = sequence;
    transaction.commit();
  }

  /** A send has failed; a commit that is under way sees it, too. */
  #fail(transaction: Transaction, producer: KafkaProducer, cause: unknown): void {
    if (transaction.hasEnded) return;
    transaction.end();
    this.#open = undefined;
    this.#takeBack(transaction, producer, cause);
  }

  /** Nobody waits for this transaction, so that core will not make another sink. */
  #startOver(transaction: Transaction): void {
    transaction.end();
    this.#open = undefined;
    this.#resumed = undefined;
  }

  #takeBack(transaction: Transaction, producer: KafkaProducer, cause: unknown): void {
    this.#giveUp(transaction, cause);
    this.#aborting = producer.abort().catch(() => {});
  }

  /** The rest of a batch keeps the batch's position. Any other batch is behind it, and must not be committed before it. */
  async #goOnWithRest({ position }: EventBatch): Promise<void> {
    const { restOf } = this.#failure ?? {};
    if (restOf === undefined || restOf.position !== position) return;
    await this.#aborting;
    this.#failure = undefined;
  }

  /** All batches of the transaction come again, into another one of another sink. */
  #giveUp(transaction: Transaction, cause: unknown): void {
    this.#failure ??= failureOf(transaction, cause);
    this.#settings.context.counters.add("RollbackCount");
    transaction.fail(cause);
  }
}

/** Poison is the fault of its own batch only. */
function failureOf({ batches }: Transaction, cause: unknown): Failure {
  if (!(cause instanceof PoisonError)) return { cause };
  const restOf = batches.length === 1 ? batches[0] : undefined;
  return {
    cause: new DeliveryError("A transaction was aborted for events that are refused", { cause }),
    restOf,
  };
}
