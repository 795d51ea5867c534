import type { AnyPlugin } from "./plugin.ts";

/** One component, checked: its plugin, and its config with defaults applied. */
export interface PlanPart {
  /** The name that the pipeline gives it. */
  readonly name: string;
  /** The plugin's own name, or the specifier for one from outside. */
  readonly type: string;
  readonly plugin: AnyPlugin;
  /** What `create` receives. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What the user wrote, as plain data with secrets masked: for printing and for comparing two plans. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A source with what its events pass on the way to the channels. */
export interface PlanSource extends PlanPart {
  readonly interceptors: readonly PlanPart[];
  readonly selector: PlanPart;
  /** Names of the channels it writes to. */
  readonly channels: readonly string[];
}

/** What empties a channel: one sink, or a group of sinks behind a processor. */
export interface PlanTaker {
  /** The sink's or the group's name. */
  readonly name: string;
  readonly channel: string;
  /** Absent for a sink without a group. */
  readonly processor?: PlanPart;
  readonly sinks: readonly PlanPart[];
}

/** A pipeline that can be run: plain data but for the plugins it points to. */
export interface Plan {
  readonly name: string;
  /** Folder for positions and for what components keep. */
  readonly stateDir: string;
  readonly sources: readonly PlanSource[];
  readonly channels: readonly PlanPart[];
  readonly takers: readonly PlanTaker[];
  /** The sink for events that a target will never accept. Absent: a sink that refuses one for good holds. */
  readonly deadLetters?: PlanPart;
  /** What shows the counters to others. */
  readonly reporters?: readonly PlanPart[];
  /** The admin server. Absent: there is none. */
  readonly admin?: PlanAdmin;
}

/** Where the admin server listens. */
export interface PlanAdmin {
  readonly port: number;
  readonly bind: string;
  /** Names by which it may be asked when it listens on loopback, beside those of loopback itself. */
  readonly hosts: readonly string[];
}
