/** The counters of every component at one moment: `SOURCE.in` → counter name → value. */
export type CounterSnapshot = Readonly<Record<string, Readonly<Record<string, number | string>>>>;

/** Sends snapshots of counters somewhere. */
export interface Reporter {
  report(snapshot: CounterSnapshot): Promise<void>;
  close?(): Promise<void>;
}
