import type { ChannelPort } from "./channel_port.ts";
import { createCodec } from "./codec.ts";
import type { Component } from "./component.ts";
import type { Clock, Context } from "./context.ts";
import type { DeadLetters } from "./dead_letters.ts";
import type { Delivery } from "./delivery.ts";
import { ChannelFullError, errorText } from "./errors.ts";
import { DeliveryTracker } from "./delivery_tracker.ts";
import { type Interceptor, interceptStream } from "./interceptor.ts";
import { type KeeperChoice, type Keeping, keepingOf } from "./keeping.ts";
import type { PlanPart, PlanSource } from "./plan.ts";
import type { Position, PositionStore } from "./position.ts";
import { Probation } from "./probation.ts";
import { putStream, type PutTarget, type Selector } from "./selector.ts";
import { type Source, sourceStream } from "./source.ts";

/** How long the same reason for a rolled back batch is not logged again. */
const SAME_REFUSAL_MS = 10_000;

/** What all components of a pipeline share. */
export interface Surroundings {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly positions: PositionStore;
  readonly deadLetters: DeadLetters;
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
    readonly stopSignal?: AbortSignal;
    readonly hasSuccessor?: () => boolean;
    readonly resume?: Position | undefined;
  },
): Context {
  const context: Context = {
    name: part.name,
    signal: about.signal,
    stopSignal: about.stopSignal,
    hasSubstitutes: component.group !== undefined,
    get hasSuccessor() {
      return about.hasSuccessor?.();
    },
    log: component.log,
    clock: about.surroundings.clock,
    counters: component.counters,
    stateDir: about.surroundings.stateDir,
    resume: about.resume,
    hold: (cause) => component.trouble(cause),
    recover: () => component.trouble(undefined),
    codec: (choice) => createCodec(choice, context),
  };
  return context;
}

/** What a source is run with. */
export interface SourceRun {
  readonly surroundings: Surroundings;
  /** The name under which logs keep the source's position. */
  readonly source: string;
  /** A reload may put another one here while the source runs. */
  wiring: SourceWiring;
  readonly signal: AbortSignal;
}

/** Where a source's events go. */
export interface SourceWiring {
  readonly plan: PlanSource;
  readonly ports: ReadonlyMap<string, ChannelPort>;
  readonly keepers: KeeperChoice;
  /** Made at each start of the source, and by a reload. */
  readonly selector?: Selector;
}

/** Runs one source with its chain once: until it ends by itself, fails, or the signal aborts. */
export async function runSource(component: Component, about: SourceRun): Promise<void> {
  const { surroundings, wiring: { plan } } = about;
  const { positions, endSignal } = surroundings;
  const keeping = await findKeeping(about);
  if (!keeping) return;
  const failure = new AbortController();
  const tracker = new DeliveryTracker(
    keeping.resume,
    (safe) => positions.save(plan.name, safe),
    (cause) => failure.abort(cause),
  );
  const signal = AbortSignal.any([about.signal, failure.signal]);
  const context = contextOf(component, plan, { surroundings, signal, resume: keeping.resume });
  const chain = await createChain(plan, context);
  about.wiring = { ...about.wiring, selector: await createSelector(plan, context) };
  using probation = new Probation(component, surroundings.clock);
  const { readable, ended } = sourceStream(
    chain.source,
    (delivery) => {
      probation.pass();
      follow(delivery, { component, tracker, plan, source: chain.source });
    },
    surroundings.clock,
  );
  let flow = readable;
  for (const interceptor of chain.interceptors) flow = flow.pipeThrough(interceptStream(interceptor));
  const refusable = chain.source.answers === true;
  await flow.pipeTo(
    putStream(putTargetOf(about, { component, keeping, refusable, failure: failure.signal })),
  );
  await Promise.race([tracker.idle(), aborted(endSignal)]);
  for (const interceptor of chain.interceptors) await interceptor.close?.();
  await ended;
  failure.signal.throwIfAborted();
  if (!about.signal.aborted) probation.pass();
}

interface SourceStart {
  readonly component: Component;
  readonly keeping: Keeping;
  readonly refusable: boolean;
  /** Aborts when a batch that the source must send again was rolled back. */
  readonly failure: AbortSignal;
}

function putTargetOf(about: SourceRun, { component, keeping, refusable, failure }: SourceStart): PutTarget {
  const { surroundings, wiring: { plan: { plugin } } } = about;
  return {
    get selector() {
      return about.wiring.selector!;
    },
    get ports() {
      return about.wiring.ports;
    },
    source: about.source,
    get keeping() {
      return plugin.replayable || plugin.recognises ? keeping : { ...keeping, log: about.wiring.keepers.log };
    },
    refusable,
    leaving: keeping.log && plugin.replayable ? about.signal : undefined,
    signal: AbortSignal.any([surroundings.endSignal, failure]),
    onRefused: refusals(component, surroundings.clock, about.signal),
    onHeld: () => component.counters.add("ChannelWriteFail"),
  };
}

/** Only a source that can replay waits for whoever keeps its position. Undefined when the pipeline stops meanwhile. */
async function findKeeping(
  { surroundings, source, wiring, signal }: SourceRun,
): Promise<Keeping | undefined> {
  const { plan, keepers } = wiring;
  if (plan.plugin.recognises && keepers.log) {
    return { resume: keepers.log.position(source) ?? {}, log: keepers.log };
  }
  if (plan.plugin.recognises) return { resume: undefined };
  if (!plan.plugin.replayable) {
    return { resume: surroundings.positions.load(plan.name), log: keepers.log };
  }
  const keeping = keepingOf({ name: plan.name, logName: source }, keepers, surroundings.positions);
  keeping.catch(() => {});
  return await Promise.race([keeping, aborted(signal).then(() => undefined)]);
}

interface Follower {
  readonly component: Component;
  readonly tracker: DeliveryTracker;
  readonly plan: PlanSource;
  readonly source: Source;
}

function follow(delivery: Delivery, { component, tracker, plan, source }: Follower): void {
  const { size } = delivery.batch;
  const amount = { events: size, batches: source.countsAppends ? 0 : 1 };
  countReceived(component, amount);
  tracker.track(delivery, plan.plugin.recognises !== true);
  // As in Flume an event that an interceptor drops counts as accepted.
  delivery.settled.then(() => countAccepted(component, amount), () => {});
}

async function createChain(plan: PlanSource, context: Context) {
  const source = await plan.plugin.create(plan.config, context) as Source;
  const interceptors: Interceptor[] = [];
  try {
    for (const { plugin, name, config } of plan.interceptors) {
      // Interceptors of two sources may have one name; what they keep must lie apart.
      const own = { ...context, name: `${plan.name}/${name}` };
      interceptors.push(await plugin.create(config, own) as Interceptor);
    }
  } catch (cause) {
    for (const interceptor of interceptors) await interceptor.close?.();
    throw cause;
  }
  return { source, interceptors };
}

/** Makes the selector of a source. */
export async function createSelector(plan: PlanSource, context: Context): Promise<Selector> {
  const { plugin, config } = plan.selector;
  return await plugin.create(config, context, plan.channels) as Selector;
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

interface Amount {
  readonly events: number;
  readonly batches: number;
}

function countReceived({ counters }: Component, { events, batches }: Amount): void {
  counters.add("EventReceivedCount", events);
  counters.add("AppendBatchReceivedCount", batches);
}

function countAccepted(component: Component, { events, batches }: Amount): void {
  component.counters.add("EventAcceptedCount", events);
  component.counters.add("AppendBatchAcceptedCount", batches);
  component.progress();
}

/** Counts batches that were rolled back; the same reason is logged once in a while, and nothing of what a stop gives up. */
function refusals(component: Component, clock: Clock, signal: AbortSignal): (cause: unknown) => void {
  const { counters, log } = component;
  let last: { readonly text: string; readonly ms: number } | undefined;
  return (cause) => {
    counters.add("ChannelWriteFail");
    if (cause instanceof ChannelFullError || signal.aborted) return;
    const text = errorText(cause);
    const ms = clock.now();
    if (text === last?.text && Math.abs(ms - last.ms) < SAME_REFUSAL_MS) return;
    last = { text, ms };
    log.warn(`Batch rolled back: ${text}`, { rolledBack: counters.get("ChannelWriteFail") });
  };
}
