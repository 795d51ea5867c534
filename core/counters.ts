import { Histogram, type HistogramState } from "./histogram.ts";

/** The counters that Flume gives every component of a kind; they are there, as 0, before anything has happened. */
export const KIND_COUNTERS = {
  source: [
    "EventReceivedCount",
    "EventAcceptedCount",
    "AppendReceivedCount",
    "AppendAcceptedCount",
    "AppendBatchReceivedCount",
    "AppendBatchAcceptedCount",
    "OpenConnectionCount",
    "EventReadFail",
    "ChannelWriteFail",
    "GenericProcessingFail",
  ],
  channel: [
    "ChannelSize",
    "ChannelCapacity",
    "EventPutAttemptCount",
    "EventPutSuccessCount",
    "EventTakeAttemptCount",
    "EventTakeSuccessCount",
  ],
  sink: [
    "ConnectionCreatedCount",
    "ConnectionClosedCount",
    "ConnectionFailedCount",
    "BatchEmptyCount",
    "BatchUnderflowCount",
    "BatchCompleteCount",
    "EventDrainAttemptCount",
    "EventDrainSuccessCount",
    "EventWriteFail",
    "ChannelReadFail",
  ],
  sink_processor: ["EventDrainAttemptCount", "EventDrainSuccessCount", "EventWriteFail"],
} as const;

/** A value that goes up and down; its labels tell it from others of the same name. */
export interface GaugeState {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Flume's counters of one component, by their Flume names; filled by core, added to by plugins. */
export class Counters {
  readonly #values = new Map<string, number>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #gauges = new Map<string, GaugeState>();

  /** Counters with these names are shown before they are first used. */
  constructor(names: Iterable<string> = []) {
    for (const name of names) this.#values.set(name, 0);
  }

  /** Adds to a counter, which starts at 0. */
  add(name: string, amount = 1): void {
    this.#values.set(name, (this.#values.get(name) ?? 0) + amount);
  }

  /** Sets a gauge such as ChannelSize or StartTime (epoch ms). */
  set(name: string, value: number): void {
    this.#values.set(name, value);
  }

  get(name: string): number {
    return this.#values.get(name) ?? 0;
  }

  /** Sets the gauge that has these labels, such as the lag of one partition; undefined takes it away. */
  gauge(name: string, labels: Readonly<Record<string, string>>, value: number | undefined): void {
    const key = JSON.stringify([name, ...Object.entries(labels).sort()]);
    if (value === undefined) this.#gauges.delete(key);
    else this.#gauges.set(key, { name, labels, value });
  }

  /** The histogram of a name, made at its first use: whoever observes much keeps it. */
  histogram(name: string, bounds: readonly number[]): Histogram {
    const known = this.#histograms.get(name);
    if (known) return known;
    const made = new Histogram(bounds);
    this.#histograms.set(name, made);
    return made;
  }

  /** All counters as they stand now. */
  snapshot(): Record<string, number> {
    return Object.fromEntries(this.#values);
  }

  /** All gauges with labels as they stand now, in the order in which they were first set. */
  gauges(): readonly GaugeState[] {
    return [...this.#gauges.values()];
  }

  /** All histograms as they stand now. */
  histograms(): Record<string, HistogramState> {
    return Object.fromEntries(Array.from(this.#histograms, ([name, own]) => [name, own.state()]));
  }
}
