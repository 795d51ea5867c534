import type { ComponentStatus } from "../core/component.ts";

/** What the admin server shows: the pipeline as it is when somebody asks. */
export interface AdminView {
  /** Name of the pipeline. */
  readonly pipeline: string;
  /** Version of the program. */
  readonly version: string;
  /** `starting` until all components exist, `stopping` from the first signal on. */
  phase(): "starting" | "running" | "stopping";
  components(): readonly ComponentStatus[];
}
