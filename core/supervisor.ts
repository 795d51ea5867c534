import type { Channel } from "./channel.ts";
import { ChannelPort } from "./channel_port.ts";
import { Component, type ComponentStatus } from "./component.ts";
import { type Clock, type Logger, systemClock } from "./context.ts";
import { DeadLetters } from "./dead_letters.ts";
import { DeliveryError } from "./errors.ts";
import { Resumption } from "./keeping.ts";
import { aborted, contextOf, runSource, type Surroundings } from "./pipeline.ts";
import type { Plan, PlanPart, PlanSource, PlanTaker } from "./plan.ts";
import type { PositionStore } from "./position.ts";
import { reload } from "./reload.ts";
import type { RunningChannel, RunningSource, RunningTaker } from "./running.ts";
import type { Sink } from "./sink.ts";
import { runTaker } from "./taker.ts";
import { wiringOf } from "./wiring.ts";

/** An orderly stop that no sink can deliver anything for takes no longer. */
const VAIN_STOP_MS = 1000;

/** What a pipeline needs beside its plan. */
export interface PipelineOptions {
  /** The logger of a component, by a name such as `sink.out`. */
  logger(component: string): Logger;
  readonly positions: PositionStore;
  readonly clock?: Clock;
  /** Milliseconds that an orderly stop may take; what is then undelivered is given up. */
  readonly shutdownMs?: number;
}

/** A pipeline at work. */
export interface RunningPipeline {
  /**
   * Resolves when all sources have ended by themselves and everything is delivered, or when `stop` is through. What
   * durable channels hold at a stop stays there for the next start.
   * @throws {DeliveryError} when events stayed undelivered in channels that are empty after a crash.
   */
  readonly finished: Promise<void>;
  /** Stops in the data's order: sources, then what waits, then sinks. */
  stop(): Promise<void>;
  /** Ends all waits at once. */
  kill(): void;
  /** Goes over to another plan by difference: what did not change keeps running. Rejects with nothing changed. */
  reload(plan: Plan): Promise<void>;
  /** The state of each component, in the data's order. */
  components(): readonly ComponentStatus[];
}

/** Creates the channels of a plan, then starts its sinks, then its sources. */
export async function startPipeline(plan: Plan, options: PipelineOptions): Promise<RunningPipeline> {
  const pipeline = new Pipeline(plan, options);
  await pipeline.start();
  return pipeline;
}

/** The parts at work, and the order in which they start and end. */
export class Pipeline implements RunningPipeline {
  readonly sources = new Map<string, RunningSource>();
  readonly channels = new Map<string, RunningChannel>();
  readonly takers = new Map<string, RunningTaker>();
  plan: Plan;
  readonly #options: PipelineOptions;
  readonly #surroundings: Surroundings;
  readonly #stop = new AbortController();
  readonly #drained = new AbortController();
  readonly #end = new AbortController();
  readonly #finished = Promise.withResolvers<void>();
  /** The last one of each sink or group. */
  readonly #resumptions = new Map<string, Resumption>();
  #reloading: Promise<void> = Promise.resolve();
  #superseded = new AbortController();

  constructor(plan: Plan, options: PipelineOptions) {
    this.plan = plan;
    this.#options = options;
    this.#surroundings = {
      stateDir: plan.stateDir,
      clock: options.clock ?? systemClock,
      positions: options.positions,
      deadLetters: new DeadLetters(),
      endSignal: this.#end.signal,
    };
  }

  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  async start(): Promise<void> {
    const created = await Promise.allSettled(this.plan.channels.map((part) => this.createChannel(part)));
    const failed = created.find((one) => one.status === "rejected");
    if (failed) {
      for (const { port } of this.channels.values()) await port.channel.close();
      throw failed.reason;
    }
    void this.useDeadLetters(this.plan.deadLetters);
    for (const taker of this.plan.takers) this.startTaker(taker);
    for (const source of this.plan.sources) this.startSource(source);
    this.#finish().then(this.#finished.resolve, this.#finished.reject);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    const { shutdownMs = 30_000 } = this.#options;
    const isVain = this.takers.size > 0 &&
      this.takers.values().every(({ component }) => component.cannotBegin);
    const limitMs = isVain ? Math.min(shutdownMs, VAIN_STOP_MS) : shutdownMs;
    const limit = setTimeout(() => this.#end.abort(), limitMs);
    try {
      await this.finished;
    } finally {
      clearTimeout(limit);
    }
  }

  kill(): void {
    this.#end.abort();
  }

  reload(plan: Plan): Promise<void> {
    this.#superseded.abort();
    const { signal: superseded } = this.#superseded = new AbortController();
    const reloading = this.#reloading.then(async () => {
      if (this.#stop.signal.aborted || this.#drained.signal.aborted) {
        throw new DeliveryError("The pipeline is ending");
      }
      await reload(this, plan, { surroundings: this.#surroundings, superseded });
    });
    this.#reloading = reloading.catch(() => {});
    return reloading;
  }

  components(): readonly ComponentStatus[] {
    for (const { port: { channel, counters } } of this.channels.values()) {
      counters.set("ChannelSize", channel.size);
      if (Number.isFinite(channel.capacity)) counters.set("ChannelCapacity", channel.capacity);
    }
    const inOrder = [...this.sources.values(), ...this.channels.values()].map(({ component }) => component);
    const takers = Array.from(
      this.takers.values(),
      ({ component, members }) => [component, ...members.values()],
    );
    const { component: deadLetters } = this.#surroundings.deadLetters;
    return [...inOrder, ...takers.flat(), ...deadLetters ? [deadLetters] : []]
      .map((component) => component.status());
  }

  async createChannel(part: PlanPart): Promise<void> {
    const component = this.#component("channel", part);
    component.begin();
    const about = { surroundings: this.#surroundings, signal: this.#end.signal };
    const channel = await part.plugin.create(part.config, contextOf(component, part, about)) as Channel;
    const { name, counters, log } = component;
    const port = new ChannelPort(channel, { name, counters, log, clock: this.#surroundings.clock });
    this.channels.set(part.name, { plan: part, component, port });
    component.state = "running";
  }

  /** Puts dead letters into another sink, or into none, from now on. */
  async useDeadLetters(part: PlanPart | undefined): Promise<void> {
    const component = part && this.#component("sink", part);
    const about = { surroundings: this.#surroundings, signal: this.#end.signal };
    await this.#surroundings.deadLetters.use(
      component && {
        component,
        create: async () => await part.plugin.create(part.config, contextOf(component, part, about)) as Sink,
      },
    );
  }

  startSource(plan: PlanSource): void {
    const component = this.#component("source", plan);
    const stop = new AbortController();
    const run = {
      surroundings: this.#surroundings,
      source: `${this.plan.name}/${plan.name}`,
      wiring: wiringOf(plan, this),
      signal: AbortSignal.any([this.#stop.signal, stop.signal]),
    };
    const done = component.supervise(() => runSource(component, run), run.signal);
    this.sources.set(plan.name, { plan, component, stop, run, done });
  }

  startTaker(plan: PlanTaker): void {
    const { processor, sinks } = plan;
    const component = processor
      ? this.#component("sink_processor", { name: plan.name, type: processor.type })
      : this.#component("sink", sinks[0]!);
    const memberOf = ({ name, type }: PlanPart) => this.#component("sink", { name, type, group: plan.name });
    const shown = processor ? sinks.map(memberOf) : [];
    const members = new Map(shown.map((member) => [member.name, member]));
    const { port: { channel, counters } } = this.channels.get(plan.channel)!;
    const stop = new AbortController();
    const resumption = new Resumption(this.#resumptions.get(plan.name));
    this.#resumptions.set(plan.name, resumption);
    const run = {
      surroundings: this.#surroundings,
      channel,
      channelCounters: counters,
      members,
      isAlone: this.plan.takers.filter((other) => other.channel === plan.channel).length === 1,
      resumption,
      signal: AbortSignal.any([this.#drained.signal, stop.signal]),
      drained: this.#drained.signal,
    };
    for (const member of shown) member.begin();
    const done = component.supervise(() => runTaker(plan, component, run), run.signal)
      .finally(() => shown.forEach((member) => member.end("stopped")));
    this.takers.set(plan.name, { plan, component, members, stop, resumption, isAlone: run.isAlone, done });
  }

  /** Waits until these channels hold nothing that a crash could lose, or until the signal or the end. */
  async drain(names: Iterable<string>, signal = this.#end.signal): Promise<void> {
    const { clock } = this.#surroundings;
    const list = [...names];
    const enough = AbortSignal.any([signal, this.#end.signal]);
    for (
      let waitMs = 1;
      this.#undelivered(list) > 0 && !enough.aborted;
      waitMs = Math.min(waitMs * 2, 50)
    ) {
      await clock.sleep(waitMs, enough);
    }
  }

  #component(
    kind: ComponentStatus["kind"],
    { name, type, group }: Pick<ComponentStatus, "name" | "type" | "group">,
  ): Component {
    const log = this.#options.logger(`${kind}.${name}`);
    const about = { kind, name, type, ...group !== undefined && { group } };
    return new Component(about, log, this.#surroundings.clock);
  }

  async #finish(): Promise<void> {
    const { signal } = this.#end;
    await this.#sourcesEnded();
    await this.drain(this.channels.keys());
    const left = this.#undelivered(this.channels.keys());
    this.#drained.abort();
    const takers = Promise.all(this.takers.values().map(({ done }) => done));
    await Promise.race([takers, aborted(signal)]);
    if (left > 0) this.#end.abort();
    await Promise.race([this.#surroundings.deadLetters.close(), aborted(signal)]);
    for (const { port, component } of this.channels.values()) {
      await port.channel.close();
      component.end("stopped");
    }
    await this.#options.positions.flush();
    if (left > 0) throw new DeliveryError(`Events not delivered before the stop: ${left}`);
  }

  /** Waits for the sources that there are, and for those that a reload brings; where others fill a channel, for a stop. */
  async #sourcesEnded(): Promise<void> {
    for (let ended = new Set<RunningSource>(); !this.#end.signal.aborted;) {
      const sources = new Set(this.sources.values());
      const isFedByOthers = sources.size === 0 && this.plan.channels.some(({ plugin }) => plugin.isShared);
      const waitsForStop = isFedByOthers && !this.#stop.signal.aborted;
      if (!waitsForStop && sources.size === ended.size && sources.isSubsetOf(ended)) return;
      const done = waitsForStop
        ? aborted(this.#stop.signal)
        : Promise.all(sources.values().map(({ done }) => done));
      await Promise.race([done, aborted(this.#end.signal)]);
      await this.#reloading;
      ended = sources;
    }
  }

  /** What durable channels hold is waited for only when the sources have ended by themselves. */
  #undelivered(names: Iterable<string>): number {
    const isStopping = this.#stop.signal.aborted;
    let events = 0;
    for (const name of names) {
      const channel = this.channels.get(name)?.port.channel;
      if (channel && !(isStopping && channel.durable)) events += channel.size;
    }
    return events;
  }
}
