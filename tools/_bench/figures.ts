/** Smallest, middle and largest of some measurements. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** What a case must reach. Both bounds include their value. */
export interface Bar {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One line of the table. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  /** One value for each run. */
  readonly values: readonly number[];
  readonly bar?: Bar | undefined;
  /** The machine's own limit, measured in the same runs and the same unit. */
  readonly limit?: { readonly name: string; readonly values: readonly number[] } | undefined;
  /** Peak memory of the measured process in each run. */
  readonly peakBytes?: readonly number[] | undefined;
  /** What those peaks may reach, where it is not what holds for all others. */
  readonly peakBarBytes?: number | undefined;
  /** Processor time of the measured process in each run. */
  readonly cpuSeconds?: readonly number[] | undefined;
}

/** What became of a bar. */
export type Verdict = "met" | "missed" | "memory missed" | "";

/** Memory that no measured process may exceed, unless its row says otherwise. */
export const PEAK_BAR_BYTES = 130e6;

/** Smallest, middle and largest; the middle of an even number of values is the mean of two. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError("Cannot summarise no values");
  const sorted = values.toSorted((a, b) => a - b);
  return { min: sorted[0]!, median: quantileOf(sorted, 0.5), max: sorted.at(-1)! };
}

/** The value below which a share of ascending values lies, interpolated between neighbours. */
export function quantileOf(ascending: readonly number[], share: number): number {
  const place = (ascending.length - 1) * share;
  const below = ascending[Math.floor(place)]!;
  const above = ascending[Math.ceil(place)]!;
  return below + (above - below) * (place - Math.floor(place));
}

/** Compares the median with the bar, and the largest peak with the memory bar. */
export function judge({ values, bar, peakBytes, peakBarBytes = PEAK_BAR_BYTES }: Row): Verdict {
  const { median } = spreadOf(values);
  if (bar && (median < (bar.atLeast ?? -Infinity) || median > (bar.atMost ?? Infinity))) return "missed";
  if (peakBytes && Math.max(...peakBytes) > peakBarBytes) return "memory missed";
  return bar || peakBytes ? "met" : "";
}

/** How much longer each further step takes: the slope of the line through some points (least squares). */
export function slopeOf(points: readonly { readonly x: number; readonly y: number }[]): number {
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / points.length;
  const rise = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0);
  return rise / points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
}

/** Millions of bytes a second. */
export function megabytesPerSecond(bytes: number, ms: number): number {
  return bytes / 1e6 / (ms / 1000);
}
