import { Backoff } from "./backoff.ts";
import type { Channel, ChannelLog, PutReceipt, SourceNote } from "./channel.ts";
import type { Clock, Logger } from "./context.ts";
import type { Counters } from "./counters.ts";
import { errorText } from "./errors.ts";
import type { EventBatch } from "./event_batch.ts";

/** What a put that crosses a port needs to know. */
export interface PutOptions {
  /** True: a refusal is passed on. False: the port tries again until it succeeds or the signal aborts. */
  readonly refusable: boolean;
  readonly signal: AbortSignal;
  /** Aborts when a full channel need no longer be waited for: the source will send again what is refused then. */
  readonly leaving?: AbortSignal | undefined;
  /** True: there is another way for the events by now, so a refusal is passed on. */
  isOutdated?(): boolean;
  /** Tells of a refusal that is not passed on. */
  onHeld?(): void;
}

/** How long no further refusal is logged. */
const SAME_REFUSAL_MS = 10_000;

/** A channel with its counters, cut sizes and retries: the way in that all sources share. */
export class ChannelPort {
  readonly name: string;
  readonly channel: Channel;
  readonly counters: Counters;
  readonly #log: Logger;
  readonly #clock: Clock;
  #isOptionalBusy = false;
  #loggedMs = -SAME_REFUSAL_MS;

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
    const { channel } = this;
    const max = channel.maxPutEvents ?? Infinity;
    const putPiece = (piece: EventBatch) =>
      untilTaken([{ port: this, batch: piece }], () => channel.put(piece), options);
    if (batch.size <= max) return await putPiece(batch);
    const receipts: (PutReceipt | void)[] = [];
    for (const piece of cut(batch, max)) receipts.push(await putPiece(piece));
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

  /** Tells of a refusal that is not passed on, and waits before the next try. */
  async retryLater(cause: unknown, waitMs: number, signal: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    if (Math.abs(now - this.#loggedMs) >= SAME_REFUSAL_MS) {
      this.#loggedMs = now;
      this.#log.warn("Channel refused a batch; trying again", {
        channel: this.name,
        cause: errorText(cause),
      });
    }
    await this.#clock.sleep(waitMs, signal);
  }
}

/** A batch, and the port of the channel that gets it. */
export interface PortPut {
  readonly port: ChannelPort;
  readonly batch: EventBatch;
}

/** Puts batches into several channels of one log: all of them and the note, or nothing. */
export async function putShared(
  log: ChannelLog,
  puts: readonly PortPut[],
  options: PutOptions & { readonly note?: SourceNote },
): Promise<PutReceipt> {
  const max = Math.min(...puts.map(({ port }) => port.channel.maxPutEvents ?? Infinity));
  const pieces = new Map<EventBatch, readonly EventBatch[]>();
  for (const { batch } of puts) if (!pieces.has(batch)) pieces.set(batch, cut(batch, max));
  const parts = puts.flatMap(({ port: { channel }, batch }) =>
    pieces.get(batch)!.map((piece) => ({ channel, batch: piece }))
  );
  return await untilTaken(puts, () => log.put(parts, options.note), options);
}

function cut(batch: EventBatch, maxEvents: number): readonly EventBatch[] {
  if (batch.size <= maxEvents) return [batch];
  const pieces: EventBatch[] = [];
  for (let from = 0; from < batch.size; from += maxEvents) pieces.push(batch.slice(from, from + maxEvents));
  return pieces;
}

/** Tries until the channels have taken the batches over; a refusal is passed on or waited for, as the source wants it. */
async function untilTaken<R>(
  puts: readonly PortPut[],
  put: () => Promise<R> | R,
  { refusable, signal, leaving, isOutdated, onHeld }: PutOptions,
): Promise<R> {
  const backoff = new Backoff({ firstMs: 50, maxMs: 5000 });
  for (;;) {
    signal.throwIfAborted();
    for (const { port, batch } of puts) port.counters.add("EventPutAttemptCount", batch.size);
    try {
      const receipt = await put();
      for (const { port, batch } of puts) port.counters.add("EventPutSuccessCount", batch.size);
      return receipt;
    } catch (cause) {
      // A note without events has no port to tell of it.
      if (refusable || leaving?.aborted || puts.length === 0) throw cause;
      onHeld?.();
      await puts[0]!.port.retryLater(
        cause,
        backoff.next(),
        leaving ? AbortSignal.any([signal, leaving]) : signal,
      );
      if (isOutdated?.()) throw cause;
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
