import { Backoff } from "./backoff.ts";
import type { Clock, Logger } from "./context.ts";
import { Counters, type GaugeState, KIND_COUNTERS } from "./counters.ts";
import { ConfigError, errorText } from "./errors.ts";
import type { HistogramState } from "./histogram.ts";

/** Waits between tries grow up to this. */
const MAX_WAIT_MS = 30_000;
/** As in Flume: a source that cannot begin should soon see that its port is free again. */
const MAX_SOURCE_START_WAIT_MS = 5000;

/** How a component is doing. */
export type ComponentState = "starting" | "running" | "backing-off" | "finished" | "stopped" | "failed";

/** What an operator sees of a component. */
export interface ComponentStatus {
  /** A group of sinks is shown as its processor, with its members as sinks beside it. */
  readonly kind: "source" | "channel" | "sink_processor" | "sink";
  readonly name: string;
  readonly type: string;
  /** The group that a sink stands in. */
  readonly group?: string;
  readonly state: ComponentState;
  /** The last thing that went wrong. */
  readonly error?: string;
  readonly restarts: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly histograms: Readonly<Record<string, HistogramState>>;
  /** Values that labels tell apart, such as the lag of each partition; no part of Flume's JSON. */
  readonly gauges: readonly GaugeState[];
}

/** A part of a running pipeline that can fail and be started again without the others. */
export class Component {
  readonly kind: ComponentStatus["kind"];
  readonly name: string;
  readonly type: string;
  readonly group: string | undefined;
  /** They count on when the component starts again by itself; one that a reload makes anew begins with 0. */
  readonly counters: Counters;
  readonly log: Logger;
  readonly #clock: Clock;
  state: ComponentState = "starting";
  #error: string | undefined;
  #restarts = 0;
  #hasProgressed = false;
  /** The component itself tells of trouble; only it knows when that is over. */
  #isHeld = false;
  #cannotBegin = false;

  constructor(
    about: Pick<ComponentStatus, "kind" | "name" | "type" | "group">,
    log: Logger,
    clock: Clock,
  ) {
    this.kind = about.kind;
    this.name = about.name;
    this.type = about.type;
    this.group = about.group;
    this.counters = new Counters([...KIND_COUNTERS[about.kind], "StartTime", "StopTime"]);
    this.log = log;
    this.#clock = clock;
  }

  /** It waits after a start that failed for its settings: a wait that mends nothing, and no stop needs to sit out. */
  get cannotBegin(): boolean {
    return this.#cannotBegin;
  }

  /** Runs until `run` resolves or the signal aborts; a rejection is followed by a wait and another run. */
  async supervise(run: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const backoff = new Backoff({ firstMs: 200, maxMs: MAX_WAIT_MS });
    while (!signal.aborted) {
      this.begin();
      const startMs = this.#clock.now();
      try {
        await run();
        break;
      } catch (cause) {
        if (signal.aborted) break;
        if (this.#hasProgressed || this.#clock.now() - startMs > 60_000) backoff.reset();
        this.#hasProgressed = false;
        await this.#waitAfter(cause, Math.min(backoff.next(), this.#maxWaitMs), signal);
      }
    }
    this.end(signal.aborted ? "stopped" : "finished");
  }

  /** Notes a start, and its time; what went wrong before stands until the component has recovered. */
  begin(): void {
    this.#isHeld = false;
    this.#cannotBegin = false;
    if (this.#error === undefined) this.state = "starting";
    this.counters.set("StartTime", this.#clock.now());
    this.counters.set("StopTime", 0);
  }

  /** Notes the end, and its time. */
  end(state: "stopped" | "finished"): void {
    this.state = state;
    this.counters.set("StopTime", this.#clock.now());
  }

  /** Notes something that went wrong and is being tried again; logged once until it changes. */
  note(cause: unknown): void {
    const error = errorText(cause);
    if (error !== this.#error) this.log.warn(`Trying again: ${error}`);
    this.hold(cause);
  }

  /** Shows what went wrong without logging it: for a part whose owner tells of it. */
  hold(cause: unknown): void {
    this.#error = errorText(cause);
    this.state = "backing-off";
  }

  /** Notes trouble that the component itself is dealing with, and with undefined that it is over. */
  trouble(cause: unknown): void {
    if (cause === undefined && !this.#isHeld) return;
    this.#isHeld = cause !== undefined;
    if (this.#isHeld) this.note(cause);
    else this.recover();
  }

  /** Clears what `note` told. */
  recover(): void {
    if (this.state === "running" || this.#isHeld) return;
    if (this.#error !== undefined) this.log.info("Recovered", { after: this.#error });
    this.#error = undefined;
    this.state = "running";
  }

  /** Notes that work got done: should it fail now, it begins again after the shortest wait. */
  progress(): void {
    this.#hasProgressed = true;
  }

  status(): ComponentStatus {
    const { kind, name, type, group, state, counters } = this;
    return {
      kind,
      name,
      type,
      ...group !== undefined && { group },
      state,
      ...this.#error !== undefined && { error: this.#error },
      restarts: this.#restarts,
      counters: counters.snapshot(),
      histograms: counters.histograms(),
      gauges: counters.gauges(),
    };
  }

  get #maxWaitMs(): number {
    return this.kind === "source" && this.state !== "running" ? MAX_SOURCE_START_WAIT_MS : MAX_WAIT_MS;
  }

  async #waitAfter(cause: unknown, waitMs: number, signal: AbortSignal): Promise<void> {
    this.#restarts++;
    this.#cannotBegin = cause instanceof ConfigError;
    this.#error = errorText(cause);
    this.state = "backing-off";
    this.log.error(`Failed, starting again in ${Math.round(waitMs)} ms: ${this.#error}`);
    await this.#clock.sleep(waitMs, signal);
  }
}
