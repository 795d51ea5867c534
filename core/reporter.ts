import type { ComponentStatus } from "./component.ts";

/**
 * The counters of every component at one moment, as Flume's monitors show them: `SOURCE.in` → counter name → value.
 * Counts are numbers; `Type`, `Open` and `ChannelFillPercentage` are texts as Java writes them.
 */
export type CounterSnapshot = Readonly<Record<string, Readonly<Record<string, number | string>>>>;

/** Shows counters to others: it sends them every now and then, or answers who asks for them. */
export interface Reporter {
  /** Milliseconds between two reports; 60 000 otherwise. */
  readonly intervalMs?: number;
  /** Sends counters somewhere. What it rejects with is logged, and the next report is tried. */
  report?(snapshot: CounterSnapshot): Promise<void>;
  /**
   * Answers whoever asks, until `context.signal` aborts; in the place of `report`. A rejection is followed by a wait and
   * another start.
   */
  serve?(look: () => CounterSnapshot): Promise<void>;
  close?(): Promise<void>;
}

const KINDS: Readonly<Record<ComponentStatus["kind"], string>> = {
  source: "SOURCE",
  channel: "CHANNEL",
  sink_processor: "SINK_PROCESSOR",
  sink: "SINK",
};

/** Shows components as Flume's monitors do: a name for each, its counters, and what Flume derives from them. */
export function counterSnapshot(components: readonly ComponentStatus[]): CounterSnapshot {
  const entries = components.map((component) => {
    const Type = KINDS[component.kind];
    return [`${Type}.${component.name}`, { Type, ...countersOf(component) }];
  });
  return Object.fromEntries(entries);
}

/** Writes counters as Flume's JSON monitor does: every value is a text. */
export function countersJson(snapshot: CounterSnapshot): string {
  return JSON.stringify(snapshot, (_, value: unknown) => typeof value === "number" ? String(value) : value);
}

function countersOf({ kind, counters }: ComponentStatus): Record<string, number | string> {
  if (kind !== "channel") return counters;
  const { ChannelSize = 0, ChannelCapacity = 0, Open } = counters;
  const percentage = ChannelCapacity === 0 ? Number.MAX_VALUE : ChannelSize / ChannelCapacity * 100;
  return {
    ...counters,
    ChannelFillPercentage: javaDouble(percentage),
    ...Open !== undefined && { Open: String(Open === 1) },
  };
}

/** Java's `Double.toString`: `0.0`, `12.5`, `1.0E-4`, `1.7976931348623157E308`. */
function javaDouble(value: number): string {
  const withPoint = (digits: string) => digits.includes(".") ? digits : `${digits}.0`;
  if (value === 0 || (value >= 1e-3 && value < 1e7)) return withPoint(String(value));
  const [digits = "", exponent = ""] = value.toExponential().split("e");
  return `${withPoint(digits)}E${Number(exponent)}`;
}
