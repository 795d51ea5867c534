import {
  type Context,
  errorText,
  type Position,
  type TakeOptions,
  type TakeTransaction,
} from "sluice/plugin";
import type {
  CommittedOffset,
  ConsumerEvents,
  FetchedRecords,
  KafkaConsumer,
  Partition,
} from "../../../protocols/kafka/client.ts";
import { PartitionLedger } from "../../_kafka/ledger.ts";
import { ownOffset } from "../../_kafka/own_offset.ts";
import { ReadingMetrics } from "../../_kafka/reading_metrics.ts";
import { Room } from "../../_kafka/room.ts";
import { isMarked } from "../../_kafka/start_offset.ts";
import type { Backlog } from "./backlog.ts";
import type { EventsOf } from "./events_of.ts";
import { Lane } from "./lane.ts";
import { WayOut } from "./way_out.ts";

/** What reading a channel's topic needs. */
export interface ReadingOptions {
  readonly context: Context;
  readonly backlog: Backlog;
  readonly group: string;
  readonly commitIntervalMs: number;
  /** Bytes that may wait or be with takers. */
  readonly windowBytes: number;
  readonly eventsOf: EventsOf;
  /** Opens a way to the brokers; called again for each start. */
  connect(signal: AbortSignal): Promise<{ readonly consumer: KafkaConsumer; close(): Promise<void> }>;
}

/** How long an orderly end waits until the group has noted what is settled. */
const CLOSE_MS = 5000;

/** Reads a topic as a member of a group for the channel's takers, from the first take on. */
export class Reading implements ConsumerEvents {
  readonly #options: ReadingOptions;
  readonly #lanes = new Map<number, Lane>();
  readonly #out: WayOut;
  readonly #room: Room;
  readonly #metrics: ReadingMetrics;
  #ledger: PartitionLedger | undefined;
  #consumer: KafkaConsumer | undefined;
  #resume: Position | undefined;
  #run: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  #isClosed = false;
  /** Aborts when nothing more is waited for. */
  readonly #end = new AbortController();

  constructor(options: ReadingOptions) {
    this.#options = options;
    this.#room = new Room(options.windowBytes);
    this.#metrics = new ReadingMetrics(options.context.counters);
    this.#out = new WayOut({
      counters: options.context.counters,
      group: options.group,
      onGone: (lane) => this.#fetchAgain(lane),
      onReleased: (bytes) => this.#room.release(bytes),
      onLeft: ({ size }) => void (options.backlog.held -= size),
    });
  }

  take(options: TakeOptions): Promise<TakeTransaction> {
    this.#options.backlog.isRead = true;
    const take = this.#out.take(options);
    this.#start();
    return take;
  }

  /** The sink has all before this position: it is not given again. */
  resume(position: Position): void {
    this.#resume = { ...this.#resume, ...position };
    for (const lane of this.#lanes.values()) {
      const own = ownOffset(position, lane.partition);
      const isSame = own?.topicId === lane.partition.topicId &&
        (own?.wish || undefined) === this.#ledger?.wishOf(lane.partition);
      if (own && isSame) this.#out.settle(lane.drain(own.offset));
    }
  }

  /** Leaves the group when what is taken has settled and is noted there; away brokers are not waited for. */
  async close(): Promise<void> {
    const { clock, signal } = this.#options.context;
    const patience = new AbortController();
    this.#isClosed = true;
    this.#run?.stop.abort();
    const ended = (this.#run?.ended ?? Promise.resolve()).finally(() => patience.abort());
    await Promise.race([ended, clock.sleep(CLOSE_MS, AbortSignal.any([signal, patience.signal]))]);
    this.#end.abort();
    this.#ledger?.close();
    await ended;
    this.#metrics.close();
  }

  onAssigned(partition: Partition, committed: CommittedOffset | undefined): number | undefined {
    const begin = this.#ledger!.assign(partition, committed);
    const former = this.#lanes.get(partition.partition);
    const goesOn = former && !former.isBroken && former.nextOffset === begin &&
      former.partition.topicId === partition.topicId && (!committed || isMarked(committed));
    const lane = goesOn ? former : new Lane(partition);
    if (former && !goesOn) {
      former.isOurs = false;
      this.#out.abandon(former.drain());
    }
    lane.nextOffset = begin;
    lane.isOurs = true;
    this.#lanes.set(partition.partition, lane);
    this.#out.offer(lane);
    return begin;
  }

  onBegin(partition: Partition, offset: number): void {
    this.#ledger!.begin(partition, offset);
  }

  async onFetched(records: FetchedRecords): Promise<void> {
    const { backlog, eventsOf } = this.#options;
    const { partition, offsets, nextOffset, bodies: { starts, ends, size } } = records;
    const reservedBytes = size === 0 ? 0 : ends[size - 1]! - starts[0]!;
    const place = this.#room.reserve(reservedBytes);
    const opened = await this.#ledger!.open(records, place.given);
    const lane = this.#lanes.get(partition);
    if (!opened || !lane) return place.giveBack();
    const extracts = size === 0 ? [] : eventsOf(records);
    this.#room.release(reservedBytes - extracts.reduce((sum, { batch }) => sum + batch.spanBytes, 0));
    backlog.fetched(partition, size);
    lane.nextOffset = nextOffset;
    for (const extract of extracts) {
      if (extract.batch.size === 0) opened.settle(extract.from, extract.to);
      else lane.add({ opened, offsets, nextOffset }, extract);
      backlog.held += extract.batch.size;
    }
    this.#out.offer(lane);
  }

  async onRevoked(partitions: readonly Partition[]): Promise<void> {
    this.#leave(partitions);
    for (const lane of this.#lanesOf(partitions)) this.#out.abandon(lane.drain());
    // Whoever ends the pipeline at once does not wait for its sinks.
    await Promise.race([
      this.#ledger!.drain(partitions),
      aborted(this.#options.context.signal),
      aborted(this.#end.signal),
    ]);
    this.#metrics.leave(partitions);
  }

  /** What waits may still be given if the partitions come back and nobody else has read on. */
  onLost(partitions: readonly Partition[]): void {
    this.#leave(partitions);
    this.#ledger!.lose(partitions);
    this.#metrics.leave(partitions);
  }

  onRebalanced(assigned: readonly Partition[]): void {
    const numbers = new Set(assigned.map(({ partition }) => partition));
    this.#metrics.rebalanced();
    this.#options.backlog.assign(numbers);
    for (const [number, lane] of this.#lanes) if (!numbers.has(number)) this.#out.abandon(lane.drain());
  }

  onLag(partition: Partition, lag: number): void {
    this.#metrics.lag(partition, lag);
    this.#options.backlog.report(partition.partition, lag);
  }

  onRequest(kind: "fetch" | "commit", ms: number, records: number): void {
    this.#metrics.request(kind, ms, records);
  }

  onReset({ topic, partition }: Partition, from: number, to: number): void {
    this.#metrics.reset();
    this.#options.context.log.warn("Events of the channel are not there any more, and are passed by", {
      partition: `${topic}/${partition}`,
      from,
      to,
    });
  }

  #start(): void {
    if (this.#run || this.#isClosed) return;
    const stop = new AbortController();
    const ended = this.#read(AbortSignal.any([stop.signal, this.#options.context.signal]))
      .then(() => undefined, (cause) => ({ cause }))
      .then((failure) => {
        this.#run = undefined;
        if (failure) this.#out.fail(failure.cause);
        // It was stopped so that some events are fetched again.
        else if (!this.#options.context.signal.aborted) this.#start();
      });
    this.#run = { stop, ended };
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { context: { clock, log }, commitIntervalMs, connect } = this.#options;
    const { consumer, close } = await connect(signal);
    this.#consumer = consumer;
    this.#ledger ??= new PartitionLedger({
      commit: (offsets) => this.#consumer!.commit(offsets),
      commitIntervalMs,
      clock,
      resume: this.#resume,
      inParts: true,
      onTrouble: (cause) => cause && log.warn(`Offsets are not noted yet: ${errorText(cause)}`),
    });
    try {
      await consumer.run(this, signal);
    } finally {
      await close();
    }
  }

  /** The bytes are gone: the partition begins anew at what is settled. */
  #fetchAgain(lane: Lane): void {
    lane.isOurs = false;
    this.#out.abandon(lane.drain());
    this.#run?.stop.abort();
  }

  #leave(partitions: readonly Partition[]): void {
    for (const lane of this.#lanesOf(partitions)) lane.isOurs = false;
  }

  #lanesOf(partitions: readonly Partition[]): Lane[] {
    return partitions.map(({ partition }) => this.#lanes.get(partition)).filter((lane) => lane !== undefined);
  }
}

/** Resolves when the signal aborts. */
function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
