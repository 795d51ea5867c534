// One stay in a group. kafkajs knows no partition that is taken away, and hands out batches as soon as it has joined; so here
// joins are put off until all is given back, partitions are paused until it is known where they begin, and the position of
// each is kept, to which what is fetched must fit.
import type { Batch, Consumer, EachBatchPayload } from "kafkajs";
import type { CommittedOffset, ConsumerEvents, ConsumerOptions, Partition } from "../client.ts";
import { keyOf } from "../consume/offsets.ts";
import { KafkaError } from "../kafka_error.ts";
import { sleep } from "../trouble.ts";
import { createAssigners } from "./assigners.ts";
import { toColumns } from "./columns.ts";
import type { GroupView } from "./group_view.ts";
import { type Holding, Holdings, isWithin } from "./holdings.ts";
import type { Link } from "./link.ts";

/** Partitions of one fetch that are handed out side by side. */
const SIDE_BY_SIDE = 100;
/** kafkajs's own tries never end; how long it waits between them at most. */
const LIBRARY_WAITS = { initialRetryTime: 50, multiplier: 1.5, maxRetryTime: 1_000 };
/** How long a batch is held that cannot be handed out just now. */
const HOLD_MS = 50;
/** For leaving the group, once nothing is fetched any more. */
const FAREWELL_MS = 1_000;

/** What kafkajs says before it joins as a new member; there is no event for it. */
const FORGOTTEN = /coordinator is not aware of this member/;

/** What one stay needs. */
export interface SessionContext {
  readonly link: Link;
  readonly view: GroupView;
  readonly options: ConsumerOptions;
  readonly events: ConsumerEvents;
  readonly topics: readonly string[];
  /** Called when the group has taken the member in. */
  onJoined(): void;
}

type OffsetsOfTopics = NonNullable<Parameters<EachBatchPayload["commitOffsetsIfNecessary"]>[0]>;

/** A stay in a group, with one kafkajs consumer. */
export class Session {
  readonly #context: SessionContext;
  readonly #holdings: Holdings;
  readonly #consumer: Consumer;
  readonly #end = new AbortController();
  readonly #over = Promise.withResolvers<never>();
  #commitNow: EachBatchPayload["commitOffsetsIfNecessary"] | undefined;
  #fetchMs = 0;
  #aliveMs: number;

  constructor(context: SessionContext) {
    const { options, events } = context;
    this.#context = context;
    this.#holdings = new Holdings(events, options.rebalanceTimeoutMs);
    this.#aliveMs = this.#joinLimitMs;
    this.#consumer = this.#create();
    this.#listen();
    this.#over.promise.catch(() => {});
  }

  /** kafkajs says nothing to the group while it waits for a fetch. */
  get #fetchWaitMs(): number {
    const { fetchWaitMs, heartbeatMs } = this.#context.options;
    return Math.min(fetchWaitMs, heartbeatMs);
  }

  /** When the group last had a sign of life of this member, in epoch ms; while it joins, when it must have joined. */
  get aliveMs(): number {
    return this.#aliveMs;
  }

  /** It gives back its partitions, and then waits until all others have. */
  get #joinLimitMs(): number {
    return Date.now() + 2 * this.#context.options.rebalanceTimeoutMs;
  }

  /** Joins, and stays until the signal aborts; then gives back all partitions, and leaves. Rejects when the stay breaks. */
  async run(signal: AbortSignal): Promise<void> {
    const { link, options, topics } = this.#context;
    try {
      await link.connect(this.#consumer, signal);
      const fromBeginning = options.offsetReset === "earliest";
      const subscribe = () => this.#consumer.subscribe({ topics: [...topics], fromBeginning });
      await link.retry(`Subscription to ${topics.join(", ")}`, signal, subscribe);
      this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: SIDE_BY_SIDE,
        eachBatch: (payload) => this.#eachBatch(payload),
      }).catch((cause) => this.#break(cause));
      await Promise.race([this.#over.promise, aborted(signal)]);
      await this.#holdings.giveBack();
    } finally {
      this.#end.abort();
      this.#holdings.lose();
      // It leaves the group when its last fetch is over.
      await link.close(() => this.#consumer.disconnect(), this.#fetchWaitMs + FAREWELL_MS);
    }
  }

  /** Ends the stay. */
  fail(cause: Error): void {
    this.#over.reject(cause);
  }

  /** kafkajs has given up. */
  #break(cause: unknown): void {
    this.fail(this.#context.link.error(cause, `Group ${this.#context.options.group}`));
  }

  /** @throws {KafkaError} when one of the partitions is not ours any more. */
  async commit(offsets: readonly (Partition & CommittedOffset)[]): Promise<void> {
    const { link, options } = this.#context;
    const where = `OffsetCommit of group ${options.group}`;
    await link.retry(where, this.#end.signal, async () => {
      this.#holdings.mustHold(offsets);
      try {
        await this.#commit(offsets);
      } catch (cause) {
        const error = link.error(cause, where);
        // kafkajs finds another coordinator only when it joins again, and that waits for this.
        if (error.code !== "NOT_COORDINATOR" || !this.#holdings.isGiving) throw error;
        throw new KafkaError(error.message, { code: error.code, canRetry: false, cause });
      }
    });
  }

  async #commit(offsets: readonly (Partition & CommittedOffset)[]): Promise<void> {
    const entries = offsets.map(({ topic, partition, offset, metadata }) => {
      return { topic, partition, offset: String(offset), metadata };
    });
    if (!this.#commitNow) return await this.#consumer.commitOffsets(entries);
    // Not by `commitOffsets`, which tries again on its own: after a rebalance it would note offsets of others' partitions.
    const topics = Array.from(
      Map.groupBy(entries, ({ topic }) => topic),
      ([topic, partitions]) => ({ topic, partitions }),
    );
    await this.#commitNow({ topics } as OffsetsOfTopics);
  }

  #create(): Consumer {
    const { link, options } = this.#context;
    return link.kafka.consumer({
      groupId: options.group,
      partitionAssigners: createAssigners(options.assignors, () => this.#mayJoin()),
      metadataMaxAge: link.target.metadataAgeMs,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: options.rebalanceTimeoutMs,
      heartbeatInterval: options.heartbeatMs,
      maxBytesPerPartition: options.partitionBytes,
      minBytes: options.fetchMinBytes,
      maxBytes: options.fetchBytes,
      maxWaitTimeInMs: this.#fetchWaitMs,
      allowAutoTopicCreation: false,
      readUncommitted: !options.readsCommitted,
      retry: {
        retries: Number.MAX_SAFE_INTEGER,
        ...LIBRARY_WAITS,
        restartOnFailure: () => Promise.resolve(false),
      },
    });
  }

  #listen(): void {
    const { events } = this.#consumer;
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => this.#joined(payload.memberAssignment));
    this.#consumer.on(events.REBALANCING, () => void (this.#aliveMs = this.#joinLimitMs));
    this.#consumer.on(events.HEARTBEAT, () => void (this.#aliveMs = Date.now()));
    this.#consumer.on(events.FETCH, ({ payload }) => void (this.#fetchMs = payload.duration));
    this.#consumer.on(events.CRASH, ({ payload }) => this.#break(payload.error));
    // Batches without a record for us, of markers or aborted transactions, are not handed out.
    this.#consumer.on(events.START_BATCH_PROCESS, ({ payload }) => {
      const holding = payload.batchSize === 0 ? this.#holdings.find(payload) : undefined;
      if (holding?.position !== undefined) holding.position = Number(payload.lastOffset) + 1;
    });
  }

  #mayJoin(): boolean {
    // The broker has taken the partitions away: nothing can be noted any more.
    const { link } = this.#context;
    if (FORGOTTEN.test(link.complaint)) this.#holdings.lose();
    link.complaint = "";
    if (this.#holdings.isEmpty && !this.#holdings.isGiving) return true;
    this.#holdings.giveBack().catch((cause) => this.fail(cause));
    return false;
  }

  /** Called before kafkajs fetches anything. */
  #joined(assignment: Readonly<Record<string, readonly number[]>>): void {
    this.#aliveMs = Date.now();
    this.#context.onJoined();
    const partitions = Object.entries(assignment).flatMap(([topic, numbers]) => {
      return numbers.map((partition) => ({ topic, partition }));
    });
    const holdings = this.#holdings.assign(partitions);
    for (const { topic, partition } of partitions) this.#consumer.pause([{ topic, partitions: [partition] }]);
    this.#start(holdings).catch((cause) => this.fail(cause));
  }

  async #start(holdings: readonly Holding[]): Promise<void> {
    const { view, events } = this.#context;
    events.onRebalanced(holdings.map(({ partition }) => partition));
    if (holdings.length === 0) return;
    const { signal } = this.#end;
    const committed = await view.committed(signal);
    for (const holding of holdings) {
      const { topic, partition } = holding.partition;
      if (!this.#holdings.has(holding)) return;
      const noted = committed.get(keyOf(holding.partition));
      const known = events.onAssigned(holding.partition, noted) ?? noted?.offset;
      const start = known ?? await this.#reset(holding.partition);
      if (!this.#holdings.has(holding)) return;
      if (known === undefined) events.onBegin?.(holding.partition, start);
      holding.position = start;
      this.#consumer.seek({ topic, partition, offset: String(start) });
      this.#consumer.resume([{ topic, partitions: [partition] }]);
    }
  }

  async #reset({ topic, partition }: Partition): Promise<number> {
    const bounds = (await this.#context.view.bounds(topic, this.#end.signal)).get(partition);
    return (this.#context.options.offsetReset === "earliest" ? bounds?.low : bounds?.high) ?? 0;
  }

  async #eachBatch({ batch, resolveOffset, commitOffsetsIfNecessary }: EachBatchPayload): Promise<void> {
    this.#commitNow = commitOffsetsIfNecessary;
    const holding = this.#holdings.find(batch);
    if (holding?.position === undefined || this.#holdings.isGiving) {
      return await sleep(HOLD_MS, this.#end.signal);
    }
    if (!await this.#fits(holding, batch)) return;
    this.#context.events.onRequest?.("fetch", this.#fetchMs, batch.messages.length);
    const handing = this.#hand(holding, batch, resolveOffset);
    handing.catch((cause) => this.fail(cause));
    // kafkajs fetches nothing, and says nothing to the group, before all batches of a fetch are done with.
    if (await isWithin(handing, this.#context.options.heartbeatMs)) return;
    const { topic, partition } = holding.partition;
    const name = [{ topic, partitions: [partition] }];
    this.#consumer.pause(name);
    handing.then(() => this.#holdings.has(holding) && this.#consumer.resume(name)).catch((cause) =>
      this.fail(cause)
    );
  }

  /** Hands out a batch in chunks. */
  async #hand(holding: Holding, batch: Batch, resolveOffset: (offset: string) => void): Promise<void> {
    const { options, events } = this.#context;
    const { messages: all } = batch;
    for (let from = 0; from < all.length; from += options.maxRecords) {
      if (!this.#holdings.has(holding) || this.#holdings.isGiving) return;
      const chunk = all.slice(from, from + options.maxRecords);
      // Behind the last record markers may follow, which kafkajs counts in.
      const last = from + chunk.length === all.length ? batch.lastOffset() : chunk.at(-1)!.offset;
      const records = { ...holding.partition, ...toColumns(chunk, options), nextOffset: Number(last) + 1 };
      resolveOffset(chunk.at(-1)!.offset);
      await this.#holdings.hand(holding, records);
    }
    events.onLag(holding.partition, Math.max(Number(batch.highWatermark) - holding.position!, 0));
  }

  /** Whether a batch goes on where the last one ended; kafkajs starts elsewhere when the offset is not there any more. */
  async #fits(holding: Holding, batch: Batch): Promise<boolean> {
    const { view, events } = this.#context;
    const { partition: { topic, partition }, position } = holding;
    const fetched = Number((batch as Batch & { readonly fetchedOffset: string }).fetchedOffset);
    if (fetched === position) return true;
    const bounds = (await view.bounds(topic, this.#end.signal)).get(partition);
    if (!this.#holdings.has(holding) || holding.position !== position) return false;
    if (bounds && position! >= bounds.low && position! <= bounds.high) {
      this.#consumer.seek({ topic, partition, offset: String(position) });
      return false;
    }
    events.onReset?.(holding.partition, position!, fetched);
    events.onBegin?.(holding.partition, fetched);
    holding.position = fetched;
    return true;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
