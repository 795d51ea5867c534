import type { Admin, Producer, ProducerRecord } from "kafkajs";
import type { GroupNote, KafkaProducer, KafkaTarget, ProducePart, ProducerOptions } from "../client.ts";
import { RecordsRefusedError } from "../client.ts";
import { KafkaError, kafkaError } from "../kafka_error.ts";
import { sleep } from "../trouble.ts";
import { codecNumber } from "./codecs.ts";
import { Link } from "./link.ts";
import { Outbox } from "./outbox.ts";
import type { Outgoing } from "./outgoing.ts";
import { openTransactions, type Transactions } from "./transactions.ts";

/** Codes with which brokers say that they will never take what was sent. */
const REFUSALS = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_RECORD",
  "INVALID_TIMESTAMP",
  "CORRUPT_MESSAGE",
]);
/** A topic that the brokers make when it is first asked for is there after a moment. */
const TOPIC_TRIES = 10;
const TOPIC_WAIT_MS = 100;

/** Connects a producer; keeps trying until the signal aborts. */
export async function openProducer(
  target: KafkaTarget,
  options: ProducerOptions,
  signal: AbortSignal,
): Promise<KafkajsProducer> {
  const link = new Link(target);
  try {
    const library = await connect(link, options, signal);
    return new KafkajsProducer({ link, library, options, signal });
  } catch (cause) {
    await link.close(() => Promise.resolve());
    throw cause;
  }
}

/** kafkajs's producer, and the transactions where it has some. */
interface Library {
  readonly producer: Producer;
  readonly transactions: Transactions | undefined;
}

async function connect(link: Link, options: ProducerOptions, signal: AbortSignal): Promise<Library> {
  const { idempotent, transactionalId, transactionTimeoutMs, maxInFlight } = options;
  const producer = link.kafka.producer({
    createPartitioner: () => ({ message }) => message.partition!,
    allowAutoTopicCreation: true,
    metadataMaxAge: link.target.metadataAgeMs,
    maxInFlightRequests: maxInFlight,
    // A transaction numbers its records by itself.
    idempotent: idempotent && transactionalId === undefined,
    // kafkajs wants one at least; after that we try again with the same numbers, one batch of a partition at a time.
    retry: { retries: 1 },
    ...transactionalId !== undefined && { transactionalId, transactionTimeout: transactionTimeoutMs },
  });
  await link.connect(producer, signal);
  if (transactionalId === undefined) return { producer, transactions: undefined };
  return { producer, transactions: await openTransactions(producer, { link, signal, transactionalId }) };
}

/** Sends by kafkajs. */
export class KafkajsProducer implements KafkaProducer {
  readonly #link: Link;
  readonly #options: ProducerOptions;
  readonly #outbox: Outbox;
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;
  readonly #codec: number;
  readonly #counts = new Map<string, { count: number; askedMs: number }>();
  #library: Library;
  #admin: Admin | undefined;
  readonly #producing = new Set<Promise<void>>();
  /** While a new producer id is fetched. */
  #renewal: Promise<void> | undefined;
  /** Why nothing can be sent any more. */
  #fault: Error | undefined;

  constructor(parts: { link: Link; library: Library; options: ProducerOptions; signal: AbortSignal }) {
    this.#link = parts.link;
    this.#library = parts.library;
    this.#options = parts.options;
    this.#signal = AbortSignal.any([parts.signal, this.#closing.signal]);
    this.#codec = codecNumber(parts.options.compression, parts.options.compressionLevel);
    this.#outbox = new Outbox(parts.options, (outgoing) => this.#deliver(outgoing));
  }

  async partitionCount(topic: string): Promise<number> {
    const known = this.#counts.get(topic);
    const oldestMs = Date.now() - this.#link.target.metadataAgeMs;
    if (known && known.askedMs > oldestMs) return known.count;
    for (let tried = 1;; tried++) {
      try {
        const count = await this.#askCount(topic);
        this.#counts.set(topic, { count, askedMs: Date.now() });
        return count;
      } catch (cause) {
        const error = this.#link.error(cause, `Metadata of topic ${topic}`);
        if (error.code !== "UNKNOWN_TOPIC_OR_PARTITION" || tried === TOPIC_TRIES) throw error;
      }
      await sleep(TOPIC_WAIT_MS, this.#signal);
    }
  }

  async send(parts: readonly ProducePart[]): Promise<{ readonly delivered: Promise<void> }> {
    this.#check();
    const { sending, room } = this.#outbox.put(parts);
    await room;
    return { delivered: sending.delivered };
  }

  async flush(): Promise<void> {
    const results = await this.#outbox.flush();
    for (const result of results) {
      // Whoever sent them is told of refused records.
      if (result.status === "fulfilled" || result.reason instanceof RecordsRefusedError) continue;
      throw result.reason;
    }
  }

  begin(): void {
    this.#check();
    this.#transactions.begin();
  }

  async commit(group: string, notes: readonly GroupNote[]): Promise<void> {
    await this.flush();
    this.#check();
    await this.#transactions.commit(group, notes);
  }

  async abort(): Promise<void> {
    this.#outbox.drop(new KafkaError("The transaction was aborted", { code: "TRANSACTION_ABORTED" }));
    await this.#outbox.idle();
    await this.#transactions.abort();
  }

  async notes(group: string, topic: string): Promise<readonly GroupNote[]> {
    const admin = await this.#openAdmin();
    return await this.#link.retry(`OffsetFetch of group ${group}`, this.#signal, async () => {
      // All of the group: kafkajs asks for partitions that the topic has, and notes may stand beside them.
      const topics = await admin.fetchOffsets({ groupId: group });
      const partitions = topics.find((noted) => noted.topic === topic)?.partitions ?? [];
      const noted = partitions.filter(({ offset }) => Number(offset) >= 0);
      return noted.map(({ partition, offset, metadata }) => {
        return { topic, partition, offset: Number(offset), metadata: metadata ?? "" };
      });
    });
  }

  async close(): Promise<void> {
    const cause = new KafkaError("The producer was closed", { code: "CLOSED" });
    this.#fault ??= cause;
    this.#closing.abort(cause);
    this.#outbox.drop(cause);
    await this.#link.close(() =>
      Promise.all([this.#library.producer.disconnect(), this.#admin?.disconnect()])
    );
    await this.#outbox.idle();
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  get #transactions(): Transactions {
    if (this.#library.transactions) return this.#library.transactions;
    throw new KafkaError("The producer has no transactions: give it a transactional id", {
      code: "INVALID_TXN_STATE",
    });
  }

  #check(): void {
    if (this.#fault) throw this.#fault;
  }

  async #askCount(topic: string): Promise<number> {
    // Sending nothing makes the brokers create the topic, where they are allowed to.
    await this.#library.producer.sendBatch({ topicMessages: [{ topic, messages: [] }] });
    const admin = await this.#openAdmin();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const count = topics[0]?.partitions.length ?? 0;
    if (count > 0) return count;
    throw kafkaError("UNKNOWN_TOPIC_OR_PARTITION", `Metadata of topic ${topic}`);
  }

  async #openAdmin(): Promise<Admin> {
    this.#admin ??= this.#link.kafka.admin();
    await this.#link.connect(this.#admin, this.#signal);
    return this.#admin;
  }

  /** Sends one batch of one partition until its records are confirmed or refused, or nothing helps any more. */
  async #deliver(outgoing: readonly Outgoing[]): Promise<void> {
    await this.#renewal;
    try {
      this.#check();
      await this.#track(this.#produce(outgoing));
      for (const { sending } of outgoing) sending.confirm();
    } catch (cause) {
      const error = cause as Error;
      if (error instanceof KafkaError && REFUSALS.has(error.code)) return await this.#divide(outgoing, error);
      for (const { sending } of outgoing) sending.fail(error);
      if (!this.#fault) this.#startAnew(error);
    }
  }

  async #produce(outgoing: readonly Outgoing[]): Promise<void> {
    const [{ part: { topic, partition }, sentMs }] = outgoing as [Outgoing];
    const { deliveryTimeoutMs, acks } = this.#options;
    const limit = Number.isFinite(deliveryTimeoutMs)
      ? AbortSignal.timeout(Math.max(sentMs + deliveryTimeoutMs - Date.now(), 0))
      : undefined;
    const signal = limit ? AbortSignal.any([this.#signal, limit]) : this.#signal;
    const timeout = this.#link.target.requestTimeoutMs;
    const batch = { acks, timeout, compression: this.#codec, topic, messages: outgoing as Outgoing[] };
    const where = `Produce to ${topic}/${partition}`;
    try {
      await this.#link.retry(where, signal, () => this.#attempt(batch));
    } catch (cause) {
      if (!limit?.aborted || this.#signal.aborted) throw cause;
      const text = `${where}: not confirmed within ${deliveryTimeoutMs} ms (delivery.timeout.ms)`;
      throw new KafkaError(text, { code: "TIMEOUT", cause });
    }
  }

  async #attempt(batch: ProducerRecord): Promise<void> {
    const { producer, transactions } = this.#library;
    const send = async () => void await (await transactions?.current ?? producer).send(batch);
    await (transactions ? transactions.settled(send) : send());
  }

  /** Finds the records that the brokers refuse: halves are sent until one is alone. */
  async #divide(outgoing: readonly Outgoing[], cause: KafkaError): Promise<void> {
    if (outgoing.length === 1) {
      const [{ sending, part, index }] = outgoing as [Outgoing];
      return sending.refuse(part, index, cause.message);
    }
    const middle = outgoing.length >> 1;
    await this.#deliver(outgoing.slice(0, middle));
    await this.#deliver(outgoing.slice(middle));
  }

  /**
   * Nobody knows whether what was given up is written, and kafkajs gives its numbers to the next batch, which the broker
   * might take for the same one. So there is a new producer id; in a transaction only the owner can make one.
   */
  #startAnew(cause: Error): void {
    if (this.#library.transactions) this.#fault = cause;
    else if (this.#options.idempotent) {
      this.#renewal ??= this.#renew().finally(() => this.#renewal = undefined);
    }
  }

  async #track(producing: Promise<void>): Promise<void> {
    this.#producing.add(producing);
    try {
      await producing;
    } finally {
      this.#producing.delete(producing);
    }
  }

  async #renew(): Promise<void> {
    await Promise.allSettled(this.#producing);
    const old = this.#library.producer;
    try {
      this.#library = await connect(this.#link, this.#options, this.#signal);
    } catch (cause) {
      this.#fault = cause as Error;
    }
    old.disconnect().catch(() => {});
  }
}
