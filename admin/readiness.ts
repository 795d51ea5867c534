import type { ComponentState } from "../core/component.ts";
import type { AdminView } from "./view.ts";

/** Why a pipeline is not ready. */
export interface Reason {
  readonly kind: string;
  readonly component: string;
  readonly type: string;
  readonly state: ComponentState;
  /** The last thing that went wrong. */
  readonly error?: string;
  readonly restarts: number;
}

/** Whether a pipeline does its work. */
export interface Readiness {
  readonly ready: boolean;
  readonly pipeline: string;
  readonly phase: ReturnType<AdminView["phase"]>;
  readonly reasons: readonly Reason[];
}

/**
 * A pipeline is ready when it has been started and every component is at work; a source may have come to its end. A sink
 * of a group does not count: the group is at work as long as one of them is.
 */
export function readiness(view: AdminView): Readiness {
  const phase = view.phase();
  const reasons = view.components()
    .filter(({ state, group }) => state !== "running" && state !== "finished" && group === undefined)
    .map(({ kind, name, type, state, error, restarts }): Reason => ({
      kind,
      component: name,
      type,
      state,
      ...error !== undefined && { error },
      restarts,
    }));
  return { ready: phase === "running" && reasons.length === 0, pipeline: view.pipeline, phase, reasons };
}
