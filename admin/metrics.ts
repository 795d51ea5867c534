import process from "node:process";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { ComponentState, ComponentStatus } from "../core/component.ts";
import type { GaugeState } from "../core/counters.ts";
import type { HistogramState } from "../core/histogram.ts";
import { gaugeOf, histogramOf, type MetricName, metricOf, OWN_METRICS } from "./metric_names.ts";
import type { AdminView } from "./view.ts";

const LABELS = ["pipeline", "kind", "component", "type"] as const;
const STATES: readonly ComponentState[] = [
  "starting",
  "running",
  "backing-off",
  "finished",
  "stopped",
  "failed",
];

type Labels = Readonly<Record<string, string>>;

/** Renders all metrics in Prometheus' text format. Nothing is kept from one answer to the next. */
export async function renderMetrics(
  view: AdminView,
): Promise<{ readonly text: string; readonly contentType: string }> {
  const page = new MetricsPage();
  page.process(view);
  for (const component of view.components()) page.component(component, view.pipeline);
  return { text: await page.registry.metrics(), contentType: page.registry.contentType };
}

class MetricsPage {
  readonly registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, SnapshotHistogram>();

  process({ version }: AdminView): void {
    const { resident, heap, processor, start, build } = OWN_METRICS;
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    this.#set(build, { version, deno: Deno.version.deno }, 1);
    this.#set(start, {}, performance.timeOrigin / 1000);
    this.#set(resident, {}, rss);
    this.#set(heap, {}, heapUsed);
    this.#add(processor, {}, (user + system) / 1e6);
  }

  component(status: ComponentStatus, pipeline: string): void {
    const { kind, name, type, state, restarts, counters, histograms, gauges } = status;
    const labels = { pipeline, kind, component: name, type };
    for (const one of STATES) this.#set(OWN_METRICS.state, { ...labels, state: one }, one === state ? 1 : 0);
    this.#add(OWN_METRICS.restarts, labels, restarts);
    for (const [counter, value] of Object.entries(counters)) this.#counter(metricOf(counter), labels, value);
    const { ChannelSize = 0, ChannelCapacity = 0 } = counters;
    if (ChannelCapacity > 0) this.#set(OWN_METRICS.fill, labels, ChannelSize / ChannelCapacity);
    for (const [histogram, own] of Object.entries(histograms)) {
      this.#histogram(histogramOf(histogram)).put(labels, own);
    }
    for (const gauge of gauges) this.#labelled(gauge, labels);
  }

  #counter(metric: MetricName, labels: Labels, value: number): void {
    const scaled = value * (metric.scale ?? 1);
    if (metric.type === "gauge") this.#set(metric, labels, scaled);
    else this.#add(metric, labels, scaled);
  }

  #set(about: { readonly name: string; readonly help: string }, labels: Labels, value: number): void {
    // What a plugin miscounts must not take all other metrics away.
    if (!Number.isFinite(value)) return;
    const gauge = this.#gauges.get(about.name) ??
      new Gauge({ ...about, labelNames: Object.keys(labels), registers: [this.registry] });
    this.#gauges.set(about.name, gauge);
    gauge.set(labels, value);
  }

  #labelled({ name, labels, value }: GaugeState, common: Labels): void {
    try {
      this.#set(gaugeOf(name), { ...labels, ...common }, value);
    } catch {
      // Labels that Prometheus does not allow, or others than before: no other metric must suffer from it.
    }
  }

  #add(about: { readonly name: string; readonly help: string }, labels: Labels, value: number): void {
    if (!Number.isFinite(value)) return;
    const counter = this.#counters.get(about.name) ??
      new Counter({ ...about, labelNames: Object.keys(labels), registers: [this.registry] });
    this.#counters.set(about.name, counter);
    // A sink may take back what core has counted; Prometheus knows no such thing.
    counter.inc(labels, Math.max(0, value));
  }

  #histogram(about: { readonly name: string; readonly help: string }): SnapshotHistogram {
    const known = this.#histograms.get(about.name);
    if (known) return known;
    const made = new SnapshotHistogram({ ...about, labelNames: LABELS, registers: [this.registry] });
    this.#histograms.set(about.name, made);
    return made;
  }
}

interface BucketValue {
  readonly metricName: string;
  readonly labels: Record<string, string | number>;
  readonly value: number;
}

/** A histogram that others have counted; prom-client's own wants each observation. */
class SnapshotHistogram extends Histogram {
  readonly #about: { readonly name: string; readonly help: string };
  readonly #values: BucketValue[] = [];

  constructor(about: ConstructorParameters<typeof Histogram<string>>[0]) {
    super(about);
    this.#about = about;
  }

  put(labels: Labels, { bounds, counts, sum }: HistogramState): void {
    const { name } = this.#about;
    let total = 0;
    counts.forEach((count, bucket) => {
      const le = bounds[bucket] ?? "+Inf";
      this.#values.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: total += count });
    });
    this.#values.push({ metricName: `${name}_sum`, labels, value: sum });
    this.#values.push({ metricName: `${name}_count`, labels, value: total });
  }

  // deno-lint-ignore no-explicit-any
  override get(): Promise<any> {
    const { name, help } = this.#about;
    return Promise.resolve({ name, help, type: "histogram", values: this.#values, aggregator: "sum" });
  }

  /** What the registry asks for; its types do not name it. */
  // deno-lint-ignore no-explicit-any
  getForPromString(): Promise<any> {
    return this.get();
  }
}
