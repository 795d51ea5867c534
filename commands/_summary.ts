import type { ComponentStatus } from "../core/component.ts";
import { columns } from "./_terminal.ts";

/** Counters that tell nothing about what was done. */
const GAUGES: ReadonlySet<string> = new Set([
  "StartTime",
  "StopTime",
  "Port",
  "ChannelCapacity",
  "Open",
  "Closed",
]);

/** What each component did, as a table for the end of a run. */
export function renderSummary(components: readonly ComponentStatus[]): string {
  return columns(components.map(({ kind, name, type, state, error, counters }) => {
    const done = Object.entries(counters).filter(([counter, value]) => value !== 0 && !GAUGES.has(counter))
      .map(([counter, value]) => `${counter} ${value.toLocaleString("en-US")}`);
    const ending = error === undefined ? [] : [`last error: ${error}`];
    return [kind, `${name} (${type})`, state, [...done, ...ending].join(", ")];
  }));
}
