import { type Context, DeliveryError, type EventBatch, type PutReceipt } from "sluice/plugin";
import {
  type KafkaProducer,
  type ProducePart,
  RecordsRefusedError,
} from "../../../protocols/kafka/client.ts";
import type { Backlog } from "./backlog.ts";

/** What writing to a channel's topic needs. */
export interface SendingOptions {
  readonly context: Context;
  readonly backlog: Backlog;
  /** Says which records go to which partition. */
  partsOf(batch: EventBatch, producer: KafkaProducer): Promise<readonly ProducePart[]>;
  /** The brokers will never take some of the records. */
  onRefused(refusal: RecordsRefusedError): void;
  /** Opens a way to the brokers. */
  connect(signal: AbortSignal): Promise<{ readonly producer: KafkaProducer; close(): Promise<void> }>;
}

type Way = Awaited<ReturnType<SendingOptions["connect"]>>;

/** How long an orderly end waits for what the brokers have not confirmed. */
const CLOSE_MS = 5000;

/** Sends what is put, from the first put on. */
export class Sending {
  readonly #options: SendingOptions;
  readonly #end = new AbortController();
  #way: Promise<Way> | undefined;
  /** Resolves when the puts so far are in the producer's hands. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: SendingOptions) {
    this.#options = options;
  }

  /** Resolves when the records are on their way and there is room for more. */
  put(batch: EventBatch): Promise<PutReceipt> {
    const put = this.#turn.then(() => this.#send(batch));
    this.#turn = put.catch(() => {});
    return put;
  }

  /** Ends what waits for the brokers to be reached; what they have not confirmed is waited for. */
  async close(): Promise<void> {
    this.#end.abort(new DeliveryError("The channel was closed"));
    const way = await this.#way?.catch(() => undefined);
    if (!way) return;
    const { clock, signal } = this.#options.context;
    const patience = new AbortController();
    const flushed = way.producer.flush().catch(() => {}).finally(() => patience.abort());
    await Promise.race([flushed, clock.sleep(CLOSE_MS, AbortSignal.any([signal, patience.signal]))]);
    await way.close();
  }

  async #send(batch: EventBatch): Promise<PutReceipt> {
    const { partsOf } = this.#options;
    const { producer } = await this.#open();
    const parts = await partsOf(batch, producer);
    const startMs = performance.now();
    const entries = parts.map(({ partition, bodies }) => this.#options.backlog.put(partition, bodies.size));
    try {
      const { delivered } = await producer.send(parts);
      const committed = this.#confirmed(delivered, { entries, startMs });
      // An optional channel's outcome is looked at by nobody.
      committed.catch(() => {});
      return { committed };
    } catch (cause) {
      for (const entry of entries) entry.refuse();
      throw cause;
    }
  }

  async #confirmed(delivered: Promise<void>, { entries, startMs }: SentPut): Promise<void> {
    try {
      await delivered;
      for (const entry of entries) entry.confirm();
    } catch (cause) {
      for (const entry of entries) entry.refuse();
      if (!(cause instanceof RecordsRefusedError)) throw cause;
      this.#options.onRefused(cause);
      throw new DeliveryError(`Cannot put: ${cause.message}`, { cause: cause.cause });
    } finally {
      const { counters } = this.#options.context;
      counters.add("KafkaEventSendTimer", Math.round(performance.now() - startMs));
    }
  }

  #open(): Promise<Way> {
    const { connect, context } = this.#options;
    const way = this.#way ??= connect(AbortSignal.any([context.signal, this.#end.signal]));
    way.catch(() => this.#way === way && (this.#way = undefined));
    return way;
  }
}

interface SentPut {
  readonly entries: readonly ReturnType<Backlog["put"]>[];
  readonly startMs: number;
}
