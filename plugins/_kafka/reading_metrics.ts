import type { Counters, Histogram } from "sluice/plugin";
import type { Partition } from "../../protocols/kafka/client.ts";

const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const RECORDS = [1, 10, 100, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];

/**
 * What is counted while partitions are read: Flume's counters, lag by partition and in all, how long requests take, how
 * much they bring, rebalances.
 */
export class ReadingMetrics {
  readonly #counters: Counters;
  readonly #fetchSeconds: Histogram;
  readonly #fetchRecords: Histogram;
  readonly #commitSeconds: Histogram;
  readonly #lags = new Map<string, { readonly partition: Partition; readonly lag: number }>();

  constructor(counters: Counters) {
    this.#counters = counters;
    this.#fetchSeconds = counters.histogram("KafkaFetchSeconds", SECONDS);
    this.#fetchRecords = counters.histogram("KafkaFetchRecords", RECORDS);
    this.#commitSeconds = counters.histogram("KafkaCommitSeconds", SECONDS);
    for (const name of ["KafkaEventGetTimer", "KafkaCommitTimer", "KafkaEmptyCount"]) counters.add(name, 0);
    counters.add("KafkaRebalanceCount", 0);
    counters.add("KafkaOffsetResetCount", 0);
  }

  /** One fetch or commit took so long; as in Flume, waiting for nothing is no getting. */
  request(kind: "fetch" | "commit", ms: number, records: number): void {
    if (kind === "commit") {
      this.#counters.add("KafkaCommitTimer", Math.round(ms));
      return this.#commitSeconds.observe(ms / 1000);
    }
    this.#fetchSeconds.observe(ms / 1000);
    this.#fetchRecords.observe(records);
    if (records > 0) this.#counters.add("KafkaEventGetTimer", Math.round(ms));
    else this.#counters.add("KafkaEmptyCount");
  }

  /** So many records of the partition are still to be read. */
  lag(partition: Partition, lag: number): void {
    this.#lags.set(`${partition.topic}/${partition.partition}`, { partition, lag });
    this.#show(partition, lag);
  }

  /** The partitions go to others, who tell of their lag from now on. */
  leave(partitions: readonly Partition[]): void {
    for (const partition of partitions) {
      this.#lags.delete(`${partition.topic}/${partition.partition}`);
      this.#show(partition, undefined);
    }
  }

  rebalanced(): void {
    this.#counters.add("KafkaRebalanceCount");
  }

  /** An offset was not there any more. */
  reset(): void {
    this.#counters.add("KafkaOffsetResetCount");
  }

  /** Nothing is read any more: no lag stays on show. */
  close(): void {
    this.leave(Array.from(this.#lags.values(), ({ partition }) => partition));
  }

  #show({ topic, partition }: Partition, lag: number | undefined): void {
    this.#counters.gauge("KafkaPartitionLag", { topic, partition: String(partition) }, lag);
    let sum = 0;
    for (const { lag } of this.#lags.values()) sum += lag;
    this.#counters.set("KafkaLag", sum);
  }
}
