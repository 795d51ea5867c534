import type { Producer, Transaction } from "kafkajs";
import type { GroupNote } from "../client.ts";
import { KafkaError } from "../kafka_error.ts";
import { sleep } from "../trouble.ts";
import type { Link } from "./link.ts";

/** The brokers end a transaction some milliseconds after they have confirmed it; until then the next cannot begin. */
const SETTLE_MS = 20;

/** Who the transactions belong to, and when to give up. */
interface TransactionContext {
  readonly link: Link;
  readonly signal: AbortSignal;
  readonly transactionalId: string;
}

/** Fences off a forerunner with the same transactional id, and ends what it left open. */
export async function openTransactions(
  producer: Producer,
  context: TransactionContext,
): Promise<Transactions> {
  const { link, signal, transactionalId } = context;
  const transactions = new Transactions(producer, context);
  // kafkajs asks for the producer id when it begins the first transaction; an empty one leaves no trace.
  await link.retry(`InitProducerId of ${transactionalId}`, signal, async () => {
    await (await producer.transaction()).abort();
  });
  return transactions;
}

/** The transactions of one producer, one after the other. */
export class Transactions {
  readonly #producer: Producer;
  readonly #context: TransactionContext;
  #current: Promise<Transaction> | undefined;

  constructor(producer: Producer, context: TransactionContext) {
    this.#producer = producer;
    this.#context = context;
  }

  /** @throws {KafkaError} when none has begun. */
  get current(): Promise<Transaction> {
    if (this.#current) return this.#current;
    throw new KafkaError("Nothing can be sent outside of a transaction: begin one first", {
      code: "INVALID_TXN_STATE",
    });
  }

  begin(): void {
    if (this.#current) throw new KafkaError("A transaction has begun already", { code: "INVALID_TXN_STATE" });
    this.#current = this.#producer.transaction();
    this.#current.catch(() => {});
  }

  /** Notes the offsets, and commits. */
  async commit(group: string, notes: readonly GroupNote[]): Promise<void> {
    const { link, signal, transactionalId } = this.#context;
    const transaction = await this.current;
    if (notes.length > 0) {
      const offsets = { consumerGroupId: group, topics: byTopic(notes) };
      await link.retry(`TxnOffsetCommit of group ${group}`, signal, () => {
        return this.settled(() => transaction.sendOffsets(offsets));
      });
    }
    try {
      await transaction.commit();
    } catch (cause) {
      throw link.error(cause, `EndTxn of ${transactionalId}`);
    }
    this.#current = undefined;
  }

  async abort(): Promise<void> {
    const { link, transactionalId } = this.#context;
    const transaction = await this.current;
    try {
      await transaction.abort();
    } catch (cause) {
      throw link.error(cause, `EndTxn of ${transactionalId}`);
    }
    this.#current = undefined;
  }

  /** Calls again while the brokers are still busy with the transaction before. */
  async settled<T>(attempt: () => Promise<T>): Promise<T> {
    const { signal } = this.#context;
    for (;;) {
      try {
        return await attempt();
      } catch (cause) {
        const { type } = cause as { type?: string };
        if (type !== "CONCURRENT_TRANSACTIONS" || signal.aborted) throw cause;
      }
      await sleep(SETTLE_MS, signal);
    }
  }
}

/** Offsets as kafkajs takes them; it passes the metadata on, though its types do not say so. */
function byTopic(notes: readonly GroupNote[]) {
  const topics = new Map<string, { partition: number; offset: string; metadata: string }[]>();
  for (const { topic, partition, offset, metadata } of notes) {
    const partitions = topics.get(topic) ?? [];
    partitions.push({ partition, offset: String(offset), metadata });
    topics.set(topic, partitions);
  }
  return Array.from(topics, ([topic, partitions]) => ({ topic, partitions }));
}
