import { Backoff } from "./backoff.ts";
import type { Channel, PutReceipt } from "./channel.ts";
import type { Clock, Logger } from "./context.ts";
import type { Counters } from "./counters.ts";
import { errorText } from "./errors.ts";
import type { EventBatch } from "./event_batch.ts";

/** What a put that crosses a port needs to know. */
export interface PutOptions {
  /** True: a refusal is passed on. False: the port tries again until it succeeds or the signal aborts. */
  readonly refusable: boolean;
  readonly signal: AbortSignal;
}

/** A channel with its counters, cut sizes and retries: the way in that all sources share. */
export class ChannelPort {
  readonly name: string;
  readonly channel: Channel;
  readonly counters: Counters;
  readonly #log: Logger;
  readonly #clock: Clock;
  #isOptionalBusy = false;

  constructor(
    channel: Channel,
    about: {
      readonly name: string;
      readonly counters: Counters;
      readonly log: Logger;
      readonly clock: Clock;
    },
  ) {
    this.name = about.name;
    this.channel = channel;
    this.counters = about.counters;
    this.#log = about.log;
    this.#clock = about.clock;
  }

  /** Puts a batch, cut as the channel wants it; resolves when the channel has taken all of it over. */
  async put(batch: EventBatch, options: PutOptions): Promise<PutReceipt | void> {
    const max = this.channel.maxPutEvents ?? Infinity;
    if (batch.size <= max) return await this.#putWhole(batch, options);
    const receipts: (PutReceipt | void)[] = [];
    for (let from = 0; from < batch.size; from += max) {
      receipts.push(await this.#putWhole(batch.slice(from, from + max), options));
    }
    return joinReceipts(receipts);
  }

  /** Puts a batch whose loss is only counted; one at a time, so that a full channel piles nothing up. */
  putOptional(batch: EventBatch, signal: AbortSignal): void {
    if (this.#isOptionalBusy) return this.counters.add("OptionalPutFailCount", batch.size);
    this.#isOptionalBusy = true;
    batch.lease?.retain();
    this.put(batch, { refusable: true, signal })
      .catch((cause) => {
        this.counters.add("OptionalPutFailCount", batch.size);
        this.#log.debug("Optional channel refused a batch", { channel: this.name, cause: errorText(cause) });
      })
      .finally(() => {
        batch.lease?.release();
        this.#isOptionalBusy = false;
      });
  }

  async #putWhole(batch: EventBatch, { refusable, signal }: PutOptions): Promise<PutReceipt | void> {
    const backoff = new Backoff({ firstMs: 50, maxMs: 5000 });
    for (;;) {
      signal.throwIfAborted();
      this.counters.add("EventPutAttemptCount", batch.size);
      try {
        const receipt = await this.channel.put(batch);
        this.counters.add("EventPutSuccessCount", batch.size);
        return receipt;
      } catch (cause) {
        if (refusable) throw cause;
        this.#log.warn("Channel refused a batch; trying again", {
          channel: this.name,
          cause: errorText(cause),
        });
      }
      await this.#clock.sleep(backoff.next(), signal);
    }
  }
}

/** One receipt for several: it settles when all of them have. */
export function joinReceipts(receipts: readonly (PutReceipt | void)[]): PutReceipt | void {
  const owed = receipts.filter((receipt) => receipt !== undefined);
  if (owed.length <= 1) return owed[0];
  const committed = owed.flatMap((receipt) => receipt.committed ?? []);
  const delivered = owed.flatMap((receipt) => receipt.delivered ?? []);
  return {
    ...committed.length > 0 && { committed: Promise.all(committed).then(() => {}) },
    ...delivered.length > 0 && { delivered: Promise.all(delivered).then(() => {}) },
  };
}
