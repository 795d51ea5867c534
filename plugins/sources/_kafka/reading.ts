import { type Context, type Emit, errorText, type EventBatch, Lease } from "sluice/plugin";
import type {
  CommittedOffset,
  ConsumerEvents,
  FetchedRecords,
  KafkaConsumer,
  Partition,
} from "../../../protocols/kafka/client.ts";
import { PartitionLedger } from "../../_kafka/ledger.ts";
import { ReadingMetrics } from "../../_kafka/reading_metrics.ts";
import { Room } from "../../_kafka/room.ts";
import type { EventMaker } from "./event_maker.ts";

/** A slow sink holds the reading back when so much is on its way; more is not faster. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** What a run of the source works with. */
export interface ReadingParts {
  readonly emit: Emit;
  readonly context: Context;
  readonly consumer: KafkaConsumer;
  readonly maker: EventMaker;
  readonly commitIntervalMs: number;
}

/** Emits what a consumer fetches, and tells the group how far the events are safe. */
export class Reading implements ConsumerEvents {
  readonly #emit: Emit;
  readonly #context: Context;
  readonly #consumer: KafkaConsumer;
  readonly #maker: EventMaker;
  readonly #ledger: PartitionLedger;
  readonly #metrics: ReadingMetrics;
  readonly #room = new Room(WINDOW_BYTES);

  constructor({ emit, context, consumer, maker, commitIntervalMs }: ReadingParts) {
    this.#emit = emit;
    this.#context = context;
    this.#consumer = consumer;
    this.#maker = maker;
    this.#metrics = new ReadingMetrics(context.counters);
    this.#ledger = new PartitionLedger({
      commit: (offsets) => consumer.commit(offsets),
      commitIntervalMs,
      clock: context.clock,
      resume: context.resume,
      onTrouble: (cause) => cause && context.log.warn(`Offsets are not committed yet: ${errorText(cause)}`),
    });
  }

  /** Reads until the context's signal aborts, and until what was emitted has settled and is committed. */
  async run(): Promise<void> {
    try {
      await this.#consumer.run(this, this.#context.signal);
    } finally {
      this.#ledger.close();
      this.#metrics.close();
    }
  }

  onAssigned(partition: Partition, committed: CommittedOffset | undefined): number | undefined {
    const offset = this.#ledger.assign(partition, committed);
    this.#context.log.debug("Reads a partition", { ...partition, offset, committed });
    return offset;
  }

  onBegin(partition: Partition, offset: number): void {
    this.#ledger.begin(partition, offset);
  }

  async onFetched(records: FetchedRecords): Promise<void> {
    const { starts, ends, size } = records.bodies;
    const reservedBytes = size === 0 ? 0 : ends[size - 1]! - starts[0]!;
    const reserved = this.#room.reserve(reservedBytes);
    const opened = await this.#ledger.open(records, reserved.given.then(() => this.#emit.ready));
    if (!opened || size === 0) return reserved.giveBack();
    const batches = this.#maker.batches(records);
    this.#room.release(reservedBytes - batches.reduce((sum, { spanBytes }) => sum + spanBytes, 0));
    const last = batches.length - 1;
    const emitted = batches.map((batch, place) =>
      this.#emit(this.#held(batch).with({ position: place === last ? opened.position : {} }))
    );
    // A batch that was rolled back ends this run; the next one reads it again.
    Promise.all(emitted).then(() => opened.settle(), () => opened.abandon());
  }

  async onRevoked(partitions: readonly Partition[]): Promise<void> {
    await this.#ledger.drain(partitions);
    this.#metrics.leave(partitions);
  }

  onLost(partitions: readonly Partition[]): void {
    this.#ledger.lose(partitions);
    this.#metrics.leave(partitions);
    this.#context.log.warn("Partitions were taken away before all that was read of them was safe", {
      partitions: namesOf(partitions),
    });
  }

  onLag(partition: Partition, lag: number): void {
    this.#metrics.lag(partition, lag);
  }

  onRebalanced(assigned: readonly Partition[]): void {
    this.#metrics.rebalanced();
    this.#context.log.info("The group has distributed its partitions", { own: namesOf(assigned) });
  }

  onRequest(kind: "fetch" | "commit", ms: number, records: number): void {
    this.#metrics.request(kind, ms, records);
  }

  onReset({ topic, partition }: Partition, from: number, to: number): void {
    this.#metrics.reset();
    this.#context.log.warn("An offset is not there any more; reading goes on elsewhere", {
      partition: `${topic}/${partition}`,
      from,
      to,
    });
  }

  /** Its bytes take up room until the pipeline has let go of them. */
  #held(batch: EventBatch): EventBatch {
    const { spanBytes } = batch;
    const lease = new Lease(batch.block as Uint8Array<ArrayBuffer>, () => this.#room.release(spanBytes));
    return batch.with({ lease });
  }
}

/** In one text, however many there are. */
function namesOf(partitions: readonly Partition[]): string {
  return partitions.map(({ topic, partition }) => `${topic}/${partition}`).join(" ");
}
