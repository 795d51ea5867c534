import { type Clock, type Context, DeliveryError } from "sluice/plugin";
import type { KafkaClient, KafkaProducer, ProducerOptions } from "../../../protocols/kafka/client.ts";
import { poisonOf, type RoutedPart } from "./router.ts";

/** Upper bounds for the time of a send in seconds, and for the events in it. */
const SEND_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const SEND_EVENTS = [1, 10, 100, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000];

/** Without a confirmation for so long, the end of a sink waits no more. */
const STOP_MS = 5000;

/** What a link is made of. */
export interface LinkParts {
  open(): Promise<KafkaClient>;
  readonly options: ProducerOptions;
  readonly context: Pick<Context, "clock" | "counters" | "signal" | "stopSignal">;
}

interface OpenLink {
  readonly client: KafkaClient;
  readonly producer: KafkaProducer;
}

/** The producer of a sink, made when it is needed, and what its sends cost. */
export class ProducerLink {
  readonly #parts: LinkParts;
  readonly #stop = new AbortController();
  #opening: Promise<OpenLink> | undefined;
  #open: OpenLink | undefined;
  #confirmedMs = 0;

  constructor(parts: LinkParts) {
    this.#parts = parts;
    const { stopSignal } = parts.context;
    stopSignal?.addEventListener("abort", () => void this.#stopSoon(), { signal: this.#stop.signal });
    if (stopSignal?.aborted) void this.#stopSoon();
  }

  /** Resolves when brokers are there; what fails for good is tried anew by the next call. */
  async producer(): Promise<KafkaProducer> {
    this.#opening ??= this.#make().catch((cause) => {
      this.#opening = undefined;
      throw cause;
    });
    return (await this.#opening).producer;
  }

  /** Resolves when there is room for more; `delivered` says which events of the batch are poison. */
  async send(
    producer: KafkaProducer,
    routed: readonly RoutedPart[],
    events: number,
  ): Promise<{ readonly delivered: Promise<void> }> {
    const { counters } = this.#parts.context;
    const startMs = performance.now();
    counters.histogram("KafkaSendRecords", SEND_EVENTS).observe(events);
    const { delivered } = await producer.send(routed.map(({ part }) => part)).catch(async (cause) => {
      // It sends nothing any more; the next write begins with another.
      await this.#drop();
      throw cause;
    });
    const confirmed = delivered.then(() => {
      this.#confirmedMs = performance.now();
      const ms = this.#confirmedMs - startMs;
      counters.add("KafkaEventSendTimer", Math.round(ms));
      counters.histogram("KafkaSendSeconds", SEND_SECONDS).observe(ms / 1000);
    }, (cause) => {
      throw poisonOf(cause, routed);
    });
    // Whoever waits for it is told; nobody may wait when the sink is at its end.
    confirmed.catch(() => {});
    return { delivered: confirmed };
  }

  /** Waits for the end of what is under way while the brokers confirm some of it, and closes. */
  async close(ending: (producer: KafkaProducer) => Promise<void>): Promise<void> {
    if (this.#open) await this.#end(ending(this.#open.producer));
    this.#stop.abort();
    await this.#opening?.catch(() => {});
    await this.#drop();
  }

  async #drop(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    this.#opening = undefined;
    await open?.producer.close();
    await open?.client.close();
  }

  async #end(ending: Promise<void>): Promise<void> {
    const { clock, signal } = this.#parts.context;
    const ended = new AbortController();
    // What failed was told to whoever waits for it.
    void ending.catch(() => {}).finally(() => ended.abort());
    await this.#confirmsNothing(clock, AbortSignal.any([ended.signal, signal]));
  }

  /** Gives up what the brokers do not confirm any more, so that core can put it back. */
  async #stopSoon(): Promise<void> {
    const open = this.#open;
    if (!open) return this.#stop.abort(new DeliveryError("The sink ends before the brokers were reached"));
    const { signal } = this.#stop;
    await this.#confirmsNothing(this.#parts.context.clock, signal);
    if (!signal.aborted) await open.producer.close();
  }

  /** Resolves after a time in which nothing was confirmed, or when the signal aborts. */
  async #confirmsNothing(clock: Clock, signal: AbortSignal): Promise<void> {
    let seenMs: number | undefined;
    while (!signal.aborted && seenMs !== this.#confirmedMs) {
      seenMs = this.#confirmedMs;
      await clock.sleep(STOP_MS, signal);
    }
  }

  async #make(): Promise<OpenLink> {
    const { options, context } = this.#parts;
    const patience = new AbortController();
    const signal = AbortSignal.any([context.signal, this.#stop.signal, patience.signal]);
    const client = await this.#parts.open();
    const timer = giveUpLater(patience, options.deliveryTimeoutMs);
    try {
      signal.throwIfAborted();
      const open = { client, producer: await client.producer(options, signal) };
      this.#open = open;
      return open;
    } catch (cause) {
      await client.close();
      throw cause;
    } finally {
      clearTimeout(timer);
    }
  }
}

function giveUpLater(patience: AbortController, ms: number): ReturnType<typeof setTimeout> | undefined {
  if (ms === Infinity) return undefined;
  const text = `No broker was reached within ${ms} ms (delivery.timeout.ms)`;
  return setTimeout(() => patience.abort(new DeliveryError(text)), ms);
}
