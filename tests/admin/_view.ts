import type { AdminView } from "../../admin/view.ts";
import type { ComponentStatus } from "../../core/component.ts";

/** A component as the admin server sees it. */
export function component(change: Partial<ComponentStatus>): ComponentStatus {
  return {
    kind: "sink",
    name: "out",
    type: "file_roll",
    state: "running",
    restarts: 0,
    counters: {},
    histograms: {},
    gauges: [],
    ...change,
  };
}

/** A pipeline with these components. */
export function viewOf(components: readonly ComponentStatus[], change: Partial<AdminView> = {}): AdminView {
  return {
    pipeline: "web",
    version: "1.2.3",
    phase: () => "running",
    components: () => components,
    ...change,
  };
}
