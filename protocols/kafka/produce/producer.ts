import type { GroupNote, KafkaProducer, ProducePart, ProducerOptions } from "../client.ts";
import type { Cluster } from "../cluster.ts";
import { KafkaError } from "../kafka_error.ts";
import { BatchPool } from "./batch_pool.ts";
import type { Lane } from "./lane.ts";
import type { PendingBatch } from "./pending_batch.ts";
import { askIdentity } from "./producer_identity.ts";
import { Recovery } from "./recovery.ts";
import { SendOutcome } from "./send_outcome.ts";
import { Sender } from "./sender.ts";
import { readNotes, Transaction } from "./transaction.ts";
import type { Verdict } from "./verdict.ts";

const BUFFER_BYTES = 32 * 1024 * 1024;
/** The brokers make a topic in the background. */
const TOPIC_TRIES = 5;

/** Gathers records in batches for each partition, and sends them. */
export class Producer implements KafkaProducer {
  readonly options: ProducerOptions;
  readonly #cluster: Cluster;
  readonly #sender: Sender;
  readonly #pool: BatchPool;
  readonly #recovery: Recovery;
  readonly #end = new AbortController();
  readonly #strange = new Set<Lane>();
  #transaction: Transaction | undefined;
  /** Counts transactions; batches that are filled now belong to this one. */
  #filling = 0;
  #ending: Promise<void> = Promise.resolve();
  #fault: Error | undefined;

  private constructor(cluster: Cluster, options: ProducerOptions) {
    this.#cluster = cluster;
    this.options = options;
    const { maxRecordBytes, bufferBytes = BUFFER_BYTES } = options;
    // A record that is too large then stands alone, where it shows.
    const batchBytes = Math.min(options.batchBytes, maxRecordBytes);
    this.#pool = new BatchPool({ batchBytes, bufferBytes });
    this.#sender = new Sender(cluster, this);
    this.#recovery = new Recovery({
      cluster,
      options,
      sender: this.#sender,
      pool: this.#pool,
      signal: this.#end.signal,
      shutOut: (cause) => this.#shutOut(cause),
    });
  }

  /** Resolves when the producer can send. */
  static async open(cluster: Cluster, options: ProducerOptions, signal: AbortSignal): Promise<Producer> {
    const producer = new Producer(cluster, options);
    if (options.idempotent || options.transactionalId !== undefined) {
      producer.#sender.identity = await cluster.retry(signal, () => askIdentity(cluster, options));
    }
    return producer;
  }

  async partitionCount(topic: string): Promise<number> {
    for (let failures = 0;; failures++) {
      const known = (await this.#cluster.topics([topic], { creates: true })).get(topic);
      if (known && known.partitions.length > 0) return known.partitions.length;
      if (failures >= TOPIC_TRIES) {
        throw this.#cluster.refusal(topic) ??
          new KafkaError(`The topic ${topic} is not there: ${CREATE}`, { code: "UNKNOWN_TOPIC" });
      }
      await this.#cluster.trouble.wait(failures);
    }
  }

  async send(parts: readonly ProducePart[]): Promise<{ readonly delivered: Promise<void> }> {
    if (this.#fault) throw this.#fault;
    const outcome = new SendOutcome();
    for (const part of parts) this.#append(part, outcome);
    outcome.complete();
    this.#sender.schedule();
    await this.#pool.room();
    return { delivered: outcome.delivered };
  }

  async flush(): Promise<void> {
    await this.#flush(this.#filling);
  }

  begin(): void {
    if (this.options.transactionalId === undefined) {
      throw new TypeError("A producer without transactional id has no transactions");
    }
    for (const lane of this.#sender.lanes.values()) lane.seal();
    const filled = ++this.#filling;
    this.#ending = this.#ending.then(() => this.#beginNow(filled), () => {});
  }

  async commit(group: string, notes: readonly GroupNote[]): Promise<void> {
    const filled = this.#filling;
    await this.#finish(async (transaction) => {
      await this.#flush(filled);
      if (notes.length > 0) await transaction.note(group, notes);
      await transaction.end(true);
    });
  }

  async abort(): Promise<void> {
    const filled = this.#filling;
    await this.#finish(async (transaction) => {
      this.#giveUp(new KafkaError("The transaction was aborted", { code: "CLOSED", canRetry: true }), filled);
      await this.#flush(filled);
      await transaction.end(false);
    });
  }

  async notes(group: string, topic: string): Promise<readonly GroupNote[]> {
    return await this.#cluster.retry(this.#end.signal, () => readNotes(this.#cluster, group, topic));
  }

  close(): Promise<void> {
    this.#shutOut(new KafkaError("The producer was closed", { code: "CLOSED", canRetry: true }));
    this.#end.abort(this.#fault);
    this.#sender.close();
    return Promise.resolve();
  }

  /** Called by the sender: the partition must be part of the transaction. */
  admits(lane: Lane): boolean {
    if (!this.#transaction || this.#transaction.has(lane)) return true;
    if (this.#strange.size === 0) queueMicrotask(() => void this.#announce());
    this.#strange.add(lane);
    return false;
  }

  /** Called by the sender: what became of a batch. */
  onVerdict(lane: Lane, batch: PendingBatch, verdict: Verdict): void {
    this.#recovery.settle({ lane, batch }, this.#fault ? { fate: "failed", cause: this.#fault } : verdict);
  }

  #append(part: ProducePart, outcome: SendOutcome): void {
    const lane = this.#sender.lane(part.topic, part.partition);
    const { maxRecordBytes } = this.options;
    for (let from = 0; from < part.bodies.size;) {
      lane.open ??= this.#pool.open(lane, this.#filling);
      const before = lane.open.bytes;
      const taken = lane.open.append(part, from, outcome);
      this.#pool.grow(lane.open.bytes - before);
      from += taken;
      // Only a batch of a single record can be larger than a batch may be.
      if (lane.open.size === 1 && lane.open.bytes > maxRecordBytes) {
        const text = `${lane.open.bytes} bytes are more than max.request.size (${maxRecordBytes})`;
        this.#refuseOpen(lane, text);
      } else if (taken === 0 || from < part.bodies.size || lane.open.bytes >= this.options.batchBytes) {
        lane.seal();
      }
    }
  }

  #refuseOpen(lane: Lane, reason: string): void {
    const batch = lane.open!;
    lane.open = undefined;
    batch.refused(reason);
    this.#pool.release(batch);
  }

  async #flush(transaction: number): Promise<void> {
    for (const lane of this.#sender.lanes.values()) lane.seal();
    this.#sender.schedule();
    await this.#pool.settled(transaction, () => this.#fault !== undefined);
    if (this.#fault) throw this.#fault;
  }

  async #announce(): Promise<void> {
    const lanes = Array.from(this.#strange);
    try {
      await this.#transaction?.add(lanes);
    } catch (cause) {
      this.#shutOut(cause as Error);
    }
    for (const lane of lanes) this.#strange.delete(lane);
    // Others may have come meanwhile.
    if (this.#strange.size > 0 && !this.#fault) void this.#announce();
    this.#sender.schedule();
  }

  #beginNow(filled: number): void {
    const { transactionalId = "" } = this.options;
    const { identity } = this.#sender;
    this.#transaction = new Transaction({
      cluster: this.#cluster,
      transactionalId,
      identity,
      signal: this.#end.signal,
    });
    this.#sender.transaction = filled;
    this.#sender.schedule();
  }

  #finish(end: (transaction: Transaction) => Promise<void>): Promise<void> {
    if (this.#filling === 0) throw new TypeError("No transaction was begun");
    const ended = this.#ending.then(async () => {
      try {
        await end(this.#transaction!);
      } catch (cause) {
        this.#shutOut(cause as Error);
        throw cause;
      }
    });
    this.#ending = ended.catch(() => {});
    return ended;
  }

  /** Nothing can be sent any more with this producer. */
  #shutOut(cause: Error): void {
    if (this.#fault) return;
    this.#fault = cause;
    this.#sender.isPaused = true;
    this.#giveUp(cause);
    this.#pool.wake();
  }

  /** Gives up what is not on its way, up to a transaction. */
  #giveUp(cause: Error, transaction = Infinity): void {
    for (const lane of this.#sender.lanes.values()) {
      for (const batch of lane.giveUp(transaction)) {
        batch.failed(cause);
        this.#pool.release(batch);
      }
    }
  }
}

const CREATE = "create it, or allow the brokers to (auto.create.topics.enable)";
