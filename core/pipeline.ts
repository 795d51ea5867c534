import { type Channel, takeStream } from "./channel.ts";
import type { ChannelPort } from "./channel_port.ts";
import { createCodec } from "./codec.ts";
import type { Component } from "./component.ts";
import type { Clock, Context } from "./context.ts";
import type { EventBatch } from "./event_batch.ts";
import { ChannelFullError, errorText } from "./errors.ts";
import { DeliveryTracker } from "./delivery_tracker.ts";
import { type Interceptor, interceptStream } from "./interceptor.ts";
import type { PlanPart, PlanSource, PlanTaker } from "./plan.ts";
import type { Position, PositionStore } from "./position.ts";
import { putStream, type Selector } from "./selector.ts";
import { type NamedSink, type Sink, sinkStream } from "./sink.ts";
import { type Source, sourceStream } from "./source.ts";

/** How long the first batch waits for the members of a group to be made. */
const MAKE_LIMIT_MS = 1000;

/** What all components of a pipeline share. */
export interface Surroundings {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly positions: PositionStore;
  /** Aborts when nothing may be waited for any longer. */
  readonly endSignal: AbortSignal;
}

/** Makes the context of one component. */
export function contextOf(
  component: Component,
  part: PlanPart,
  about: {
    readonly surroundings: Surroundings;
    readonly signal: AbortSignal;
    readonly resume?: Position | undefined;
  },
): Context {
  const context: Context = {
    name: part.name,
    signal: about.signal,
    log: component.log,
    clock: about.surroundings.clock,
    counters: component.counters,
    stateDir: about.surroundings.stateDir,
    resume: about.resume,
    codec: (choice) => createCodec(choice, context),
  };
  return context;
}

/** What a source is run with. */
export interface SourceRun {
  readonly surroundings: Surroundings;
  readonly ports: ReadonlyMap<string, ChannelPort>;
  readonly signal: AbortSignal;
}

/** Runs one source with its chain once: until it ends by itself, fails, or the signal aborts. */
export async function runSource(plan: PlanSource, component: Component, about: SourceRun): Promise<void> {
  const { surroundings: { positions, endSignal } } = about;
  const failure = new AbortController();
  const resume = positions.load(plan.name);
  const tracker = new DeliveryTracker(
    resume,
    (safe) => positions.save(plan.name, safe),
    (cause) => failure.abort(cause),
  );
  const signal = AbortSignal.any([about.signal, failure.signal]);
  const context = contextOf(component, plan, { ...about, signal, resume });
  const { source, interceptors, selector } = await createChain(plan, context);
  component.recover();
  const { readable, ended } = sourceStream(source, (delivery) => {
    const { size } = delivery.batch;
    countReceived(component, size);
    tracker.track(delivery);
    // As in Flume an event that an interceptor drops counts as accepted.
    delivery.settled.then(() => countAccepted(component, size), () => {});
  });
  let flow = readable;
  for (const interceptor of interceptors) flow = flow.pipeThrough(interceptStream(interceptor));
  await flow.pipeTo(putStream({
    selector,
    ports: about.ports,
    refusable: source.answers === true,
    signal: AbortSignal.any([endSignal, failure.signal]),
    onRefused: (cause) => countRefused(component, cause),
  }));
  await Promise.race([tracker.idle(), aborted(endSignal)]);
  for (const interceptor of interceptors) await interceptor.close?.();
  await ended;
  failure.signal.throwIfAborted();
}

async function createChain(plan: PlanSource, context: Context) {
  const source = await plan.plugin.create(plan.config, context) as Source;
  const interceptors = await Promise.all(
    plan.interceptors.map(async ({ plugin, name, config }) =>
      await plugin.create(config, { ...context, name }) as Interceptor
    ),
  );
  const { plugin, config } = plan.selector;
  return { source, interceptors, selector: await plugin.create(config, context, plan.channels) as Selector };
}

/** Runs one sink or group once: until the signal aborts and what it took is settled, or until it fails. */
export async function runTaker(
  plan: PlanTaker,
  component: Component,
  about: { readonly surroundings: Surroundings; readonly channel: Channel; readonly signal: AbortSignal },
): Promise<void> {
  const { surroundings, channel } = about;
  const failure = new AbortController();
  const signal = AbortSignal.any([about.signal, failure.signal]);
  const sink = await createSink(plan, component, surroundings);
  component.recover();
  try {
    const limits = {
      signal,
      get maxEvents() {
        return Math.min(sink.batchSize ?? Infinity, channel.maxTakeEvents ?? Infinity);
      },
    };
    await takeStream(channel, limits).pipeTo(sinkStream({
      sink,
      counters: component.counters,
      clock: surroundings.clock,
      signal: surroundings.endSignal,
      onRefused: (cause) => component.note(cause),
      onAccepted: () => component.recover(),
      onDelivered: () => component.progress(),
      onFailed: () => failure.abort(),
    }));
  } finally {
    await sink.close?.();
  }
}

async function createSink(plan: PlanTaker, component: Component, surroundings: Surroundings): Promise<Sink> {
  const about = { surroundings, signal: surroundings.endSignal };
  const create = async (part: PlanPart): Promise<Sink> =>
    await part.plugin.create(part.config, contextOf(component, part, about)) as Sink;
  if (!plan.processor) return await create(plan.sinks[0]!);
  // A member that cannot be made must not keep the others from their work.
  const sinks = plan.sinks.map((part) => lateSink(part.name, () => create(part)));
  await makeSoon(sinks, surroundings);
  const context = contextOf(component, plan.processor, about);
  return await plan.processor.plugin.create(plan.processor.config, context, sinks) as Sink;
}

interface LateSink extends NamedSink {
  /** Makes it before its first use, so that it is known how many events it takes at once. */
  make(): Promise<unknown>;
}

/** Makes what can be made without a long wait; the rest is made when it is used. */
async function makeSoon(sinks: readonly LateSink[], { clock }: Surroundings): Promise<void> {
  const patience = new AbortController();
  const made = Promise.allSettled(sinks.map((sink) => sink.make())).finally(() => patience.abort());
  await Promise.race([made, clock.sleep(MAKE_LIMIT_MS, patience.signal)]);
}

/** A sink that is made at its first use, and again at the next one when that fails. */
function lateSink(name: string, create: () => Promise<Sink>): LateSink {
  let made: Promise<Sink> | undefined;
  let batchSize: number | undefined;
  const sink = () =>
    made ??= create().then((created) => {
      batchSize = created.batchSize;
      return created;
    }, (cause) => {
      made = undefined;
      throw cause;
    });
  return {
    name,
    get batchSize() {
      return batchSize;
    },
    make: sink,
    write: async (batch, signal) => await writeInPieces(await sink(), batch, signal),
    resume: async () => await (await sink()).resume?.(),
    close: async () => await made?.then((created) => created.close?.(), () => {}),
  };
}

/** Until a late sink is made nobody knows how many events it takes at once, so the first batch may be too large for it. */
async function writeInPieces(
  sink: Sink,
  batch: EventBatch,
  signal: AbortSignal,
): Promise<void | { delivered: Promise<void> }> {
  const { batchSize = Infinity } = sink;
  if (batch.size <= batchSize) return await sink.write(batch, signal);
  const owed: Promise<void>[] = [];
  for (let from = 0; from < batch.size; from += batchSize) {
    const answer = await sink.write(batch.slice(from, from + batchSize), signal);
    answer?.delivered.catch(() => {});
    if (answer) owed.push(answer.delivered);
  }
  return owed.length === 0 ? undefined : { delivered: Promise.all(owed).then(() => {}) };
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function countReceived({ counters }: Component, size: number): void {
  counters.add("EventReceivedCount", size);
  counters.add("AppendBatchReceivedCount");
}

function countAccepted(component: Component, size: number): void {
  component.counters.add("EventAcceptedCount", size);
  component.counters.add("AppendBatchAcceptedCount");
  component.progress();
}

function countRefused({ counters, log }: Component, cause: unknown): void {
  counters.add("ChannelWriteFail");
  if (!(cause instanceof ChannelFullError)) log.warn(`Batch rolled back: ${errorText(cause)}`);
}
