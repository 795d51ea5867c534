// Fetches from one broker over a connection of its own. Partitions whose events are being handed out are left out of the
// next fetch, which is backpressure for each of them; at most two answers are held at a time, so memory is bounded by twice
// `fetchBytes`.
import type { ConsumerEvents, ConsumerOptions } from "../client.ts";
import type { Cluster } from "../cluster.ts";
import type { BrokerConnection } from "../connection.ts";
import { KafkaError, kafkaError } from "../kafka_error.ts";
import { orAborted } from "./coordinator_link.ts";
import { type FetchAnswer, type FetchedPart, fetchParts } from "./fetch_wire.ts";
import { type HandOut, handOut } from "./hand_out.ts";
import { keyOf } from "./offsets.ts";
import type { PartitionReader } from "./partition_reader.ts";
import { Wake } from "./wake.ts";

/** What all fetchers of a consumer share. */
export interface FetchContext {
  readonly cluster: Cluster;
  readonly options: ConsumerOptions;
  readonly events: ConsumerEvents;
  readonly signal: AbortSignal;
  /** The partition may be at another broker by now, or gone. */
  relocate(reader: PartitionReader, cause: KafkaError): void;
  /** There is nothing at the offset where reading is to go on. */
  reset(reader: PartitionReader): void;
  /** Nothing can be done about it. */
  fail(cause: unknown): void;
}

/** One answer may be handed out while the next is fetched. */
const MAX_ANSWERS = 2;
/** Looks after partitions that were put off at least this often. */
const IDLE_MS = 1000;
/** The broker may answer a little later than it was told to wait. */
const ANSWER_SLACK_MS = 5000;

/** Reads the partitions that one broker leads. */
export class BrokerFetcher {
  readonly #context: FetchContext;
  readonly #nodeId: number;
  readonly #readers = new Set<PartitionReader>();
  readonly #wake = new Wake();
  readonly #trouble = Symbol("fetch");
  readonly #running: Promise<void>;
  #connection: BrokerConnection | undefined;
  #answers = 0;
  #failures = 0;

  constructor(context: FetchContext, nodeId: number) {
    this.#context = context;
    this.#nodeId = nodeId;
    this.#running = this.#run();
  }

  /** Resolves when it has ended, which it does when the signal aborts. */
  get ended(): Promise<void> {
    return this.#running;
  }

  add(reader: PartitionReader): void {
    this.#readers.add(reader);
    this.#wake.ring();
  }

  async #run(): Promise<void> {
    const { signal, cluster } = this.#context;
    const close = () => this.#connection?.close();
    signal.addEventListener("abort", close, { once: true });
    while (!signal.aborted) {
      const ready = this.#answers < MAX_ANSWERS ? this.#ready() : [];
      if (ready.length === 0) {
        await this.#wake.wait(this.#pauseMs(), signal);
        // They have gone to other brokers, or away.
        if (this.#readers.size === 0) cluster.trouble.end(this.#trouble);
        continue;
      }
      try {
        await this.#fetch(ready);
        this.#failures = 0;
        cluster.trouble.end(this.#trouble);
      } catch (cause) {
        await this.#failed(cause);
      }
    }
    signal.removeEventListener("abort", close);
    cluster.trouble.end(this.#trouble);
    close();
  }

  #ready(): PartitionReader[] {
    const now = performance.now();
    const ready: PartitionReader[] = [];
    for (const reader of this.#readers) {
      if (reader.isGone) this.#readers.delete(reader);
      else if (!reader.isBusy && reader.notBeforeMs <= now) ready.push(reader);
    }
    return ready;
  }

  #pauseMs(): number {
    const now = performance.now();
    const waits = [...this.#readers].filter(({ isBusy }) => !isBusy).map(({ notBeforeMs }) =>
      notBeforeMs - now
    );
    return Math.max(Math.min(IDLE_MS, ...waits), 1);
  }

  async #fetch(ready: readonly PartitionReader[]): Promise<void> {
    const { options, signal, events } = this.#context;
    const connection = await orAborted(this.#connect(), signal);
    const startMs = performance.now();
    // While events of others are handed out nobody waits at the broker: they may be through in a moment.
    const isLoaded = ready.length < this.#readers.size;
    const wanted = ready.map((reader) => {
      const { partition, offset, leaderEpoch, maxBytes } = reader;
      return { ...partition, offset, leaderEpoch, maxBytes };
    });
    const answer = await fetchParts(connection, {
      parts: wanted,
      maxWaitMs: isLoaded ? 0 : options.fetchWaitMs,
      minBytes: isLoaded ? 1 : options.fetchMinBytes,
      maxBytes: options.fetchBytes,
      readsCommitted: options.readsCommitted,
    });
    if (signal.aborted) return;
    if (answer.errorCode !== 0) throw kafkaError(answer.errorCode, `Fetch from ${connection.name}`);
    const tookMs = performance.now() - startMs;
    const holds = this.#take(answer, { ready, connection });
    this.#release(holds, (size) => events.onRequest?.("fetch", tookMs, size));
    if (holds.length === 0 && isLoaded) await this.#wake.wait(options.fetchWaitMs, signal);
  }

  /** Hands an answer out; does not wait for it. */
  #take(
    answer: FetchAnswer,
    { ready, connection }: {
      readonly ready: readonly PartitionReader[];
      readonly connection: BrokerConnection;
    },
  ): Promise<HandOut>[] {
    const asked = new Map<string, PartitionReader>();
    for (const reader of ready) {
      const { topic, topicId, partition } = reader.partition;
      for (const name of [topic, topicId]) if (name !== undefined) asked.set(`${name}/${partition}`, reader);
    }
    const holds: Promise<HandOut>[] = [];
    for (const part of answer.parts) {
      const reader = asked.get(keyOf(part));
      if (!reader || reader.isGone) continue;
      const where = `Fetch of ${keyOf(reader.partition)} from ${connection.name}`;
      if (part.errorCode !== 0) this.#refused(reader, kafkaError(part.errorCode, where));
      else if (part.records.length > 0) holds.push(this.#handOut(reader, part, where));
      else this.#succeeded(reader, part);
    }
    return holds;
  }

  async #handOut(reader: PartitionReader, part: FetchedPart, where: string): Promise<HandOut> {
    reader.isBusy = true;
    this.#turn(reader);
    try {
      const given = await handOut(this.#context, { reader, part, where });
      this.#succeeded(reader, part);
      return given;
    } catch (cause) {
      if (cause instanceof KafkaError && cause.code === "CORRUPT_RECORD") this.#refused(reader, cause);
      else this.#context.fail(cause);
      return { size: 0 };
    } finally {
      reader.isBusy = false;
      this.#wake.ring();
    }
  }

  /** Puts a partition behind the others: the broker fills an answer in order, and gives a large batch to the first only. */
  #turn(reader: PartitionReader): void {
    this.#readers.delete(reader);
    this.#readers.add(reader);
  }

  #succeeded(reader: PartitionReader, { highWatermark, lastStableOffset }: FetchedPart): void {
    const { options, events, cluster } = this.#context;
    reader.failures = 0;
    cluster.trouble.end(reader.trouble);
    reader.tellLag(events, options.readsCommitted ? lastStableOffset : highWatermark);
  }

  #release(holds: readonly Promise<HandOut>[], told: (size: number) => void): void {
    if (holds.length === 0) return told(0);
    this.#answers++;
    void Promise.all(holds).then((given) => {
      this.#answers--;
      this.#wake.ring();
      told(given.reduce((sum, { size }) => sum + size, 0));
    });
  }

  #refused(reader: PartitionReader, cause: KafkaError): void {
    if (reader.isGone) return;
    if (cause.code === "OFFSET_OUT_OF_RANGE") {
      this.#readers.delete(reader);
      return this.#context.reset(reader);
    }
    const isDamaged = cause.code === "CORRUPT_RECORD" || cause.code === "CORRUPT_MESSAGE";
    if (!cause.canRetry && !isDamaged && !cause.isStale) return this.#context.fail(cause);
    const { cluster } = this.#context;
    reader.putOff(cluster.target);
    cluster.trouble.begin(reader.trouble, cause);
    if (!cause.isStale) return;
    this.#readers.delete(reader);
    this.#context.relocate(reader, cause);
  }

  /** The broker cannot be reached, or refuses: its partitions may be at others by now. */
  async #failed(cause: unknown): Promise<void> {
    const { signal, cluster } = this.#context;
    if (signal.aborted) return;
    if (!(cause instanceof KafkaError) || !cause.canRetry) return this.#context.fail(cause);
    cluster.trouble.begin(this.#trouble, cause);
    const { retryMs, maxRetryMs } = cluster.target;
    const waitMs = Math.min(retryMs * 2 ** this.#failures++, maxRetryMs);
    await this.#wake.wait(waitMs, signal);
    for (const reader of this.#ready()) {
      this.#readers.delete(reader);
      this.#context.relocate(reader, cause);
    }
  }

  async #connect(): Promise<BrokerConnection> {
    if (this.#connection?.isOpen) return this.#connection;
    const { cluster, options, signal } = this.#context;
    const timeoutMs = Math.max(cluster.target.requestTimeoutMs, options.fetchWaitMs + ANSWER_SLACK_MS);
    this.#connection = await cluster.dedicated(this.#nodeId, timeoutMs);
    if (signal.aborted) this.#connection.close();
    return this.#connection;
  }
}
