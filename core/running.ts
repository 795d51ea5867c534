import type { ChannelPort } from "./channel_port.ts";
import type { Component } from "./component.ts";
import type { Resumption } from "./keeping.ts";
import type { SourceRun } from "./pipeline.ts";
import type { Plan, PlanPart, PlanSource, PlanTaker } from "./plan.ts";

/** A source at work. */
export interface RunningSource {
  /** As it is run now; a reload that changes only its channels changes this. */
  plan: PlanSource;
  readonly component: Component;
  /** Ends this source alone. */
  readonly stop: AbortController;
  readonly run: SourceRun;
  /** Resolves when it has ended and all that it emitted is settled. */
  readonly done: Promise<void>;
}

/** A channel in use. */
export interface RunningChannel {
  readonly plan: PlanPart;
  readonly component: Component;
  readonly port: ChannelPort;
}

/** A sink or group at work. */
export interface RunningTaker {
  readonly plan: PlanTaker;
  readonly component: Component;
  /** What is shown of each sink of a group; empty for a sink without one. */
  readonly members: ReadonlyMap<string, Component>;
  /** Ends this sink alone. */
  readonly stop: AbortController;
  readonly resumption: Resumption;
  /** Nothing else drains its channel. */
  readonly isAlone: boolean;
  /** Resolves when it has ended and all that it took is settled. */
  readonly done: Promise<void>;
}

/** Why a part of a pipeline ends that goes on with another plan. */
export class Replanned extends Error {
  readonly plan: Plan;

  constructor(plan: Plan) {
    super("A reload ends it");
    this.plan = plan;
  }
}

/** All parts by name. */
export interface RunningParts {
  readonly sources: Map<string, RunningSource>;
  readonly channels: Map<string, RunningChannel>;
  readonly takers: Map<string, RunningTaker>;
}
