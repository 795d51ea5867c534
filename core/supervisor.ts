import type { Channel } from "./channel.ts";
import { ChannelPort } from "./channel_port.ts";
import { Component, type ComponentStatus } from "./component.ts";
import { type Clock, type Logger, systemClock } from "./context.ts";
import { DeliveryError } from "./errors.ts";
import { aborted, contextOf, runSource, runTaker, type Surroundings } from "./pipeline.ts";
import type { Plan } from "./plan.ts";
import type { PositionStore } from "./position.ts";

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
   * Resolves when all sources have ended by themselves and everything is delivered, or when `stop` is through.
   * @throws {DeliveryError} when events stayed undelivered.
   */
  readonly finished: Promise<void>;
  /** Stops in the data's order: sources, then what waits, then sinks. */
  stop(): Promise<void>;
  /** Ends all waits at once. */
  kill(): void;
  /** The state of each component, in the data's order. */
  components(): readonly ComponentStatus[];
}

/** Creates the channels of a plan, then starts its sinks, then its sources. */
export async function startPipeline(plan: Plan, options: PipelineOptions): Promise<RunningPipeline> {
  const pipeline = new Pipeline(plan, options);
  await pipeline.createChannels();
  return pipeline.start();
}

class Pipeline {
  readonly #plan: Plan;
  readonly #options: PipelineOptions;
  readonly #surroundings: Surroundings;
  readonly #stop = new AbortController();
  readonly #drained = new AbortController();
  readonly #end = new AbortController();
  readonly #sources: Component[] = [];
  readonly #takers: Component[] = [];
  readonly #ports = new Map<string, ChannelPort>();
  readonly #channels: Component[] = [];

  constructor(plan: Plan, options: PipelineOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#surroundings = {
      stateDir: plan.stateDir,
      clock: options.clock ?? systemClock,
      positions: options.positions,
      endSignal: this.#end.signal,
    };
  }

  async createChannels(): Promise<void> {
    const { clock } = this.#surroundings;
    await Promise.all(this.#plan.channels.map(async (part) => {
      const component = this.#component("channel", part);
      const context = contextOf(component, part, {
        surroundings: this.#surroundings,
        signal: this.#end.signal,
      });
      const channel = await part.plugin.create(part.config, context) as Channel;
      const { name, counters, log } = component;
      this.#channels.push(component);
      this.#ports.set(name, new ChannelPort(channel, { name, counters, log, clock }));
      component.state = "running";
    }));
  }

  start(): RunningPipeline {
    const takers = this.#plan.takers.map((taker) => this.#startTaker(taker));
    const sources = this.#plan.sources.map((source) => this.#startSource(source));
    const finished = this.#finish(Promise.all(sources), Promise.all(takers));
    return {
      finished,
      stop: () => this.#stopWithin(this.#options.shutdownMs ?? 30_000, finished),
      kill: () => this.#end.abort(),
      components: () => this.#status(),
    };
  }

  #component(
    kind: ComponentStatus["kind"],
    { name, type }: { readonly name: string; readonly type: string },
  ): Component {
    return new Component(
      { kind, name, type },
      this.#options.logger(`${kind}.${name}`),
      this.#surroundings.clock,
    );
  }

  #startSource(plan: Plan["sources"][number]): Promise<void> {
    const component = this.#component("source", plan);
    const ports = new Map(plan.channels.map((name) => [name, this.#ports.get(name)!]));
    const signal = this.#stop.signal;
    this.#sources.push(component);
    return component.supervise(
      () => runSource(plan, component, { surroundings: this.#surroundings, ports, signal }),
      signal,
    );
  }

  #startTaker(plan: Plan["takers"][number]): Promise<void> {
    const component = this.#component("sink", {
      name: plan.name,
      type: plan.processor?.type ?? plan.sinks[0]!.type,
    });
    const { channel } = this.#ports.get(plan.channel)!;
    const signal = this.#drained.signal;
    this.#takers.push(component);
    return component.supervise(
      () => runTaker(plan, component, { surroundings: this.#surroundings, channel, signal }),
      signal,
    );
  }

  async #finish(sources: Promise<unknown>, takers: Promise<unknown>): Promise<void> {
    const { signal } = this.#end;
    await Promise.race([sources, aborted(signal)]);
    await this.#drain();
    const left = this.#undelivered();
    this.#drained.abort();
    await Promise.race([takers, aborted(signal)]);
    if (left > 0) this.#end.abort();
    for (const { channel } of this.#ports.values()) await channel.close();
    for (const component of this.#channels) component.state = "stopped";
    await this.#options.positions.flush();
    if (left > 0) throw new DeliveryError(`Events not delivered before the stop: ${left}`);
  }

  /** Waits until no channel holds anything, or until the end. */
  async #drain(): Promise<void> {
    const { clock } = this.#surroundings;
    for (
      let waitMs = 1;
      this.#undelivered() > 0 && !this.#end.signal.aborted;
      waitMs = Math.min(waitMs * 2, 50)
    ) {
      await clock.sleep(waitMs, this.#end.signal);
    }
  }

  #undelivered(): number {
    return this.#ports.values().reduce((sum, { channel }) => sum + channel.size, 0);
  }

  async #stopWithin(limitMs: number, finished: Promise<void>): Promise<void> {
    this.#stop.abort();
    const limit = setTimeout(() => this.#end.abort(), limitMs);
    try {
      await finished;
    } finally {
      clearTimeout(limit);
    }
  }

  #status(): readonly ComponentStatus[] {
    for (const { channel, counters } of this.#ports.values()) {
      counters.set("ChannelSize", channel.size);
      if (Number.isFinite(channel.capacity)) counters.set("ChannelCapacity", channel.capacity);
    }
    return [...this.#sources, ...this.#channels, ...this.#takers].map((component) => component.status());
  }
}
