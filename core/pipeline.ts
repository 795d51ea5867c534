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

/** Runs one source with its chain once: until it ends by itself, fails, or the signal aborts. */
export async function runSource(
  plan: PlanSource,
  component: Component,
  about: {
    readonly surroundings: Surroundings;
    readonly ports: ReadonlyMap<string, ChannelPort>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { surroundings } = about;
  const failure = new AbortController();
  const signal = AbortSignal.any([about.signal, failure.signal]);
  const resume = surroundings.positions.load(plan.name);
  const context = contextOf(component, plan, { surroundings, signal, resume });
  const tracker = new DeliveryTracker(
    resume,
    (safe) => surroundings.positions.save(plan.name, safe),
    (cause) => failure.abort(cause),
  );
  const source = await plan.plugin.create(plan.config, context) as Source;
  const interceptors = await createAll<Interceptor>(plan.interceptors, context);
  const selector = await plan.selector.plugin.create(
    plan.selector.config,
    context,
    plan.channels,
  ) as Selector;
  component.recover();
  const { readable, ended } = sourceStream(source, (delivery) => {
    countReceived(component, delivery.batch.size);
    tracker.track(delivery);
    delivery.settled.then(() => countAccepted(component, delivery.size), () => {});
  });
  let flow = readable;
  for (const interceptor of interceptors) flow = flow.pipeThrough(interceptStream(interceptor));
  await flow.pipeTo(putStream({
    selector,
    ports: about.ports,
    refusable: source.answers === true,
    signal: AbortSignal.any([surroundings.endSignal, failure.signal]),
    onRefused: (cause) => countRefused(component, cause),
  }));
  await Promise.race([tracker.idle(), aborted(surroundings.endSignal)]);
  for (const interceptor of interceptors) await interceptor.close?.();
  await ended;
  failure.signal.throwIfAborted();
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
      onFailed: () => failure.abort(),
    }));
  } finally {
    await sink.close?.();
  }
}

async function createAll<Part>(parts: readonly PlanPart[], context: Context): Promise<Part[]> {
  return await Promise.all(
    parts.map(async (part) => await part.plugin.create(part.config, { ...context, name: part.name }) as Part),
  );
}

async function createSink(plan: PlanTaker, component: Component, surroundings: Surroundings): Promise<Sink> {
  const about = { surroundings, signal: surroundings.endSignal };
  const create = async (part: PlanPart): Promise<Sink> =>
    await part.plugin.create(part.config, contextOf(component, part, about)) as Sink;
  if (!plan.processor) return await create(plan.sinks[0]!);
  // A member that cannot be made must not keep the others from their work.
  const sinks = plan.sinks.map((part) => lateSink(part.name, () => create(part)));
  const context = contextOf(component, plan.processor, about);
  return await plan.processor.plugin.create(plan.processor.config, context, sinks) as Sink;
}

/** A sink that is made at its first use, and again at the next one when that fails. */
function lateSink(name: string, create: () => Promise<Sink>): NamedSink {
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

function countAccepted({ counters }: Component, size: number): void {
  counters.add("EventAcceptedCount", size);
  counters.add("AppendBatchAcceptedCount");
}

function countRefused({ counters, log }: Component, cause: unknown): void {
  counters.add("ChannelWriteFail");
  if (!(cause instanceof ChannelFullError)) log.warn(`Batch rolled back: ${errorText(cause)}`);
}
